"""What the forms of tasks may set."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.contributions.schemas import Id, minutes_of
from app.i18n import lazy
from app.joining.models import Task
from app.web.forms import Input, Line, Lines, Problem
from app.web.versions import Version

TITLE_LENGTH, WORDS_LENGTH = 120, 4000
MOST_MINUTES = 1000 * 60


def _given(text: str) -> str:
    if not text:
        raise Problem(lazy("Fill this in."))
    return text


def _possible(minutes: int) -> int:
    if minutes > MOST_MINUTES:
        raise Problem(lazy("This is too much for one task. Divide it into several."))
    return minutes


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Words = Annotated[Lines, Field(max_length=WORDS_LENGTH)]
Minutes = Annotated[int, BeforeValidator(lambda value: minutes_of(str(value))), AfterValidator(_possible)]


class SuggestInput(Input):
    """A task as anyone suggests it; `hours`: the reward, in minutes."""

    title: Annotated[Line, Field(max_length=TITLE_LENGTH), AfterValidator(_given)]
    description: Annotated[Words, AfterValidator(_given)]
    profile: Words = ""
    hours: Minutes

    def put_on(self, task: Task) -> None:
        """Write it to a row."""
        task.title, task.description = self.title, self.description
        task.profile, task.minutes = self.profile, self.hours


class TaskInput(SuggestInput):
    """The same by an operator, with the tier that accepting it awards."""

    tier: Annotated[Id | None, BeforeValidator(_or_none)] = None
    version: Version = 1


class ReportInput(Input):
    """What was done."""

    report: Annotated[Words, AfterValidator(_given)]


class ReturnInput(Input):
    """What is missing."""

    answer: Annotated[Words, AfterValidator(_given)]


class AcceptInput(Input):
    """A word of thanks, or none."""

    answer: Words = ""


def values_of(task: Task) -> dict[str, str]:
    """A row as the values of its form."""
    return {
        "title": task.title,
        "description": task.description,
        "profile": task.profile,
        "hours": f"{task.minutes // 60}:{task.minutes % 60:02}".removesuffix(":00"),
        "tier": str(task.tier_id or ""),
        "version": str(task.version),
    }
