"""A meeting that was ended here by mistake and still runs: it goes on if that is possible, else it has to end."""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.db import Database
from app.live import announce, holder_topic, room_topic
from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.meetings.queries import Use, use_of
from app.memberships.limits import HeldLimits, hold
from app.organisations.shares import share_of
from app.rooms.models import Room
from quotas.decisions import Granted
from quotas.rules import may_start_meeting
from quotas.storage import headroom, reservation

log = structlog.get_logger()


async def revive_or_give_up(database: Database, meeting_id: int) -> str | None:
    """Let a meeting go on that BBB still lists although it ended here without anyone's wish.

    Returns its external id if that cannot be: it is to be ended by API.

    Under the lock of its holder, like a start: it takes a place among the meetings at once again. Its minutes
    still count from its start, so that its sitting has lost nothing and won nothing.
    """
    async with database.transaction() as session:
        holder_id = await session.scalar(select(Meeting.holder_id).where(Meeting.id == meeting_id))
        if holder_id is None:
            return None
        held = await hold(session, holder_id)
        row = await _still_ended(session, meeting_id)
        if row is None:
            return None
        if await _may_go_on(session, held, row):
            await _revive(session, held, row)
            return None
        # From now on every round that finds it asks for its end.
        await session.execute(
            update(Meeting)
            .where(Meeting.id == meeting_id)
            .values(end_asked=row.end_reason or str(EndReason.GONE))
        )
    log.info("meeting.ended_for_good", meeting=meeting_id)
    external_id: str = row.external_id
    return external_id


async def _still_ended(session: AsyncSession, meeting_id: int) -> Any:
    """The meeting, locked, if no other round was faster."""
    found = await session.execute(
        select(
            Meeting.id,
            Meeting.external_id,
            Meeting.room_id,
            Meeting.holder_id,
            Meeting.minutes,
            Meeting.recorded,
            Meeting.reserved_bytes,
            Meeting.end_reason,
        )
        .where(Meeting.id == meeting_id, Meeting.state == MeetingState.ENDED, Meeting.end_asked.is_(None))
        .with_for_update(key_share=True)
    )
    return found.one_or_none()


async def _may_go_on(session: AsyncSession, held: HeldLimits, row: Any) -> bool:
    """Whether the room is free and the holder has a place for it: the rule of starting is asked."""
    room = await session.execute(
        select(
            case((User.holder_id == Room.holder_id, User.banned_at)).label("banned_at"),
            Room.closed_at,
            Room.host_id,
            select(Meeting.id)
            .where(Meeting.room_id == Room.id, Meeting.state.in_(UNFINISHED))
            .exists()
            .label("taken"),
        )
        .join(Room, Room.host_id == User.id)
        .where(Room.id == row.room_id)
    )
    found = room.one_or_none()
    if found is None or found.taken:
        return False
    use = await use_of(session, row.holder_id)
    if row.recorded and not await _recording_fits(session, held, row, use, found.host_id):
        return False
    # Only the places are asked for: it has its length, its size and its room already (DOMAIN.md rule 7).
    decision = may_start_meeting(
        held.limits.overridden(meeting_minutes=None),
        held.policy,
        now=clock.now(),
        at_once=use.at_once,
        sitting=None,
        banned=found.closed_at is not None or found.banned_at is not None,
    )
    return isinstance(decision, Granted)


async def _recording_fits(session: AsyncSession, held: HeldLimits, row: Any, use: Use, host_id: int) -> bool:
    """Whether what it may still record has space: of the holder, and of the share of the room's host."""
    free = [headroom(held.limits.storage_bytes, use.stored_bytes, use.reserved_bytes - row.reserved_bytes)]
    of_host = await share_of(session, held, host_id)
    if of_host is not None:
        share = of_host.share
        free.append(headroom(share.limit, share.stored_bytes, share.reserved_bytes - row.reserved_bytes))
    needed = reservation(row.minutes, held.policy)
    return all(one is None or needed <= one for one in free)


async def _revive(session: AsyncSession, held: HeldLimits, row: Any) -> None:
    log.info("meeting.revived", meeting=row.id)
    nothing: datetime | None = None
    values = {
        "state": MeetingState.RUNNING,
        "ended_at": nothing,
        "end_reason": nothing,
        "missing_since": nothing,
        # It is seen now; nobody saw who was there meanwhile.
        "counted_at": clock.now(),
        "recordings_due_at": nothing,
        "reserved_bytes": reservation(row.minutes, held.policy) if row.recorded else 0,
    }
    await session.execute(update(Meeting).where(Meeting.id == row.id).values(values))
    await announce(session, room_topic(row.room_id), holder_topic(row.holder_id))
