"""What a room's page shows: the same for guests and hosts, with more for its hosts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.meetings import raised
from app.meetings.code_guessing import is_being_guessed
from app.meetings.joining import counts
from app.meetings.live_state import Live, LiveState
from app.meetings.models import Attendance
from app.meetings.queries import public_recordings, sitting_of_room, use_of
from app.meetings.start_part import StartPart, start_part
from app.memberships.limits import standing_of
from app.rooms.models import WhoMayStart
from app.web.pages import address_of
from quotas.decisions import Refused
from quotas.rules import may_join, may_start_meeting

FULL = "full"


def shown_state(room: Any, live: LiveState, *, is_host: bool) -> str:
    """The room's state for this visitor: full is a matter of who asks."""
    if live.state is Live.RUNNING:
        decision = may_join(
            room.people, present=room.present, hosts_present=room.hosts_present, is_host=is_host
        )
        if isinstance(decision, Refused):
            return FULL
    return str(live.state)


def may_start(room: Any, viewer: Viewer | None, *, is_host: bool) -> bool:
    """Whether this visitor may start the room's meetings."""
    return (
        is_host
        or room.who_may_start == WhoMayStart.ANYONE
        or (room.who_may_start == WhoMayStart.SIGNED_IN and viewer is not None and viewer.is_verified)
    )


def consent_wanted(room: Any, live: LiveState) -> str | None:
    """What a guest must agree to: the meeting "is" recorded, or it "may" be, or nothing."""
    if live.is_running or live.state is Live.STARTING:
        return "is" if live.recorded else None
    return "may" if room.record else None


def meeting_facts(room: Any, live: LiveState) -> dict[str, Any] | None:
    """People, limit and time left of the running meeting."""
    if not live.is_running:
        return None
    return {
        "people": max(live.people, room.present),
        "limit": room.people,
        "seconds_left": live.seconds_left,
    }


async def last_facts(session: AsyncSession, room: Any, live: LiveState) -> dict[str, Any] | None:
    """How the last meeting ended and how it was visited, and when the room can start again (None: at once)."""
    if live.state is not Live.ENDED:
        return None
    return {
        "reason": live.end_reason,
        "ended_at": live.ended_at,
        "minutes": live.minutes,
        "again_at": await _again_at(session, room),
        "people": room.peak_people,
        "person_minutes": round(room.person_seconds / 60),
    }


async def _again_at(session: AsyncSession, room: Any) -> datetime | None:
    standing = await standing_of(session, room.holder_id)
    sitting = await sitting_of_room(session, room.room_id)
    use = await use_of(session, room.holder_id)
    decision = may_start_meeting(
        standing.limits.overridden(rooms=None),
        standing.policy,
        now=clock.now(),
        at_once=use.at_once,
        earliest_end=use.earliest_end,
        sitting=sitting[1] if sitting else None,
    )
    return decision.frees_at if isinstance(decision, Refused) else None


@dataclass(frozen=True)
class HostPart:
    """What the room's hosts see besides."""

    name: str
    share_url: str
    access_code: str
    may_edit: bool
    people: list[dict[str, Any]]
    start: StartPart | None
    """None while there is nothing to start"""
    longer: str | None
    """a limit was raised while the meeting runs"""
    code_is_guessed: bool
    """wrong codes come from everywhere"""
    record: bool
    """whether the room's meetings are meant to be recorded, and can be"""


async def host_part(
    session: AsyncSession, request: Request, room: Any, live: LiveState, viewer: Viewer
) -> HostPart:
    """The host's part of the page. The same rule that enforces says whether it can be started."""
    start, longer = None, None
    standing = await standing_of(session, room.holder_id)
    if live.state in {Live.NOT_STARTED, Live.ENDED}:
        start = await start_part(session, standing, room.room_id)
    elif live.is_running:
        longer = await raised.of_room(session, standing, room)
    return HostPart(
        name=viewer.name,
        share_url=address_of(request, "rooms.show", slug=room.slug),
        access_code=room.access_code,
        may_edit=True,
        people=await _people(session, room.meeting_id) if live.is_running else [],
        start=start,
        longer=longer,
        code_is_guessed=is_being_guessed(room.code_guessed_at),
        record=bool(room.record and start and start.recording.is_possible),
    )


async def _people(session: AsyncSession, meeting_id: int) -> list[dict[str, Any]]:
    found = await session.execute(
        select(Attendance.name, Attendance.is_host, Attendance.seen_at)
        .where(Attendance.meeting_id == meeting_id, counts(clock.now()))
        .order_by(Attendance.is_host.desc(), Attendance.sent_at)
        .limit(200)
    )
    return [
        {"name": row.name, "initials": _initials(row.name), "is_host": row.is_host, "since": row.seen_at}
        for row in found
    ]


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def page_context(room: Any, live: LiveState, *, state: str) -> dict[str, Any]:
    """What every version of the page shows."""
    return {
        "room": {
            "name": room.name,
            "slug": room.slug,
            "description": room.description,
            "holder_name": room.holder_name or room.host_name,
            "has_code": bool(room.access_code),
            "organisation": room.organisation,
            "accent": (room.accent or "").removeprefix("#"),
            "logo_key": room.logo_key,
        },
        "state": state,
        "meeting": meeting_facts(room, live),
        "consent": consent_wanted(room, live),
        "recordings": public_recordings(room),
        "live": f"/r/{room.slug}/events",
    }
