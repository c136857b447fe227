"""The meetings of one's rooms and holders, the newest first: for lists of them and for one by its number."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.errors import NotFoundError
from app.rooms.access import ActsFor
from app.web.pagination import PAGE_SIZE, Page, offset_of

LARGEST_ID = 2**63 - 1

# Whoever hosts the room sees its meetings, and so does whoever answers for the holder that is charged. A meeting
# that BBB never made is nobody's business.
_MEETINGS = text("""
    SELECT m.id, m.name, m.state, m.tier, m.minutes, m.people, m.recorded, m.reserved_at, m.started_at,
           m.ended_at, m.end_reason, m.people_now, m.peak_people, m.person_seconds, m.holder_id,
           h.name AS holder_name, r.slug AS room_slug, m.unknown_since, s.failing_since, count(*) OVER () AS total
    FROM meetings m
    JOIN holders h ON h.id = m.holder_id
    LEFT JOIN rooms r ON r.id = m.room_id
    LEFT JOIN servers s ON s.id = m.server_id
    WHERE (m.holder_id = ANY(:admin_of) OR m.room_id IN (
              SELECT id FROM rooms WHERE host_id = :user AND holder_id <> ALL(ARRAY(
                  SELECT o.holder_id FROM organisation_hosts s JOIN organisations o ON o.id = s.organisation_id
                  WHERE s.user_id = :user AND s.suspended_at IS NOT NULL))))
      AND m.state <> 'failed'
      AND (CAST(:state AS text) IS NULL OR m.state = :state)
      AND (CAST(:room AS text) IS NULL OR m.room_id = (SELECT room_id FROM room_addresses WHERE slug = :room))
      AND (CAST(:id AS bigint) IS NULL OR m.id = :id)
    ORDER BY m.reserved_at DESC, m.id DESC LIMIT :size OFFSET :offset
""")


@dataclass(frozen=True)
class Wanted:
    """Which meetings: None is any; `room` is an address, old or new; `number` counts pages from 1."""

    state: str | None = None
    room: str | None = None
    number: int = 1
    id: int | None = None


async def meetings_of(
    session: AsyncSession, viewer: Viewer, mine: list[ActsFor], wanted: Wanted
) -> Page[Row[Any]]:
    """One page of the meetings that the viewer may know of."""
    values = {
        "user": viewer.id,
        "admin_of": [holder.holder_id for holder in mine if holder.is_admin],
        "state": wanted.state,
        "room": wanted.room,
        "id": wanted.id,
        "size": PAGE_SIZE,
        "offset": offset_of(wanted.number),
    }
    rows = (await session.execute(_MEETINGS, values)).all()
    if rows or wanted.number == 1:
        return Page(rows, wanted.number, rows[0].total if rows else 0)
    # Behind the last page: the whole count is still true.
    first = (await session.execute(_MEETINGS, {**values, "size": 1, "offset": 0})).one_or_none()
    return Page([], wanted.number, first.total if first else 0)


async def meeting_of(session: AsyncSession, viewer: Viewer, mine: list[ActsFor], meeting_id: int) -> Row[Any]:
    """One meeting that the viewer may know of; NotFoundError for any other."""
    if meeting_id > LARGEST_ID:
        raise NotFoundError
    found = await meetings_of(session, viewer, mine, Wanted(id=meeting_id))
    if not found.items:
        raise NotFoundError
    return found.items[0]
