"""What the calls answer. Every time is RFC 3339 with its zone, sizes are bytes, lengths are minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy import Row

from app.i18n import marked as _
from app.meetings.live_state import Live, LiveState
from app.meetings.models import EndReason, MeetingState
from app.rooms.models import Visibility, WhoMayStart
from app.web.pages import address_of
from app.web.pagination import Page


class Holder(BaseModel):
    """Whoever limits are granted to and charged: a person or an organisation."""

    id: int = Field(description=_("The number of the holder. It never changes."))
    name: str = Field(description=_("The name of the person or organisation."))


class LiveNow(BaseModel):
    """A room at this moment, as far as the site knows. Pages are told within a second; poll no oftener than 5 s."""

    state: Live = Field(description=_("Unknown: a meeting runs, but the meeting server does not answer now."))
    meeting_id: int | None = Field(
        description=_("The meeting that starts, runs or has just ended; null if there is none.")
    )
    people: int = Field(description=_("How many people are in the meeting."))
    recorded: bool = Field(description=_("Whether the running meeting is recorded."))
    minutes: int | None = Field(description=_("Granted length in minutes; null: no meeting, or no limit."))
    ends_at: datetime | None = Field(description=_("When it ends at the latest; null: no end."))
    ended_at: datetime | None = Field(description=_("When the last meeting ended, for two hours."))
    end_reason: EndReason | None = Field(description=_("Why the last meeting ended, for two hours."))

    @classmethod
    def of(cls, live: LiveState, meeting_id: int | None) -> Self:
        """From the state that pages show."""
        return cls(
            state=live.state,
            meeting_id=None if live.state in {Live.NOT_STARTED, Live.BANNED} else meeting_id,
            people=live.people,
            recorded=live.recorded,
            minutes=live.minutes,
            ends_at=live.ends_at,
            ended_at=live.ended_at,
            end_reason=EndReason(live.end_reason) if live.end_reason else None,
        )


class Room(BaseModel):
    """A room that you host."""

    id: int = Field(description=_("The number of the room. It never changes and is never used again."))
    slug: str = Field(
        description=_("The last part of the room’s link. If it is changed, the old one leads here too.")
    )
    url: str = Field(description=_("The link to send to people."))
    name: str = Field(description=_("The room’s name."))
    description: str = Field(description=_("A few lines for whoever opens the link."))
    access_code: str = Field(description=_("What guests type; empty: nothing."))
    lobby: bool = Field(description=_("Whether a host lets each guest in."))
    who_may_start: WhoMayStart = Field(description=_("Who may start its meetings; its hosts always may."))
    record: bool = Field(description=_("Whether its meetings are meant to be recorded."))
    recording_visibility: Visibility = Field(description=_("Who may see a new recording."))
    recording_days: int | None = Field(
        description=_("How many days a new recording is kept; null: as long as the tier keeps it.")
    )
    holder: Holder = Field(description=_("Whose room it is, and whose limits it draws on."))
    created_at: datetime = Field(description=_("When it was made."))
    last_used_at: datetime = Field(
        description=_("When its last meeting was started; lists have the newest first.")
    )
    live: LiveNow = Field(description=_("The room at this moment."))

    @classmethod
    def of(cls, request: Request, room: Any, holder: Holder, live: LiveNow) -> Self:
        """From a room's row, or a row of a list of rooms."""
        names = (
            "slug",
            "name",
            "description",
            "access_code",
            "lobby",
            "record",
            "recording_days",
            "created_at",
            "last_used_at",
        )
        return cls(
            id=getattr(room, "room_id", None) or room.id,
            url=address_of(request, "rooms.show", slug=room.slug),
            who_may_start=WhoMayStart(room.who_may_start),
            recording_visibility=Visibility(room.recording_visibility),
            holder=holder,
            live=live,
            **{name: getattr(room, name) for name in names},
        )


