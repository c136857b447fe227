"""Where every story begins, how it asks for something, and how it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from hypothesis import event, note
from hypothesis.stateful import RuleBasedStateMachine

from app import clock
from app.errors import UnavailableError
from app.memberships.refusals import RefusedError
from tests.model.spec import (
    Holder,
    No,
)
from tests.model.town import Town


@dataclass
class Door:
    """A room as the model knows it."""

    id: int
    name: str
    holder: Holder


class Story(RuleBasedStateMachine):
    """One installation, from its first morning on."""

    town: ClassVar[Town]
    chance: Random
    holders: list[Holder]
    rooms: list[Door]
    busy: list[Door]  # whose meeting is starting or running
    recorded: list[str]  # the recordings' ids at BBB

    def _say(self, sentence: str) -> None:
        note(f"{clock.now():%d %b %H:%M:%S}  {sentence}")

    @contextmanager
    def _asks(self, what: str, against: dict[str, No]) -> Iterator["Answer"]:
        """Ask for something: it is refused for a reason that is true, and only then."""
        answer = Answer()
        try:
            yield answer
        except RefusedError as error:
            said = error.refused
            event(f"refused: {said.reason}")
            self._say(f"{what}: refused, {said.reason}: {said.used} of {said.limit}, asked {said.asked}")
            assert said.reason in against, f"{said.reason} is not true, but {against}"
            assert No(said.limit, said.used) == against[said.reason], f"{said}, but {against[said.reason]}"
        except UnavailableError as error:
            event(error.code)
            self._say(f"{what}: {error.code}")
            assert self.misbehaves, "BBB behaves"
            assert not against, f"to be refused: {against}"
        else:
            answer.granted = True
            self._say(f"{what}: {answer.says}")
            assert not against, f"granted, to be refused: {against}"


@dataclass
class Answer:
    """What came of a question."""

    granted: bool = False
    says: str = "granted"
