"""What the calls take: the same types, and so the same words about them, as the forms of the pages."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.i18n import marked as _
from app.meetings.start_input import MOST_PEOPLE
from app.meetings.visitors import NAME_LENGTH as GUEST_NAME_LENGTH
from app.meetings.visitors import GuestName
from app.recordings.schemas import NAME_LENGTH as RECORDING_NAME_LENGTH
from app.recordings.schemas import RecordingName
from app.rooms.addresses import LONGEST
from app.rooms.models import Visibility, WhoMayStart
from app.rooms.schemas import (
    CODE_LENGTH,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    AccessCode,
    Address,
    Days,
    Description,
    RoomName,
)
from app.web.forms import Line

A_WEEK = 7 * 24 * 60  # minutes
USER_ID_LENGTH = 200


def _at_most(length: int) -> dict[str, Any]:
    """For the document only: the types say it in the reader's words."""
    return {"maxLength": length}


class Body(BaseModel):
    """A JSON object; a field that is not known is an error, since it is a slip of the keyboard."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def without_defaults(schema: dict[str, Any]) -> None:
    """What is not sent stays as it is: the document names no defaults."""
    for field in schema["properties"].values():
        field.pop("default", None)


class RoomChange(Body):
    """What is sent is changed, the rest stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: RoomName = Field(
        "", description=_("The room’s name, as people say it."), json_schema_extra=_at_most(NAME_LENGTH)
    )
    description: Description = Field(
        "",
        description=_("A few lines for whoever opens the link."),
        json_schema_extra=_at_most(DESCRIPTION_LENGTH),
    )
    address: Address = Field(
        "",
        description=_(
            "The last part of the room’s link: small letters, digits, hyphens. Empty: made from the name, or kept."
        ),
        json_schema_extra=_at_most(LONGEST),
    )
    access_code: AccessCode = Field(
        "",
        description=_("4 to 20 letters, digits or hyphens that guests type; empty: none."),
        json_schema_extra=_at_most(CODE_LENGTH),
    )
    lobby: bool = Field(False, description=_("Whether a host lets each guest in."))
    who_may_start: WhoMayStart = Field(
        WhoMayStart.HOSTS, description=_("Who may start its meetings; its hosts always may.")
    )
    record: bool = Field(False, description=_("Whether its meetings are meant to be recorded."))
    recording_visibility: Visibility = Field(
        Visibility.HOSTS, description=_("Who may see a new recording; it can be changed for each.")
    )
    recording_days: Days = Field(
        None, description=_("How many days a new recording is kept; null: as long as the tier keeps it.")
    )


def _with_name(schema: dict[str, Any]) -> None:
    schema["required"] = ["name"]
    schema["properties"]["name"].pop("default", None)


class NewRoom(RoomChange):
    """A room to be made."""

    model_config = ConfigDict(json_schema_extra=_with_name)

    name: RoomName = Field(
        description=_("The room’s name, as people say it."), json_schema_extra=_at_most(NAME_LENGTH)
    )
    holder_id: int | None = Field(
        None,
        description=_("Whose room it is, and whose limits it draws on: a holder of /me. Null: your own."),
    )


class Start(Body):
    """How the meeting is to be."""

    record: bool | None = Field(
        None, description=_("Whether the meeting is recorded. Null: as the room is set.")
    )
    minutes: Annotated[int, Field(ge=1, le=A_WEEK)] | None = Field(
        None,
        description=_("How many minutes it may last at most. Null: as long as the holder’s limits allow."),
    )
    shorten: bool = Field(
        True,
        description=_(
            "Whether a recorded meeting is made only as long as there is space for its recording; else it is refused "
            "if the whole does not fit."
        ),
    )
    people: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] | None = Field(
        None,
        description=_(
            "How many people it is for at most. More than the holder’s group size uses one of the month’s large "
            "sessions. Null: the holder’s group size."
        ),
    )


class Join(Body):
    """Who is to go in."""

    as_host: bool = Field(
        False, description=_("You go in yourself, as a host, under the name of your account.")
    )
    name: GuestName | None = Field(
        None,
        description=_("The guest’s name, as the others will see it. Needed unless as_host is true."),
        json_schema_extra=_at_most(GUEST_NAME_LENGTH),
    )
    user_id: Annotated[Line, Field(min_length=1, max_length=USER_ID_LENGTH)] | None = Field(
        None,
        description=_(
            "Your own mark for this guest, the same each time: who comes back does not take a second place."
        ),
    )
    consent: bool = Field(
        False,
        description=_(
            "Whether the guest has agreed to be recorded. Needed if the meeting is recorded; it is kept with "
            "their name."
        ),
    )


class RecordingChange(Body):
    """What is sent is changed, the rest stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    name: RecordingName = Field(
        "", description=_("The recording’s name."), json_schema_extra=_at_most(RECORDING_NAME_LENGTH)
    )
    visibility: Visibility = Field(
        Visibility.HOSTS,
        description=_("Who may see it; “code”: whoever knows the room’s code; “nobody”: not even its hosts."),
    )
    keep_days: Days = Field(
        None,
        description=_(
            "How many days it is kept, counted from the day it was recorded; null: as long as the tier keeps it."
        ),
    )
    hidden: frozenset[str] = Field(
        frozenset(), description=_("The types of the formats that nobody but its hosts may see.")
    )
