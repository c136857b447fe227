"""Making operators and bookkeepers, and taking it back; somebody always is an operator."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.deletion import DELETION
from app.accounts.models import User
from app.accounts.service import held
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy


class LastOperatorError(ConflictError):
    """Without an operator nobody could make one."""

    code = "last_operator"
    title = lazy("You are the last operator")
    message = lazy("Make someone else an operator first.")


class CannotOperateError(ConflictError):
    """Whoever runs the service has shown that their address is theirs, and is not banned."""

    code = "cannot_operate"
    message = lazy("Only someone with a verified address who is not banned can be an operator.")


async def as_operator(session: AsyncSession, viewer: Viewer) -> None:
    """Let operators decide about each other one after the other, and only while they are operators.

    The lock is the one of deletions: two who ban, demote or delete at the same moment cannot leave nobody.
    Raises NotFoundError: the viewer is none any more.
    """
    await session.execute(select(func.pg_advisory_xact_lock(DELETION)))
    still = select(User.id).where(User.id == viewer.id, User.is_operator, User.banned_at.is_(None))
    if await session.scalar(still) is None:
        raise NotFoundError


async def make_operator(session: AsyncSession, viewer: Viewer, user_id: int) -> None:
    """Let a person run the service. Raises NotFoundError, CannotOperateError."""
    await as_operator(session, viewer)
    user = await _person(session, user_id)
    if user.verified_at is None or user.banned_at is not None:
        raise CannotOperateError
    user.is_operator = True
    await session.flush()


async def unmake_operator(session: AsyncSession, viewer: Viewer, user_id: int) -> None:
    """Take it back; also from oneself, unless nobody else is left. Raises NotFoundError, LastOperatorError."""
    await as_operator(session, viewer)
    user = await _person(session, user_id)
    others = select(User.id).where(User.is_operator, User.banned_at.is_(None), User.id != user_id)
    if await session.scalar(others.limit(1)) is None:
        raise LastOperatorError
    user.is_operator = False
    await session.flush()


async def set_bookkeeper(session: AsyncSession, viewer: Viewer, user_id: int, *, is_one: bool) -> None:
    """Let a person keep the books, or no longer. Raises NotFoundError, CannotOperateError."""
    await as_operator(session, viewer)
    user = await _person(session, user_id)
    if is_one and (user.verified_at is None or user.banned_at is not None):
        raise CannotOperateError(
            lazy("Only someone with a verified address who is not banned can keep the books.")
        )
    user.is_bookkeeper = is_one
    await session.flush()


async def _person(session: AsyncSession, user_id: int) -> User:
    user = await held(session, user_id)
    if user is None:
        raise NotFoundError
    return user
