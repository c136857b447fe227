"""Reading rooms for operators: all of them, with their live state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.meetings.live_state import LiveState, live_state
from app.meetings.models import CLOSED
from app.rooms.models import Room
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of

# The newest meeting is one step in an index for each room shown.
_ROOMS = text(f"""
    SELECT r.id, r.name, r.slug, r.holder_id, r.host_id, r.last_used_at,
           coalesce(owner.name, h.name) AS holder_name, u.name AS host_name, {CLOSED} AS closed_at,
           r.closed_at IS NOT NULL AS is_closed_itself,
           r.holder_id = u.holder_id AS is_own,
           m.id AS meeting_id, m.state, m.minutes, m.recorded, m.started_at, m.ended_at, m.end_reason,
           m.people_now, m.unknown_since, s.failing_since
    FROM rooms r
    JOIN holders h ON h.id = r.holder_id
    JOIN users u ON u.id = r.host_id
    LEFT JOIN users owner ON owner.holder_id = h.id
    LEFT JOIN LATERAL (
        SELECT * FROM meetings WHERE room_id = r.id AND state <> 'failed'
        ORDER BY reserved_at DESC, id DESC LIMIT 1
    ) m ON true
    LEFT JOIN servers s ON s.id = m.server_id
    WHERE r.id = ANY(:ids)
    ORDER BY r.last_used_at DESC, r.id DESC
""")  # noqa: S608  nothing of it was typed


@dataclass(frozen=True)
class Line:
    """One room in the list."""

    room: Row[Any]
    live: LiveState

    @property
    def meeting_id(self) -> int | None:
        """The meeting that can be ended; None if nothing is there to end."""
        unfinished = self.room.state in {"starting", "running"}
        return self.room.meeting_id if unfinished else None


async def list_rooms(
    session: AsyncSession,
    *,
    search: str = "",
    host_id: int | None = None,
    holder_id: int | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Line]:
    """The last used first."""
    found = _matching(search, host_id, holder_id)
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    last_used_first = Room.last_used_at.desc(), Room.id.desc()
    ids = await session.scalars(found.order_by(*last_used_first).limit(size).offset(offset_of(number, size)))
    return Page(await _lines(session, list(ids)), number, total, size)


def _matching(search: str, host_id: int | None, holder_id: int | None) -> Select[int]:
    found = select(Room.id)
    if search:
        found = found.where(or_(Room.name.ilike(like(search)), Room.slug.ilike(like(search))))
    for column, wanted in ((Room.host_id, host_id), (Room.holder_id, holder_id)):
        if wanted is not None:
            found = found.where(column == wanted)
    return found


async def _lines(session: AsyncSession, ids: Sequence[int]) -> list[Line]:
    rows = await session.execute(_ROOMS, {"ids": list(ids)})
    return [Line(row, live_state(row)) for row in rows]


async def host_name(session: AsyncSession, user_id: int | None) -> str | None:
    """The name of a person, for the heading of their rooms."""
    return await session.scalar(select(User.name).where(User.id == user_id)) if user_id else None