class MeetingNow(StrEnum):
    """The states of a meeting. Unknown: it runs, but the meeting server does not answer now."""

    STARTING = "starting"
    RUNNING = "running"
    UNKNOWN = "unknown"
    ENDED = "ended"


class Meeting(BaseModel):
    """A meeting, with the terms it was granted: they are kept whatever changes later."""

    id: int = Field(description=_("The number of the meeting. It never changes."))
    room: str | None = Field(description=_("The slug of its room; null if the room was deleted."))
    name: str = Field(description=_("The room’s name when the meeting started."))
    holder: Holder = Field(description=_("Whose limits it draws on."))
    state: MeetingNow = Field(description=_("What it does now."))
    recorded: bool = Field(description=_("Whether it is recorded."))
    tier: str = Field(description=_("The key of the tier that its terms came from."))
    minutes: int | None = Field(description=_("Granted length in minutes; null: no limit."))
    people_limit: int | None = Field(
        description=_("Granted group size, everyone counted, one place kept for the host; null: no limit.")
    )
    people_now: int = Field(description=_("How many people are in it."))
    people_most: int = Field(description=_("How many people were in it at one time at most."))
    person_minutes: int = Field(
        description=_(
            "Minutes that people were in it, added up. Counted while it runs, exact where possible."
        )
    )
    asked_at: datetime = Field(description=_("When its start was asked for."))
    started_at: datetime | None = Field(
        description=_("When the meeting server made it; the minutes count from here.")
    )
    ends_at: datetime | None = Field(description=_("When it ends at the latest; null: over, or no end."))
    ended_at: datetime | None = Field(description=_("When it ended."))
    end_reason: EndReason | None = Field(description=_("Why it ended, as far as that can be known."))

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """From a row of `app.meetings.history`."""
        runs = row.state == MeetingState.RUNNING
        return cls(
            room=row.room_slug,
            holder=Holder(id=row.holder_id, name=row.holder_name),
            state=MeetingNow.UNKNOWN
            if runs and (row.failing_since or row.unknown_since)
            else MeetingNow(row.state),
            people_limit=row.people,
            people_most=row.peak_people,
            person_minutes=round(row.person_seconds / 60),
            asked_at=row.reserved_at,
            ends_at=row.started_at + timedelta(minutes=row.minutes) if runs and row.minutes else None,
            end_reason=EndReason(row.end_reason) if row.end_reason else None,
            **{name: getattr(row, name) for name in _SAME},
        )


_SAME = ("id", "name", "recorded", "tier", "minutes", "people_now", "started_at", "ended_at")


class Starting(BaseModel):
    """A meeting that the server was asked for: what came of it is known in some seconds."""

    id: int = Field(description=_("The number of the meeting. It never changes."))
    state: Literal["starting"] = Field("starting", description=_("What it does now."))


class Listed(BaseModel):
    """One page of a list: 50 a page."""

    page: int = Field(description=_("The number of this page, from 1."))
    pages: int = Field(description=_("How many pages there are, at least one."))
    total: int = Field(description=_("How many there are on all pages together."))


class Rooms(Listed):
    """One page of your rooms, the newest used first."""

    items: list[Room] = Field(description=_("The rooms of this page."))


class Meetings(Listed):
    """One page of meetings, the newest first."""

    items: list[Meeting] = Field(description=_("The meetings of this page."))


class JoinAddress(BaseModel):
    """The way in."""

    url: str = Field(
        description=_(
            "A signed address for this one person: send their browser there within a minute. It is a key: keep it "
            "out of logs and mails."
        )
    )


def figures(page: Page[Any]) -> dict[str, int]:
    """What `Listed` says of a page."""
    return {"page": page.number, "pages": page.pages, "total": page.total}


def meetings(page: Page[Row[Any]]) -> Meetings:
    """A page of meetings."""
    items: Sequence[Row[Any]] = page.items
    return Meetings(items=[Meeting.of(row) for row in items], **figures(page))
