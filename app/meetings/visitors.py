"""Who stands at a room's door: its host, someone signed in, or a guest with a name on this browser only."""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import AfterValidator

from app.accounts.access import Viewer
from app.i18n import lazy
from app.meetings.joining import Participant
from app.web.browser import (
    YEAR,
    browser_id,
    get_cookie,
    keyed_hash,
    set_cookie,
    settings_of,
    signer,
    unsigned,
)
from app.web.forms import Input, Line, Problem, Tick
from app.web.rate_limits import client_address

NAME_LENGTH = 80
# How long someone may wait on the waiting page with what they typed.
WAITS = 7 * 24 * 3600


def _a_name(value: str) -> str:
    # Letters, digits, signs, marks: something that can be seen. Invisible characters alone are no name.
    if not any(unicodedata.category(character)[0] in "LNSP" for character in value):
        raise Problem(lazy("Type the name that the others will see."))
    if len(value) > NAME_LENGTH:
        raise Problem(lazy("A name has at most 80 characters; this one is longer."))
    return value


GuestName = Annotated[Line, AfterValidator(_a_name)]


class JoinInput(Input):
    """What a guest types at the door."""

    name: GuestName
    code: Line = ""
    consent: Tick = False


@dataclass(frozen=True)
class Visit:
    """What someone typed at a room's door: it travels in a signed cookie while they wait."""

    room_id: int
    name: str
    code: str
    consent: bool


def guest_key(request: Request, room_id: int) -> str:
    """BBB's userID of this browser in this room: the same at every visit, another one in every room."""
    return f"g-{keyed_hash(settings_of(request), 'guest', f'{room_id}:{browser_id(request)}')[:24]}"


def _network(request: Request, room_id: int) -> str:
    """A mark of the network address that a guest comes from: the same in one room, another one in every other."""
    return keyed_hash(settings_of(request), "network", f"{room_id}:{client_address(request)}")[:24]


def participant(
    request: Request, room: Any, viewer: Viewer | None, visit: Visit | None, *, is_host: bool
) -> Participant:
    """The person at the door as BBB will know them. A host who joins agrees to what the page tells hosts."""
    key = f"u-{viewer.id}" if viewer else guest_key(request, room.room_id)
    if is_host and viewer:
        return Participant(key=key, name=viewer.name, is_host=True, agrees=True)
    assert visit is not None  # noqa: S101  everyone but a host has typed a name
    network = "" if viewer else _network(request, room.room_id)
    return Participant(key=key, name=visit.name, is_host=is_host, agrees=visit.consent, network=network)


def is_right_code(typed: str, code: str) -> bool:
    """Whether a typed access code is the room's, however it is spaced and written."""
    one, other = (re.sub(r"[\s-]+", "", text).casefold() for text in (typed, code))
    return hmac.compare_digest(hashlib.sha256(one.encode()).digest(), hashlib.sha256(other.encode()).digest())


def remember(request: Request, response: Response, visit: Visit) -> Response:
    """Keep the name on this browser for a year, and what was typed for as long as one may wait."""
    settings = settings_of(request)
    set_cookie(request, response, "name", signer(settings, "name").dumps(visit.name), YEAR)
    typed = [visit.room_id, visit.name, visit.code, visit.consent]
    set_cookie(request, response, "visit", signer(settings, "visit").dumps(typed), WAITS)
    return response


def known_name(request: Request) -> str:
    """The name that was given on this browser the last time."""
    found = unsigned(settings_of(request), "name", get_cookie(request, "name"), seconds=YEAR)
    return found if isinstance(found, str) else ""


def visit_of(request: Request, room_id: int) -> Visit | None:
    """What was typed at this room's door on this browser, if someone is waiting there."""
    match unsigned(settings_of(request), "visit", get_cookie(request, "visit"), seconds=WAITS):
        case [int(room), str(name), str(code), bool(consent)] if room == room_id:
            return Visit(room, name, code, consent)
        case _:
            return None
