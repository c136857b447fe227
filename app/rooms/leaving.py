"""What becomes of rooms when an account goes, and what a person's export says of them."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.deletion import goes_with_account
from app.accounts.export import exports
from app.accounts.models import User
from app.organisations.conditions import heir
from app.organisations.leaving import Leaving, goes_with_host
from app.rooms.models import Room
from app.rooms.service import delete_room


@goes_with_account
async def rooms_go(session: AsyncSession, user_id: int) -> None:
    """A person's own rooms are deleted; an organisation's rooms go to its longest-serving admin or host."""
    holder_id = await session.scalar(select(User.holder_id).where(User.id == user_id))
    for room in (await session.scalars(select(Room).where(Room.holder_id == holder_id))).all():
        await delete_room(session, room)
    left, next_host = Room.host_id == user_id, heir(user_id, Room.holder_id)
    # An organisation need not have anybody else: then its room goes too.
    for room in (await session.scalars(select(Room).where(left, next_host.is_(None)))).all():
        await delete_room(session, room)
    await session.execute(update(Room).where(left).values(host_id=next_host))


@goes_with_host
async def rooms_stay(session: AsyncSession, leaving: Leaving) -> None:
    """An organisation's rooms survive their host: whoever is chosen hosts them from now on."""
    await session.execute(
        update(Room)
        .where(Room.holder_id == leaving.holder_id, Room.host_id == leaving.user_id)
        .values(host_id=leaving.heir_id)
    )


@exports
async def rooms_of(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """The rooms that the person hosts, with all that can be set of them."""
    rooms = await session.scalars(select(Room).where(Room.host_id == user_id).order_by(Room.id))
    return {
        "rooms": [
            {
                "name": room.name,
                "address": room.slug,
                "description": room.description,
                "access_code": room.access_code,
                "lobby": room.lobby,
                "who_may_start": room.who_may_start,
                "record": room.record,
                "recording_visibility": room.recording_visibility,
                "recording_days": room.recording_days,
                "created_at": room.created_at,
                "last_used_at": room.last_used_at,
            }
            for room in rooms
        ]
    }
