"""Closing the house to someone: their account, their rooms, their running meetings."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service
from app.accounts.access import Viewer
from app.accounts.models import User
from app.admin.operators import as_operator
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.live import announce, holder_topic, room_topic
from app.meetings.ending import ask_to_end_all
from app.meetings.models import EndReason
from app.memberships.limits import hold
from app.rooms.models import Room


class NotYourselfError(ConflictError):
    """Nobody bans themselves."""

    code = "not_yourself"
    message = lazy("You cannot ban yourself. Another operator can.")


async def ban(session: AsyncSession, viewer: Viewer, user_id: int, reason: str) -> int:
    """Ban a person; returns how many of their meetings end with it, within the worker's next round.

    Raises NotFoundError, NotYourselfError.
    """
    if user_id == viewer.id:
        raise NotYourselfError
    await as_operator(session, viewer)
    holders = await _hold_all(session, user_id)
    await service.ban(session, user_id, reason)
    ended = await _end_meetings(session, user_id)
    await _tell_pages(session, user_id, holders)
    return ended


async def unban(session: AsyncSession, viewer: Viewer, user_id: int) -> None:
    """Open the account and its rooms again. Raises NotFoundError."""
    await as_operator(session, viewer)
    user = await service.unban(session, user_id)
    await _tell_pages(session, user_id, [user.holder_id])


async def _hold_all(session: AsyncSession, user_id: int) -> list[int]:
    """Lock the person as a holder: an organisation's rooms stay open, and its admins host them.

    Whoever starts a meeting holds the same lock while looking for a ban: none can slip in between.
    """
    own = await session.scalar(select(User.holder_id).where(User.id == user_id))
    if own is None:
        raise NotFoundError
    await hold(session, own)
    return [own]


async def _end_meetings(session: AsyncSession, user_id: int) -> int:
    """Ask for the end of every meeting that is held by them. One of an organisation goes on without them."""
    own = await session.scalar(select(User.holder_id).where(User.id == user_id))
    return len(await ask_to_end_all(session, EndReason.BANNED, holder_id=own or 0))


async def _rooms(session: AsyncSession, user_id: int) -> list[int]:
    return list(await session.scalars(select(Room.id).where(Room.host_id == user_id)))


async def _tell_pages(session: AsyncSession, user_id: int, holders: list[int]) -> None:
    topics = [room_topic(room_id) for room_id in await _rooms(session, user_id)]
    await announce(session, *topics, *(holder_topic(holder_id) for holder_id in holders))
