"""What the learning analytics callback brings after a meeting (BBB_API.md section 4.3).

Check its header with `callbacks.check_analytics` first. This is the best source for participant-minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from bbb_client.errors import Malformed
from bbb_client.json_values import flag_in, iso_moment, number_in, object_in, objects, read, text_in


@dataclass(frozen=True, slots=True)
class Engagement:
    """How often somebody did what; `talk_seconds` is how long they spoke."""

    chats: int
    talks: int
    raised_hands: int
    emojis: int
    poll_votes: int
    talk_seconds: int

    @classmethod
    def read(cls, engagement: Mapping[str, Any]) -> Self:
        """Read the `engagement` of an attendee."""
        return cls(
            chats=number_in(engagement, "chats"),
            talks=number_in(engagement, "talks"),
            raised_hands=number_in(engagement, "raisehand"),
            emojis=number_in(engagement, "emojis"),
            poll_votes=number_in(engagement, "poll_votes"),
            talk_seconds=number_in(engagement, "talk_time"),
        )


@dataclass(frozen=True, slots=True)
class AttendeeRecord:
    """How long somebody was there; the same `user_id` may come more than once, and its sessions may overlap."""

    user_id: str
    name: str
    moderator: bool
    joins: tuple[datetime, ...]
    leaves: tuple[datetime, ...]
    duration_seconds: int
    recent_talking_time: datetime | None
    engagement: Engagement
    sessions: tuple[Mapping[str, Any], ...] = field(repr=False)

    @classmethod
    def read(cls, attendee: Mapping[str, Any]) -> Self:
        """Read one of `attendees`."""
        return cls(
            user_id=text_in(attendee, "ext_user_id"),
            name=text_in(attendee, "name"),
            moderator=flag_in(attendee, "moderator"),
            joins=_moments(attendee.get("joins")),
            leaves=_moments(attendee.get("leaves")),
            duration_seconds=number_in(attendee, "duration"),
            recent_talking_time=iso_moment(attendee.get("recent_talking_time")),
            engagement=Engagement.read(object_in(attendee, "engagement")),
            sessions=tuple(objects(attendee.get("sessions"))),
        )


@dataclass(frozen=True, slots=True)
class Analytics:
    """A meeting that is over, and who was in it. `polls` and `files` are handed on as they came."""

    version: str
    meeting_id: str
    internal_meeting_id: str
    duration_seconds: int
    started_at: datetime | None
    finished_at: datetime | None
    attendees: tuple[AttendeeRecord, ...]
    metadata: Mapping[str, str] = field(repr=False)
    polls: tuple[Mapping[str, Any], ...] = field(repr=False)
    files: tuple[Any, ...] = field(repr=False)


def analytics(raw_body: bytes) -> Analytics:
    """Read the JSON body of the callback; raises Malformed if it is not about a meeting."""
    body = read(raw_body)
    if not isinstance(body, dict) or not text_in(body, "meeting_id"):
        raise Malformed("meeting_id is missing")
    data = object_in(body, "data")
    files, metadata = data.get("files"), object_in(data, "metadata")
    return Analytics(
        version=text_in(body, "version"),
        meeting_id=text_in(body, "meeting_id"),
        internal_meeting_id=text_in(body, "internal_meeting_id"),
        duration_seconds=number_in(data, "duration"),
        started_at=iso_moment(data.get("start")),
        finished_at=iso_moment(data.get("finish")),
        attendees=tuple(map(AttendeeRecord.read, objects(data.get("attendees")))),
        metadata={name: text_in(metadata, name) for name in metadata},
        polls=tuple(objects(data.get("polls"))),
        files=tuple(files) if isinstance(files, list) else (),
    )


def _moments(times: Any) -> tuple[datetime, ...]:
    """Read a list of times, leaving out what is none."""
    return tuple(filter(None, map(iso_moment, times))) if isinstance(times, list) else ()
