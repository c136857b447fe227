"""Why BBB sent somebody back who wanted to join, in our words: its own come by an address that anybody can write."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request

from app.i18n import Text, lazy

# What BBB writes is far shorter.
LONGEST, MOST = 4000, 10
FULL = "maxParticipantsReached"

_DENIED = lazy("The host didn’t let you in. If that’s a mistake, tell them and try again.")
_OVER = lazy("That meeting was over already, so you couldn’t go in.")
_FULL = lazy("The meeting is full at the moment. Try again when someone has left.")
_REMOVED = lazy("You were removed from this meeting, so you can’t go back in.")
_NAME = lazy("The meeting server doesn’t take that name. Try a shorter one.")
_OURS = lazy(
    "This site and its meeting server don’t understand each other. Please tell the people who run it."
)
_OTHER = lazy("The meeting server didn’t let you in. Try again in a moment.")

# BBB_API.md 2.15, and what older servers and balancers write. Keys are compared without regard to case.
_SENTENCES: dict[str, Text] = {
    **dict.fromkeys(("guestDeniedAccess", "guestDeny", "guestDenied", "guestInvalid"), _DENIED),
    **dict.fromkeys(("meetingForciblyEnded", "meetingEnded", "forciblyEnded", "meetingNotFound"), _OVER),
    **dict.fromkeys(("invalidMeetingIdentifier", "invalidMeetingId", "notFound"), _OVER),
    **dict.fromkeys(("mismatchCreateTimeParam", "mismatchCreateTime"), _OVER),
    **dict.fromkeys((FULL, "seatWait", "maxUserConcurrentAccesses"), _FULL),
    **dict.fromkeys(("banned", "userBanned", "bannedUserRejoining", "ejected", "userEjected"), _REMOVED),
    **dict.fromkeys(("missingParamFullName", "fullNameTooLong"), _NAME),
    **dict.fromkeys(("checksumError", "invalidPassword", "Params required", "validationError"), _OURS),
    **dict.fromkeys(("missingParamMeetingID", "missingParamPassword", "unsupportedRequest"), _OURS),
}
_BY_KEY = {key.casefold(): (key, sentence) for key, sentence in _SENTENCES.items()}


def refusal_keys(request: Request) -> Sequence[str]:
    """The keys that BBB put into the address, as far as they are known; "" stands for all that are not.

    Empty if it put none there. Nothing of what stands there is shown or logged but these.
    """
    raw = request.query_params.get("errors")
    if not raw:
        return []
    known = [_BY_KEY.get(key.casefold(), ("", _OTHER))[0] for key in _keys_in(raw)]
    # What is known says more than what is not.
    return sorted(dict.fromkeys(known), key=lambda key: not key) or [""]


def sentence_for(keys: Sequence[str]) -> Text | None:
    """What is said to whoever was sent back; None if nobody was."""
    return None if not keys else _BY_KEY.get(keys[0].casefold(), ("", _OTHER))[1]


def as_query(keys: Sequence[str]) -> str:
    """The same for another address of the room; "" if there is nothing to say."""
    return f"?{urlencode({'errors': json.dumps([{'key': key} for key in keys])})}" if keys else ""


def _keys_in(raw: str) -> list[str]:
    """The keys of `[{"key": …, "message": …}]`, which some write without the list."""
    if len(raw) > LONGEST:
        return []
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    items = found if isinstance(found, list) else [found]
    keys = [item.get("key") for item in items[:MOST] if isinstance(item, dict)]
    return [key for key in keys if isinstance(key, str)]
