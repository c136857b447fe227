"""The rooms that someone hosts, with their live state: one statement for a page of them, for people and programs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.db import Statement
from app.meetings.models import CLOSED
from app.rooms.access import ActsFor
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of

# Whom an organisation has suspended does not find its rooms, though they stay theirs.
# One statement for the page of rooms, whatever their number: the rooms, their newest meeting, the whole count.
# The index by holder and use gives the order; the newest meeting is one step in an index for each room shown.
_ROOMS = Statement(f"""
    SELECT r.id AS room_id, r.name, r.slug, r.description, r.access_code, r.lobby, r.who_may_start, r.record,
           r.recording_visibility, r.recording_days, r.created_at, r.last_used_at, r.holder_id,
           h.name AS holder_name, {CLOSED} AS closed_at,
           m.id AS meeting_id, m.state, m.tier, m.sitting_id, m.reserved_at, m.minutes, m.recorded,
           m.started_at, m.ended_at, m.end_reason,
           m.people_now, m.unknown_since, s.failing_since, r.total
    FROM (
        SELECT *, count(*) OVER () AS total FROM rooms
        WHERE ((host_id = :user AND holder_id <> ALL(ARRAY(
                   SELECT o.holder_id FROM organisation_hosts s JOIN organisations o ON o.id = s.organisation_id
                   WHERE s.user_id = :user AND s.suspended_at IS NOT NULL
               ))) OR holder_id = ANY(:admin_of))
          AND (:search = '' OR name ILIKE :pattern OR slug ILIKE :pattern)
        ORDER BY last_used_at DESC, id DESC LIMIT :size OFFSET :offset
    ) r
    JOIN holders h ON h.id = r.holder_id
    JOIN users u ON u.id = r.host_id
    LEFT JOIN LATERAL (
        SELECT * FROM meetings WHERE room_id = r.id AND state <> 'failed'
        ORDER BY reserved_at DESC, id DESC LIMIT 1
    ) m ON true
    LEFT JOIN servers s ON s.id = m.server_id
    ORDER BY r.last_used_at DESC, r.id DESC
""")  # noqa: S608  nothing of it was typed


@dataclass(frozen=True)
class Wanted:
    """Which of one's rooms: `search` is looked for in names and addresses, `number` counts pages from 1."""

    number: int = 1
    search: str = ""
    size: int = PAGE_SIZE


async def hosted_rooms(
    session: AsyncSession, viewer: Viewer, mine: list[ActsFor], wanted: Wanted
) -> Page[Any]:
    """One page of the rooms that the viewer hosts, the newest used first."""
    # PostgreSQL has no place for a NUL in a text: no room has one in its name.
    search = wanted.search.replace("\0", "\ufffd")
    values = {
        "user": viewer.id,
        "admin_of": [holder.holder_id for holder in mine if holder.is_admin],
        "search": search,
        "pattern": like(search),
        "size": wanted.size,
        "offset": offset_of(wanted.number, wanted.size),
    }
    rows = await _ROOMS.rows(session, **values)
    if rows or wanted.number == 1:
        return Page(rows, wanted.number, rows[0].total if rows else 0, wanted.size)
    # Behind the last page: the whole count is still true.
    first = await _ROOMS.row(session, **{**values, "size": 1, "offset": 0})
    return Page([], wanted.number, first.total if first else 0, wanted.size)
