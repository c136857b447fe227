"""Reading meetings for operators: what runs now, and all that ever ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.i18n import Text, lazy
from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.memberships.models import Holder
from app.rooms.models import Room
from app.servers.models import Server
from app.web.lists import like
from app.web.pagination import PAGE_SIZE

STATES = {
    "running": Meeting.state.in_(UNFINISHED),
    "past": Meeting.state.not_in(UNFINISHED),
}
# A name that matches more rooms than this is no search.
MATCHES = 1000

REASONS: dict[str, Text] = {
    EndReason.TIME_UP: lazy("Its time was up"),
    EndReason.BY_HOST: lazy("Its host ended it"),
    EndReason.BY_OPERATOR: lazy("An operator ended it"),
    EndReason.BANNED: lazy("Its host was banned"),
    EndReason.NOBODY_CAME: lazy("Nobody came"),
    EndReason.EVERYONE_LEFT: lazy("Everyone left"),
    EndReason.ROOM_DELETED: lazy("Its room was deleted"),
    EndReason.GONE: lazy("The server dropped it"),
}


@dataclass(frozen=True)
class Line:
    """One meeting in a list."""

    id: int
    name: str
    slug: str | None
    holder_id: int
    holder_name: str
    state: str
    people: int
    peak_people: int
    person_minutes: int
    since: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    reason: Text | None
    is_ending: bool

    @property
    def is_unfinished(self) -> bool:
        """Whether it can still be ended."""
        return self.ended_at is None


@dataclass(frozen=True)
class Slice:
    """Fifty meetings, the newest first; `older`: where the next fifty begin."""

    items: list[Line]
    older: int | None


async def list_meetings(
    session: AsyncSession,
    *,
    shown: str = "all",
    search: str = "",
    holder_id: int | None = None,
    room_id: int | None = None,
    before: int | None = None,
    size: int = PAGE_SIZE,
) -> Slice:
    """By keyset on the id, newest first: the thousandth page costs what the first one does."""
    found = select(Meeting.id)
    if shown in STATES:
        found = found.where(STATES[shown])
    if search:
        found = found.where(await _about(session, search))
    for column, wanted in ((Meeting.holder_id, holder_id), (Meeting.room_id, room_id)):
        if wanted is not None:
            found = found.where(column == wanted)
    if before is not None:
        found = found.where(Meeting.id < before)
    ids = list(await session.scalars(found.order_by(Meeting.id.desc()).limit(size + 1)))
    lines = await _lines(session, ids[:size])
    return Slice(lines, ids[size - 1] if len(ids) > size else None)


async def running_now(session: AsyncSession, size: int) -> list[Line]:
    """What runs now: those that nobody can vouch for first, then the largest."""
    found = await list_meetings(session, shown="running", size=size)
    return sorted(found.items, key=lambda line: (line.state != "unknown", -line.people))


async def meeting_line(session: AsyncSession, meeting_id: int) -> Line | None:
    """One meeting."""
    found = await _lines(session, [meeting_id])
    return found[0] if found else None


async def holder_name(session: AsyncSession, holder_id: int) -> str | None:
    """The name of a holder, for the heading of what is theirs."""
    return await session.scalar(select(Holder.name).where(Holder.id == holder_id))


async def unfinished_of(session: AsyncSession, holder_id: int) -> int:
    """How many meetings end if this person is banned: those they hold."""
    theirs = Meeting.holder_id == holder_id
    found = select(func.count()).select_from(Meeting).where(Meeting.state.in_(UNFINISHED), theirs)
    return await session.scalar(found) or 0


async def _about(session: AsyncSession, search: str) -> Any:
    """The condition that a meeting is of a room or a holder whose name, address or e-mail is like this."""
    pattern = like(search)
    rooms = select(Room.id).where(or_(Room.name.ilike(pattern), Room.slug.ilike(pattern))).limit(MATCHES)
    holders = (
        select(Holder.id)
        .outerjoin(User, User.holder_id == Holder.id)
        .where(or_(Holder.name.ilike(pattern), User.name.ilike(pattern), User.email.ilike(pattern)))
        .limit(MATCHES)
    )
    # Looked up first: the planner then sees a handful of numbers and takes the two indexes.
    room_ids, holder_ids = list(await session.scalars(rooms)), list(await session.scalars(holders))
    return or_(Meeting.room_id.in_(room_ids), Meeting.holder_id.in_(holder_ids))


async def _lines(session: AsyncSession, ids: Sequence[int]) -> list[Line]:
    rows = await session.execute(
        select(
            *Meeting.__table__.columns,
            Room.slug,
            func.coalesce(User.name, Holder.name).label("holder_name"),
            Server.failing_since,
        )
        .join(Holder, Holder.id == Meeting.holder_id)
        .join(Server, Server.id == Meeting.server_id)
        .outerjoin(User, User.holder_id == Holder.id)
        .outerjoin(Room, Room.id == Meeting.room_id)
        .where(Meeting.id.in_(ids))
        .order_by(Meeting.id.desc())
    )
    return [_line(row) for row in rows]


def _line(row: Any) -> Line:
    since = row.started_at or row.reserved_at
    return Line(
        id=row.id,
        name=row.name,
        slug=row.slug,
        holder_id=row.holder_id,
        holder_name=row.holder_name,
        state=_state(row),
        people=row.people_now,
        peak_people=row.peak_people,
        person_minutes=round(row.person_seconds / 60),
        since=since,
        ends_at=since + timedelta(minutes=row.minutes) if row.minutes is not None else None,
        ended_at=row.ended_at,
        reason=REASONS.get(row.end_reason or ""),
        is_ending=row.end_asked is not None and row.ended_at is None,
    )


def _state(row: Any) -> str:
    if row.state == MeetingState.RUNNING and (row.failing_since or row.unknown_since):
        return "unknown"
    return str(row.state)
