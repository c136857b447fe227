"""Somebody tries the codes of a room from everywhere: wrong answers come slowly, and the host is told once a day."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Request
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.mail import Mailer
from app.rooms.models import Room
from app.web.pages import address_of

TOLD_AGAIN_AFTER = timedelta(days=1)
SLOWED_SECONDS = 2.0


async def note_guessing(session: AsyncSession, request: Request, room_id: int) -> None:
    """More wrong codes than people mistype: this answer will be slow, and the host gets a mail, once a day."""
    request.state.is_slowed = True
    now = clock.now()
    is_news = or_(Room.code_guessed_at.is_(None), Room.code_guessed_at < now - TOLD_AGAIN_AFTER)
    noted = await session.execute(
        update(Room)
        .where(Room.id == room_id, is_news)
        .values(code_guessed_at=now)
        .returning(Room.name, Room.slug, Room.host_id)
    )
    room = noted.one_or_none()
    if room is None:
        return
    host = await session.execute(select(User.email, User.language).where(User.id == room.host_id))
    email, language = host.one()
    mailer: Mailer = request.app.state.mailer
    link = address_of(request, "rooms.edit", slug=room.slug)
    await mailer.send(session, email, "code_guessed", language=language, room=room.name, link=link)


async def slow_down(request: Request) -> None:
    """Wait before a wrong code is answered, if codes are being guessed. Call it without a connection in hand."""
    if getattr(request.state, "is_slowed", False):
        await asyncio.sleep(SLOWED_SECONDS)


def is_being_guessed(guessed_at: datetime | None) -> bool:
    """Whether the host of a room is to read that its code is being guessed."""
    return guessed_at is not None and guessed_at > clock.now() - TOLD_AGAIN_AFTER
