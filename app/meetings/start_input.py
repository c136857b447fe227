"""What a host chose before starting: in the room's form, or with a button of the page that said no."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.meetings.reservation import Start
from app.web.forms import Input, Tick

LONGEST_MINUTES = 7 * 24 * 60
MOST_PEOPLE = 10_000

Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
People = Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
_EMPTY_IS_NONE = BeforeValidator(lambda typed: typed or None)


class StartChoice(BaseModel):
    """What a button's address says; nothing of it: as the form says."""

    record: Literal["yes", "no", ""] = ""
    minutes: Minutes | None = None
    people: People | None = None


class StartInput(Input):
    """The form of a room's page. `fits` is the length that it named for a recorded meeting.

    Without `asks_record` it comes from the dashboard, which asks nothing: as the room is set.
    """

    asks_record: Tick = False
    record: Tick = False
    fits: Annotated[Minutes | None, _EMPTY_IS_NONE] = None
    people: Annotated[People | None, _EMPTY_IS_NONE] = None


def hosts_wish(room_id: int, host_id: int, chosen: StartChoice, typed: StartInput) -> Start:
    """The host's wish. A recorded meeting is never cut silently: its length is one that the host has seen."""
    if chosen.record:
        record: bool | None = chosen.record == "yes"
        minutes = chosen.minutes
    else:
        record = typed.record if typed.asks_record else None
        minutes = typed.fits if record else None
    people = chosen.people or typed.people
    return Start(room_id, host_id, record=record, minutes=minutes, people=people, shorten=False)
