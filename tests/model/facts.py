"""What the tables say, read by plain statements of the model's own."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.model.spec import Facts, Past

_FACTS = text("""
    SELECT h.stored_bytes AS stored, u.holder_id = h.id AND u.banned_at IS NOT NULL AS banned,
        (SELECT count(*) FROM rooms o WHERE o.holder_id = h.id
            AND (o.last_used_at, o.id) > (r.last_used_at, r.id)) AS newer_rooms,
        (SELECT count(*) FROM meetings WHERE holder_id = h.id AND state IN ('starting', 'running')) AS at_once,
        (SELECT coalesce(sum(reserved_bytes), 0) FROM meetings WHERE holder_id = h.id)::bigint AS reserved,
        (SELECT coalesce(sum(bytes), 0) FROM recordings
            WHERE holder_id = h.id AND host_id = r.host_id)::bigint AS hosts_stored,
        (SELECT coalesce(sum(m.reserved_bytes), 0) FROM meetings m LEFT JOIN rooms o ON o.id = m.room_id
            WHERE m.holder_id = h.id AND coalesce(o.host_id, m.started_by) = r.host_id)::bigint AS hosts_reserved,
        (SELECT count(*) FROM meetings WHERE holder_id = h.id AND large_session AND state <> 'failed'
            AND reserved_at >= :month) AS large_this_month
    FROM rooms r JOIN holders h ON h.id = r.holder_id JOIN users u ON u.id = r.host_id WHERE r.id = :room
""")
_PASTS = text("""
    SELECT id, reserved_at AS asked, coalesce(started_at, reserved_at) AS began,
        coalesce(ended_at, coalesce(started_at, reserved_at) + minutes * interval '1 minute') AS ended FROM meetings
    WHERE room_id = :room AND state = 'ended'
        -- Of a deleted room: what is not over yet counts with all that it was promised.
        OR room_id IS DISTINCT FROM :room AND state IN ('starting', 'running', 'ended')
            AND sitting_id = (SELECT inherited_sitting FROM rooms WHERE id = :room)
""")
_NEWEST = text("SELECT * FROM meetings WHERE room_id = :room ORDER BY id DESC LIMIT 1")
_PLACES = text("""
    SELECT count(*) AS present, count(*) FILTER (WHERE is_host) AS hosts,
        count(*) FILTER (WHERE participant = :who) AS mine
    FROM attendances WHERE meeting_id = :meeting
        AND (present OR (seen_at IS NULL AND sent_at > CAST(:now AS timestamptz) - interval '60 seconds'))
""")


async def facts_of(session: AsyncSession, room_id: int, now: datetime) -> Facts:
    """A room and its holder at this moment; months are counted in UTC, as it ships."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    row = (await session.execute(_FACTS, {"room": room_id, "month": month})).one()
    pasts = await session.execute(_PASTS, {"room": room_id})
    return Facts(**row._mapping, pasts=[Past(**past._mapping) for past in pasts])  # noqa: SLF001  its public name


async def newest_meeting(session: AsyncSession, room_id: int) -> Any:
    """The room's newest meeting, whatever its state; None if it never had one."""
    return (await session.execute(_NEWEST, {"room": room_id})).one_or_none()


async def places_of(session: AsyncSession, meeting_id: int, who: str, now: datetime) -> Any:
    """Who takes a place: who is in, and who was sent in less than a minute ago and was not seen yet."""
    return (await session.execute(_PLACES, {"meeting": meeting_id, "who": who, "now": now})).one()


async def rooms_with_meetings(session: AsyncSession) -> set[int]:
    """The rooms whose meeting is starting or running."""
    found = text("SELECT room_id FROM meetings WHERE state IN ('starting', 'running')")
    return set(await session.scalars(found))
