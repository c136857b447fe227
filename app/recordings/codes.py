"""Which room's code a browser has shown, so that a recording is played without typing it again."""

from typing import Any

from fastapi import Request, Response

from app.meetings.visitors import is_right_code, visit_of
from app.web.browser import get_cookie, set_cookie, settings_of, signer, unsigned

# As long as what is typed at the room's door is kept.
KNOWN_FOR = 12 * 3600


def knows_code(request: Request, found: Any) -> bool:
    """Whether this browser has shown the code that the recording's room has today, here or at the room's door."""
    if found.room_id is None or not found.access_code:
        return False
    typed = [_typed(request, found.room_id)]
    if visit := visit_of(request, found.room_id):
        typed.append(visit.code)
    return any(code and is_right_code(code, found.access_code) for code in typed)


def remember_code(request: Request, response: Response, found: Any) -> Response:
    """Keep, signed, that this browser has shown the room's code of today."""
    known = signer(settings_of(request), "code").dumps([found.room_id, found.access_code])
    set_cookie(request, response, "code", known, KNOWN_FOR)
    return response


def _typed(request: Request, room_id: int) -> str:
    match unsigned(settings_of(request), "code", get_cookie(request, "code"), seconds=KNOWN_FOR):
        case [int(room), str(code)] if room == room_id:
            return code
        case _:
            return ""
