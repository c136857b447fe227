"""Who manages a recording, who may see it, and what may be played: one answer for pages, players and programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, or_

from app.accounts.access import Viewer
from app.organisations.conditions import administers, is_suspended
from app.recordings.models import Recording, RecordingState, Wanted
from app.recordings.service import is_shown
from app.rooms.models import Visibility

# What a browser or a program saves as one file; other formats are pages of the BBB server.
MEDIA = (".m4a", ".mp3", ".m4v", ".mp4", ".ogg", ".webm")


# BigBlueButton's own formats for people to see. Whatever else there is (statistics, what a plugin makes) tells of the
# participants: only those who manage a recording are shown it.
PUBLIC_FORMATS = frozenset({"presentation", "video", "podcast", "screenshare", "notes"})


class Way(StrEnum):
    """How someone stands before a recording."""

    MANAGES = "manages"
    SEES = "sees"
    CODE = "code"
    """they see it once they have typed the room's code"""
    SIGN_IN = "sign_in"
    VERIFY = "verify"
    CLOSED = "closed"
    """for them there is nothing here"""


@dataclass(frozen=True)
class Format:
    """One form of a recording. `url` is BBB's address: it leaves this site by `playable` only."""

    type: str
    url: str
    size: int | None
    minutes: int
    hidden: bool

    @property
    def is_public(self) -> bool:
        """Whether it is of a kind that others than those who manage the recording may be shown."""
        return self.type.lower() in PUBLIC_FORMATS

    @property
    def is_file(self) -> bool:
        """Whether its address is a media file, which can be kept."""
        return urlsplit(self.url).path.lower().endswith(MEDIA)


def managed_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition that a person manages a recording: theirs, their holder's, or their organisation's as admin."""
    manages = (administers(viewer.id, Recording.holder_id),) if viewer.is_verified else ()
    return or_(theirs(viewer), Recording.holder_id == viewer.holder_id, *manages)


def theirs(viewer: Viewer) -> ColumnElement[bool]:
    """The condition that a recording was made by a person as host, whom its organisation has not suspended."""
    return (Recording.host_id == viewer.id) & ~is_suspended(viewer.id, Recording.holder_id)


def way_in(found: Any, viewer: Viewer | None, *, knows_code: bool) -> Way:
    """How the viewer stands before a recording, a row of `queries.recording_at`.

    `knows_code`: whether this browser has shown the room's code of today.
    """
    if found.manages:
        return Way.MANAGES
    if not _is_open(found):
        return Way.CLOSED
    if found.hosts_room or found.visibility in {Visibility.LINK, Visibility.PUBLIC}:
        return Way.SEES
    if found.visibility == Visibility.SIGNED_IN:
        return _for_signed_in(viewer)
    if found.visibility == Visibility.CODE and found.access_code:
        return Way.SEES if knows_code else Way.CODE
    # For its hosts only; so is one for people with the code of a room that has none, or is deleted.
    return Way.CLOSED


def _is_open(found: Any) -> bool:
    """Whether anyone but those who manage it may look at it at all."""
    return (
        found.visibility != Visibility.NOBODY
        and found.trashed_at is None
        and found.wanted != Wanted.DELETED
        and found.banned_at is None
        and found.state in {RecordingState.PUBLISHED, RecordingState.PROCESSING}
    )


def _for_signed_in(viewer: Viewer | None) -> Way:
    if viewer is None:
        return Way.SIGN_IN
    return Way.SEES if viewer.is_verified else Way.VERIFY


def playable(found: Any, way: Way) -> Sequence[Format]:
    """The formats that may be played. *Nobody* is nobody: those who manage it open it to themselves first."""
    if way not in {Way.MANAGES, Way.SEES} or not is_shown(found):
        return []
    return [one for one in found.formats if way is Way.MANAGES or (one.is_public and not one.hidden)]


def is_web_address(url: str) -> bool:
    """Whether a browser may be sent there: addresses come from BBB, and only those of the web are followed."""
    return _is_web_origin("/".join(url.split("/", 3)[:3]))


# A page of a hundred recordings has addresses of one server or two.
@lru_cache(256)
def _is_web_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[" is one
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
