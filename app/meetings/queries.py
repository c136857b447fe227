"""Reading meetings: the room page's one statement, what a holder uses now, the sitting of a room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Query, Statement
from app.meetings.joining import ON_THE_WAY
from app.meetings.models import CLOSED
from quotas.sittings import Sitting

LISTED = 10  # recordings on a room's page

# A room with its host, its holder and its newest meeting: all that a guest's page or join needs, in one
# statement without the ORM. The address may be an old one of the room. Recordings stand further right, so they are
# asked by the table's name: only those that anyone may play, without an address, which their own page hands out.
_ROOM = Statement(f"""
    SELECT a.slug AS asked_slug, a.room_id, r.slug, r.name, r.description, r.access_code, r.lobby,
           r.who_may_start, r.record, r.holder_id, r.host_id, r.code_guessed_at, r.closed_reason,
           h.name AS holder_name, u.name AS host_name,
           o.slug AS organisation, o.accent, o.logo_key,
           {CLOSED} AS closed_at, m.id AS meeting_id, m.external_id, m.state, m.minutes, m.people, m.recorded,
           m.reserved_at, m.started_at, m.create_time, m.ended_at, m.end_reason, m.people_now, m.sitting_id,
           m.server_id, m.tier, m.peak_people, m.person_seconds, m.unknown_since, s.failing_since,
           coalesce(here.present, 0) AS present, coalesce(here.hosts, 0) AS hosts_present,
           (
               SELECT json_agg(public) FROM (
                   SELECT rec.key, rec.name, rec.recorded_at, rec.minutes FROM recordings rec
                   LEFT JOIN users owner ON owner.id = rec.host_id
                   WHERE rec.room_id = r.id AND rec.visibility = 'public' AND rec.state = 'published'
                     AND rec.trashed_at IS NULL AND rec.expired_at IS NULL
                     AND coalesce(rec.wanted, 'published') = 'published' AND owner.banned_at IS NULL
                     AND EXISTS (
                         SELECT FROM recording_formats WHERE recording_id = rec.id AND NOT hidden
                           AND lower(type) IN ('presentation', 'video', 'podcast', 'screenshare', 'notes')
                     )
                   ORDER BY rec.recorded_at DESC LIMIT :listed
               ) public
           ) AS public_recordings
    FROM room_addresses a
    LEFT JOIN rooms r ON r.id = a.room_id
    LEFT JOIN holders h ON h.id = r.holder_id
    LEFT JOIN organisations o ON o.holder_id = r.holder_id
    LEFT JOIN users u ON u.id = r.host_id
    LEFT JOIN LATERAL (
        SELECT * FROM meetings WHERE room_id = r.id AND state <> 'failed'
        ORDER BY reserved_at DESC, id DESC LIMIT 1
    ) m ON true
    LEFT JOIN servers s ON s.id = m.server_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS present, count(*) FILTER (WHERE is_host) AS hosts FROM attendances
        WHERE meeting_id = m.id AND (present OR (seen_at IS NULL AND sent_at > :on_the_way_since))
    ) here ON m.state = 'running'
    WHERE a.slug = :slug
""")  # noqa: S608  nothing of it was typed


async def room_at(session: AsyncSession, slug: str) -> Any | None:
    """The room that an address leads to, with its newest meeting; room_id is None if it was deleted."""
    return await _ROOM.row(session, slug=slug, on_the_way_since=clock.now() - ON_THE_WAY, listed=LISTED)


def public_recordings(room: Any) -> list[dict[str, Any]]:
    """The newest recordings that anyone may play, from a row of `room_at`: key, name, recorded_at, minutes."""
    found: list[dict[str, Any]] = room.public_recordings or []
    return [one | {"recorded_at": datetime.fromisoformat(one["recorded_at"])} for one in found]


@dataclass(frozen=True)
class Use:
    """What a holder uses now: meetings at once, the first known end of them, recording bytes."""

    at_once: int
    earliest_end: datetime | None
    stored_bytes: int
    reserved_bytes: int
    over_since: datetime | None = None
    """since when more is stored than the limit has"""
    removal: str = ""
    """what the policy does with what is too much: `Removal`"""


# Only what still counts is read, by two small indexes: what is unfinished, and what keeps storage free, which a
# meeting does until its recording is known.
USE = """
    SELECT count(*) FILTER (WHERE m.state IN ('starting', 'running')) AS at_once,
           min(coalesce(m.started_at, m.reserved_at) + m.minutes * interval '1 minute')
               FILTER (WHERE m.state IN ('starting', 'running')) AS earliest_end,
           CAST(coalesce(sum(m.reserved_bytes), 0) AS bigint) AS reserved_bytes
    FROM meetings m
    WHERE m.holder_id = {holder} AND (m.state IN ('starting', 'running') OR m.reserved_bytes > 0)
"""
_USE = Query(
    Use,
    f"""
    SELECT used.at_once, used.earliest_end, coalesce(h.stored_bytes, 0) AS stored_bytes, used.reserved_bytes,
           h.over_since, coalesce((SELECT recording_removal FROM policy WHERE id = 1), '') AS removal
    FROM ({USE.format(holder=":holder")}) used LEFT JOIN holders h ON h.id = :holder
    """,  # noqa: S608  nothing of it was typed
)


async def use_of(session: AsyncSession, holder_id: int) -> Use:
    """What the holder uses now, from its meetings. Before spending it, call `hold`."""
    return (await _USE.rows(session, holder=holder_id))[0]


_RUNNING = Statement("""
    SELECT holder_id, count(*) AS number FROM meetings
    WHERE holder_id = ANY(:holders) AND state IN ('starting', 'running') GROUP BY holder_id
""")


async def running_of(session: AsyncSession, holder_ids: list[int]) -> dict[int, int]:
    """How many meetings are starting or running, by holder; a holder without any is not in it."""
    return {row.holder_id: row.number for row in await _RUNNING.rows(session, holders=holder_ids)}


# What the ended meetings have used of the sitting to which the room's newest meeting belongs, of those in `states`;
# of a room without any, of the sitting that it inherited. A meeting of a deleted room that is about to end counts as
# long as it may last: until it has ended nothing less is known.
SITTING = """
    SELECT sitting_id, sum(coalesce(ended_at, started_at + minutes * interval '1 minute') - started_at) AS used,
           max(coalesce(ended_at, started_at + minutes * interval '1 minute')) AS last_ended_at
    FROM meetings
    WHERE (state = 'ended' OR (room_id IS NULL AND state = 'running')) AND sitting_id = coalesce(
        (
            SELECT sitting_id FROM meetings WHERE room_id = {room} AND state IN ({states})
            ORDER BY reserved_at DESC LIMIT 1
        ),
        (SELECT inherited_sitting FROM rooms WHERE id = {room})
    )
    GROUP BY sitting_id HAVING max(coalesce(ended_at, started_at + minutes * interval '1 minute')) IS NOT NULL
"""
_SITTING = Statement(SITTING.format(room=":room", states="'ended'"))
_SITTING_NOW = Statement(SITTING.format(room=":room", states="'ended', 'starting', 'running'"))


async def sitting_of_room(
    session: AsyncSession, room_id: int, *, with_running: bool = False
) -> tuple[str, Sitting] | None:
    """The room's latest sitting: its id, and what its ended meetings have used so far; None if none has ended.

    `with_running`: the sitting that the running meeting belongs to, if one is running.
    """
    row = await (_SITTING_NOW if with_running else _SITTING).row(session, room=room_id)
    return (row.sitting_id, Sitting(used=row.used, last_ended_at=row.last_ended_at)) if row else None
