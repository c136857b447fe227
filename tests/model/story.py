"""Where every story begins, how it asks for something, and how it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import hypothesis.strategies as st
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

one_of_them = st.integers(0, 5)


@dataclass
class Door:
    """A room as the model knows it."""

    id: int
    name: str
    holder: Holder


class Story(RuleBasedStateMachine):
    """One installation, from its first morning on."""

    town: ClassVar[Town]

    def _say(self, sentence: str) -> None:
        note(f"{clock.now():%d %b %H:%M:%S}  {sentence}")

    def _holder(self, number: int) -> Holder:
        return self.holders[number % len(self.holders)]

    def _door(self, number: int) -> Door:
        return self.rooms[number % len(self.rooms)]

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
