"""What the decision on a start rests on, read in one statement: the room, its sitting, what its holder uses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Query
from app.meetings.models import CLOSED
from app.meetings.queries import SITTING, USE, Use
from app.memberships.limits import Standing
from app.organisations.shares import OF_HOST, HostsShare, InOrganisation, hosts_share
from quotas.periods import month_starts
from quotas.sittings import Sitting


@dataclass(frozen=True)
class RoomNow:
    """The room as it is at this moment."""

    id: int
    holder_id: int
    host_id: int
    name: str
    slug: str
    lobby: bool
    record: bool


@dataclass(frozen=True)
class Situation:
    """The figures of this moment; before anything of them is spent, call `hold`."""

    room: RoomNow
    banned: bool
    """whether the room's host is"""
    newer_rooms: int
    """the holder's rooms that were used more recently: after a downgrade those stay active"""
    unfinished_id: int | None
    """the room's meeting that is starting or running"""
    use: Use
    sitting_id: str | None
    sitting: Sitting | None
    large_sessions: int
    """of this month; one that never came to be is given back"""
    share: HostsShare | None = None
    """of an organisation's storage; it bounds what is recorded in the rooms of that host"""


@dataclass(frozen=True)
class _Row:
    id: int
    holder_id: int
    host_id: int
    name: str
    slug: str
    lobby: bool
    record: bool
    banned: bool
    newer_rooms: int
    unfinished_id: int | None
    at_once: int
    earliest_end: datetime | None
    stored_bytes: int
    reserved_bytes: int
    over_since: datetime | None
    removal: str
    sitting_id: str | None
    sitting_used: timedelta | None
    sitting_ended_at: datetime | None
    large_sessions: int
    share_user_id: int | None
    share_name: str
    share_slug: str
    share_given: int | None
    share_stored: int
    share_reserved: int
    share_is_first: bool


_SITUATION = Query(
    _Row,
    f"""
    SELECT r.id, r.holder_id, r.host_id, r.name, r.slug, r.lobby, r.record, {CLOSED} IS NOT NULL AS banned,
           (
               SELECT count(*) FROM rooms newer WHERE newer.holder_id = r.holder_id
                 AND (newer.last_used_at, newer.id) > (r.last_used_at, r.id)
           ) AS newer_rooms,
           (SELECT id FROM meetings WHERE room_id = r.id AND state IN ('starting', 'running')) AS unfinished_id,
           used.at_once, used.earliest_end, h.stored_bytes, used.reserved_bytes, h.over_since,
           p.recording_removal AS removal,
           sitting.sitting_id, sitting.used AS sitting_used, sitting.last_ended_at AS sitting_ended_at,
           (
               SELECT count(*) FROM meetings WHERE holder_id = r.holder_id AND large_session
                 AND reserved_at >= :month AND state <> 'failed'
           ) AS large_sessions,
           share.user_id AS share_user_id, share.name AS share_name, share.slug AS share_slug,
           share.storage_share AS share_given, share.stored_bytes AS share_stored,
           share.reserved_bytes AS share_reserved, share.is_first AS share_is_first
    FROM rooms r
    JOIN users u ON u.id = r.host_id
    JOIN holders h ON h.id = r.holder_id
    JOIN policy p ON p.id = 1
    CROSS JOIN LATERAL ({USE.format(holder="r.holder_id")}) used
    LEFT JOIN LATERAL ({SITTING.format(room="r.id", states="'ended'")}) sitting ON true
    LEFT JOIN LATERAL ({OF_HOST.format(holder="r.holder_id", user="r.host_id")}) share ON true
    WHERE r.id = :room
    """,  # noqa: S608  nothing of it was typed
)


async def situation_of(session: AsyncSession, standing: Standing, room_id: int) -> Situation | None:
    """The situation of a room, whose holder's standing this is; None if there is no such room."""
    row = await _SITUATION.row(session, room=room_id, month=month_starts(clock.now(), standing.zone))
    if row is None:
        return None
    sitting = None
    if row.sitting_used is not None and row.sitting_ended_at is not None:
        sitting = Sitting(used=row.sitting_used, last_ended_at=row.sitting_ended_at)
    return Situation(
        room=RoomNow(row.id, row.holder_id, row.host_id, row.name, row.slug, row.lobby, row.record),
        banned=row.banned,
        newer_rooms=row.newer_rooms,
        unfinished_id=row.unfinished_id,
        use=Use(
            row.at_once, row.earliest_end, row.stored_bytes, row.reserved_bytes, row.over_since, row.removal
        ),
        sitting_id=row.sitting_id,
        sitting=sitting,
        large_sessions=row.large_sessions,
        share=_share(standing, row),
    )


def _share(standing: Standing, row: _Row) -> HostsShare | None:
    if row.share_user_id is None:
        return None
    host = InOrganisation(
        row.share_user_id,
        row.share_name,
        row.share_slug,
        row.share_given,
        row.share_stored,
        row.share_reserved,
        row.share_is_first,
    )
    return hosts_share(standing, host)
