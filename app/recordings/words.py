"""What pages and mails call things of recordings: states, formats, who may see them, until when they are kept."""

from typing import Any

from app import wording
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.memberships.models import Removal
from app.recordings.models import RecordingState, Wanted
from app.recordings.queries import is_being_deleted, is_unknown
from app.rooms.models import Visibility

FORMATS: dict[str, Text] = {
    "presentation": lazy("Presentation"),
    "video": lazy("Video"),
    "podcast": lazy("Sound"),
    "screenshare": lazy("Shared screen"),
    "notes": lazy("Notes"),
    "capture": lazy("Capture"),
}
VISIBILITIES: dict[str, tuple[Text, Text]] = {
    Visibility.NOBODY: (lazy("Nobody"), lazy("It cannot be played at all, not even by you.")),
    Visibility.HOSTS: (lazy("Its hosts"), lazy("Who hosts the room, and the admins of its organisation.")),
    Visibility.SIGNED_IN: (lazy("Everyone with an account"), lazy("Who has the link signs in first.")),
    Visibility.CODE: (
        lazy("Everyone with the room’s code"),
        lazy("Who has the link types the access code. If the room has none, or is deleted: its hosts only."),
    ),
    Visibility.LINK: (lazy("Everyone with the link"), lazy("Nobody finds it who was not given the link.")),
    Visibility.PUBLIC: (lazy("Everyone"), lazy("It is listed on the room’s page, with its name and date.")),
}


def visibility_options() -> list[tuple[str, str, str]]:
    """The choices of a form: value, label, hint."""
    return [(str(value), str(label), str(hint)) for value, (label, hint) in VISIBILITIES.items()]


def format_name(kind: str) -> str:
    """A format as people know it; one that BBB makes under another name keeps that name."""
    return str(FORMATS.get(kind, kind))


def size_of(row: Any) -> str:
    """What is charged for it: "about 340 MB" as long as BBB has not told the size of every format."""
    if row.state == RecordingState.GONE:
        return _("nothing")
    size = wording.size(row.bytes)
    return _("about %(size)s", size=size) if row.estimated else size


def length_of(row: Any) -> str:
    """How long it is: "45 min"; BBB tells whole minutes only."""
    return wording.minutes(row.minutes) if row.minutes else _("under a minute")


def state_of(row: Any) -> tuple[str, str, str | None]:
    """Its state: the look of the pill, the word in it, and a sentence where the word is not enough."""
    if is_being_deleted(row):
        look, word, why = _DELETED_LATER if row.failing_since else _BEING_DELETED
    elif is_unknown(row) and row.state != RecordingState.GONE:
        look, word, why = _UNKNOWN
    elif row.state == RecordingState.UNPUBLISHED and row.expired_at:
        return "ended", _("Unpublished"), _why_expired(row)
    elif row.state == RecordingState.UNPUBLISHED and row.wanted == Wanted.PUBLISHED:
        look, word, why = _BEING_PUBLISHED
    else:
        look, word, why = _STATES[row.state]
    return look, str(word), str(why) if why else None


Said = tuple[str, Text, Text | None]
_TOLD = lazy("The meeting server is being told.")
_BEING_DELETED: Said = ("ended", lazy("Being deleted"), _TOLD)
_DELETED_LATER: Said = (
    "ended",
    lazy("Being deleted"),
    lazy("We can’t reach its meeting server. It’ll be deleted, and its space freed, once we can."),
)
_UNKNOWN: Said = (
    "unknown",
    lazy("Unknown"),
    lazy(
        "This site isn’t connected to its meeting server at the moment. Nothing is lost, and nothing is deleted."
    ),
)
_BEING_PUBLISHED: Said = ("starting", lazy("Being published"), _TOLD)
_STATES: dict[str, Said] = {
    RecordingState.PROCESSING: (
        "starting",
        lazy("Being made"),
        lazy("That takes about as long as the meeting took."),
    ),
    RecordingState.PUBLISHED: ("running", lazy("Published"), None),
    RecordingState.UNPUBLISHED: ("ended", lazy("Unpublished"), None),
    RecordingState.GONE: (
        "ended",
        lazy("Gone"),
        lazy("The meeting server no longer has it. It leaves this list by itself."),
    ),
}


def _why_expired(row: Any) -> str:
    """Why it was unpublished by the site: its time was over, or more was stored than the tier has."""
    date = wording.day(row.expired_at)
    if row.kept_until is not None and row.kept_until <= row.expired_at:
        return _("Its time was over on %(date)s.", date=date)
    return _("Since %(date)s: more was stored than the tier has.", date=date)


def kept_until(row: Any, removal: str) -> str:
    """Until when it is kept, and what becomes of it then; empty when there is no such day."""
    if row.state == RecordingState.GONE or row.expired_at is not None or row.kept_until is None:
        return ""
    date = wording.day(row.kept_until)
    if removal == Removal.DELETE:
        return _("Kept until %(date)s. Deleted then.", date=date)
    return _("Kept until %(date)s. Unpublished then.", date=date)
