"""What BigBlueButton answers about recordings and their text tracks (section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from bbb_client.elements import Element, Unread, Unreadable, read_each
from bbb_client.vocabulary import RecordingState, TextTrackKind, word


@dataclass(frozen=True, slots=True)
class PreviewImage:
    """A small picture of a slide; sizes in pixels, None if unsaid."""

    url: str
    alt: str
    width: int | None
    height: int | None

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<image>`."""
        width, height = element.attributes.get("width", ""), element.attributes.get("height", "")
        return cls(
            url=element.text.strip(),
            alt=element.attributes.get("alt", ""),
            width=int(width) if width.isdecimal() else None,
            height=int(height) if height.isdecimal() else None,
        )


@dataclass(frozen=True, slots=True)
class PlaybackFormat:
    """One form of a recording (`presentation`, `video`, ...).

    `size` is in bytes, None if the server does not say and 0 where it does not know (section 3.3);
    `length_minutes` are whole minutes, 0 below one; `processing_ms` is what making it took.
    """

    type: str
    url: str
    size: int | None
    length_minutes: int
    processing_ms: int
    previews: tuple[PreviewImage, ...]

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<format>`."""
        return cls(
            type=element.string("type"),
            url=element.string("url"),
            size=element.number("size"),
            length_minutes=element.count("length"),
            processing_ms=element.count("processingTime"),
            previews=tuple(map(PreviewImage.read, element.all("preview", "images", "image"))),
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording (section 3.2). Sizes are in bytes, None if unsaid; formats may appear one after another.

    `published` is None if unsaid, which needs a `state`.
    `protected`: a balancer makes its addresses anew for every answer, for one visitor and a short time (section 5).
    """

    record_id: str
    meeting_id: str
    internal_meeting_id: str
    name: str
    published: bool | None
    protected: bool
    state: RecordingState | str
    start_time: datetime | None
    end_time: datetime | None
    participants: int
    size: int | None
    raw_size: int | None
    formats: tuple[PlaybackFormat, ...]
    metadata: Mapping[str, str] = field(repr=False)
    is_breakout: bool
    parent_meeting_id: str
    breakout_rooms: tuple[str, ...]

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<recording>`."""
        breakout = element.first("breakout")
        state = word(RecordingState, element.string("state"))
        if not state and element.truth("published") is None:
            raise Unreadable("neither state nor published")
        return cls(
            record_id=element.must_string("recordID"),
            meeting_id=element.string("meetingID") or element.mapping("metadata").get("meetingId", ""),
            internal_meeting_id=element.string("internalMeetingID"),
            name=element.string("name"),
            published=element.truth("published"),
            protected=element.flag("protected"),
            state=state,
            start_time=element.moment("startTime"),
            end_time=element.moment("endTime"),
            participants=element.count("participants"),
            size=element.number("size"),
            raw_size=element.number("rawSize"),
            formats=tuple(map(PlaybackFormat.read, element.all("playback", "format"))),
            metadata=element.mapping("metadata"),
            is_breakout=element.flag("isBreakout"),
            parent_meeting_id=breakout.string("parentId") if breakout else "",
            breakout_rooms=tuple(room.text.strip() for room in element.all("breakoutRooms", "breakoutRoom")),
        )

    @property
    def bytes_used(self) -> int | None:
        """What its formats take on the server, in bytes, by the rule of section 3.3; None if nobody knows.

        The sum of the formats if each has a size, else the recording's own size if there is one.
        """
        sizes = [form.size or 0 for form in self.formats]
        if sizes and min(sizes) > 0:
            return sum(sizes)
        return self.size if (self.size or 0) > 0 else None


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """Recordings that were listed; `total` is what the server claims there is, and often wrong (3.1).

    `unread` is what of the list could not be read: those recordings are there, or are not.
    """

    recordings: tuple[Recording, ...]
    total: int | None
    unread: tuple[Unread, ...] = ()

    @classmethod
    def read(cls, root: Element) -> Self:
        """Read the answer of getRecordings, with either shape of total, or none."""
        pagination = root.first("pagination")
        total = root.number("totalElements")
        recordings, unread = read_each(
            root.listed("recordings", "recording", none="noRecordings"), Recording.read
        )
        return cls(
            recordings=recordings,
            total=pagination.number("totalElements") if pagination and total is None else total,
            unread=unread,
        )


@dataclass(frozen=True, slots=True)
class TextTrack:
    """Subtitles or captions of a recording; `href` is where the file is."""

    href: str
    kind: TextTrackKind | str
    label: str
    lang: str
    source: str

    @classmethod
    def read(cls, track: Mapping[str, Any]) -> Self:
        """Read one track of getRecordingTextTracks."""
        return cls(
            href=str(track.get("href", "")),
            kind=word(TextTrackKind, str(track.get("kind", ""))),
            label=str(track.get("label", "")),
            lang=str(track.get("lang", "")),
            source=str(track.get("source", "")),
        )


def read_published(root: Element) -> bool:
    """Read the answer of publishRecordings: whether they are published now."""
    return root.must_string("published").lower() == "true"


def read_text_tracks(response: Mapping[str, Any]) -> tuple[TextTrack, ...]:
    """Read the answer of getRecordingTextTracks."""
    tracks = response.get("tracks")
    if not isinstance(tracks, list) or not all(isinstance(track, dict) for track in tracks):
        raise Unreadable("tracks is missing")
    return tuple(map(TextTrack.read, tracks))
