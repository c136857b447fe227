"""Ending memberships: at another moment than was said, or before they have begun."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.changes import write_down
from app.memberships.course import HolderCourse, course_of
from app.memberships.limits import hold
from app.memberships.models import Membership, MembershipAct, MembershipReminder

# What becomes of the contributions that had earned it is the ledger's to say; it stands further right.
Acting = Callable[[AsyncSession, int, str, str], Awaitable[None]]
_with_withdrawal: list[Acting] = []


def goes_with_withdrawal(act: Acting) -> Acting:
    """`async (session, membership_id, by, reason)` is done when a membership is withdrawn before it begins."""
    if act not in _with_withdrawal:
        _with_withdrawal.append(act)
    return act


class NothingToEndError(ConflictError):
    """The membership is over, or was withdrawn."""

    code = "nothing_to_end"
    message = lazy("This membership is over already. Look at it again.")


async def end_membership(
    session: AsyncSession, holder_id: int, membership_id: int, at: datetime | None, *, by: str, reason: str
) -> Membership:
    """Let a membership end at another moment (None: now); its grace follows, and its reminders begin anew.

    An earlier end withdraws what was to follow it. Raises NotFoundError, NothingToEndError.
    """
    course, membership = await _held(session, holder_id, membership_id)
    now = clock.now()
    if membership.starts_at > now or (membership.ends_at is not None and membership.ends_at <= now):
        raise NothingToEndError
    at = max(at or now, now)
    if membership.ends_at is None or at < membership.ends_at:
        await withdraw_coming(session, course, by=by, reason=reason)
    await end_at(session, membership, at, MembershipAct.ENDED, by=by, reason=reason)
    return membership


async def withdraw(
    session: AsyncSession, holder_id: int, membership_id: int, *, by: str, reason: str
) -> Membership:
    """Take back a membership that has not begun: it never holds. Raises NotFoundError, NothingToEndError.

    What would have followed it is withdrawn too.
    """
    course, membership = await _held(session, holder_id, membership_id)
    if membership.starts_at <= clock.now() or membership.withdrawn_at is not None:
        raise NothingToEndError
    for line in course.coming():
        if line.row.starts_at >= membership.starts_at:
            await withdraw_one(session, line.row, by=by, reason=reason)
    return membership


async def withdraw_coming(session: AsyncSession, course: HolderCourse, *, by: str, reason: str = "") -> None:
    """Take back whatever has not begun; the holder is held."""
    for line in course.coming():
        await withdraw_one(session, line.row, by=by, reason=reason)


async def end_at(
    session: AsyncSession,
    membership: Membership,
    at: datetime,
    act: MembershipAct,
    *,
    by: str,
    reason: str = "",
) -> None:
    """Let a membership end then; the holder is held."""
    # The table wants an end after the start, also of one that began at this very moment.
    membership.ends_at = max(at, membership.starts_at + timedelta(microseconds=1))
    await session.execute(delete(MembershipReminder).where(MembershipReminder.membership_id == membership.id))
    await write_down(session, membership, act, by=by, reason=reason)


async def withdraw_one(session: AsyncSession, membership: Membership, *, by: str, reason: str = "") -> None:
    """Take one back that has not begun, and free what had earned it; the holder is held."""
    membership.withdrawn_at = clock.now()
    await session.flush()
    await write_down(session, membership, MembershipAct.WITHDRAWN, by=by, reason=reason)
    for act in _with_withdrawal:
        await act(session, membership.id, by, reason)


async def _held(session: AsyncSession, holder_id: int, membership_id: int) -> tuple[HolderCourse, Membership]:
    """The holder's course under its lock, and one of its memberships."""
    course = await course_of(session, await hold(session, holder_id))
    if membership_id not in course.lines:
        raise NotFoundError
    return course, course.lines[membership_id].row
