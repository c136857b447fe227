"""Mails about tasks: to operators, and to whoever took one."""

from typing import Literal

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.joining.models import Task
from app.mail import Mailer
from app.web.pages import address_of


async def tell_operators(
    session: AsyncSession, request: Request, task: Task, news: Literal["suggested", "handed_in"]
) -> None:
    """There is something to look at."""
    wanted = (User.is_operator, User.banned_at.is_(None), User.verified_at.is_not(None))
    for user in await session.scalars(select(User).where(*wanted)):
        await _send(session, request, user, task, news)


async def tell_taker(
    session: AsyncSession, request: Request, task: Task, news: Literal["accepted", "returned"]
) -> None:
    """An operator has looked at it."""
    user = await session.get(User, task.taken_by)
    if user is not None:
        await _send(session, request, user, task, news)


async def tell_closed(session: AsyncSession, request: Request, task: Task, taker: int | None) -> None:
    """It is off the list: to whoever had taken it. They see it no longer, so the link is the list's."""
    user = await session.get(User, taker) if taker is not None else None
    if user is not None:
        await _send(session, request, user, task, "closed", address_of(request, "tasks.index"))


async def _send(
    session: AsyncSession, request: Request, user: User, task: Task, news: str, link: str | None = None
) -> None:
    mailer: Mailer = request.app.state.mailer
    link = link or address_of(request, "tasks.show", task_id=task.id)
    await mailer.send(
        session,
        user.email,
        "task_news",
        language=user.language,
        reader=user.id,
        news=news,
        title=task.title,
        answer=task.answer,
        link=link,
    )
