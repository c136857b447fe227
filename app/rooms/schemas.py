"""What may be set of a room: the same for the form and for JSON."""

import re
import secrets
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.i18n import lazy
from app.rooms.addresses import check_address
from app.rooms.models import Visibility, WhoMayStart
from app.web.forms import Input, Line, Lines, Problem, Tick

LONGEST_KEPT = 36_500  # days
NAME_LENGTH, DESCRIPTION_LENGTH, CODE_LENGTH = 80, 1000, 20


def _says_something(name: str) -> str:
    if not name:
        raise Problem(lazy("Give the room a name."))
    if len(name) > NAME_LENGTH:
        raise Problem(lazy("A name has at most 80 characters; this one is longer."))
    if not any(unicodedata.category(character)[0] in "LN" for character in name):
        raise Problem(lazy("Put at least one letter or digit into the name, so that it can be said aloud."))
    return name


def _short(value: str) -> str:
    if len(value) > DESCRIPTION_LENGTH:
        raise Problem(lazy("A description has at most 1000 characters; this one is longer."))
    return value


def _code(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9-]{6,20}", value):
        raise Problem(lazy("An access code has 6 to 20 letters, digits or hyphens."))
    return value


RoomName = Annotated[Line, AfterValidator(_says_something)]
Description = Annotated[Lines, AfterValidator(_short)]
Address = Annotated[Line, AfterValidator(check_address)]
AccessCode = Annotated[Line, AfterValidator(_code)]
# How long recordings are kept. A field that is left empty: as long as the tier keeps them.
Days = Annotated[
    Annotated[int, Field(ge=1, le=LONGEST_KEPT)] | None,
    BeforeValidator(lambda value: None if isinstance(value, str) and not value.strip() else value),
]


class RoomInput(Input):
    """A room as its host describes it. Whose room it is, is checked against whom the host may act for."""

    name: RoomName
    description: Description = ""
    address: Address = Field("", description="The last part of the room's link; empty: made from the name.")
    access_code: AccessCode = ""
    lobby: Tick = False
    who_may_start: WhoMayStart = WhoMayStart.HOSTS
    record: Tick = False
    recording_visibility: Visibility = Visibility.HOSTS
    recording_days: Days = None
    holder_id: int | None = Field(None, description="Whose room: empty is the host's own.")


def suggested_code() -> str:
    """A code that is easy to say and hard to guess: eight digits in two groups."""
    digits = f"{secrets.randbelow(10**8):08}"
    return f"{digits[:4]}-{digits[4:]}"
