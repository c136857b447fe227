"""Closing one room: its meeting ends, nobody starts or joins one there, and its hosts read why."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.admin.operators import as_operator
from app.errors import NotFoundError
from app.live import announce, holder_topic, room_topic
from app.meetings.ending import ask_to_end_all
from app.meetings.models import EndReason
from app.memberships.limits import hold
from app.rooms.models import Room


async def find_room(session: AsyncSession, room_id: int) -> Room:
    """The room, or NotFoundError."""
    room = await session.get(Room, room_id)
    if room is None:
        raise NotFoundError
    return room


async def close_room(session: AsyncSession, viewer: Viewer, room_id: int, reason: str) -> bool:
    """Close it; whether a meeting ends with that, within the worker's next round. Raises NotFoundError.

    Under the holder's lock, as every start: a meeting that is being reserved at this moment ends, too.
    """
    await as_operator(session, viewer)
    holder_id = await session.scalar(select(Room.holder_id).where(Room.id == room_id))
    if holder_id is None:
        raise NotFoundError
    await hold(session, holder_id)
    room = await find_room(session, room_id)
    room.closed_at, room.closed_reason = clock.now(), reason
    await session.flush()
    ended = await ask_to_end_all(session, EndReason.BANNED, room_id=room_id)
    await announce(session, room_topic(room_id), holder_topic(room.holder_id))
    return bool(ended)


async def open_room(session: AsyncSession, viewer: Viewer, room_id: int) -> None:
    """Let meetings start there again. Raises NotFoundError."""
    await as_operator(session, viewer)
    room = await find_room(session, room_id)
    room.closed_at, room.closed_reason = None, ""
    await session.flush()
    await announce(session, room_topic(room_id), holder_topic(room.holder_id))
