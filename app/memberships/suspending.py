"""Suspending the membership that a holder has now, and lifting that again."""

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError
from app.i18n import lazy
from app.live import announce, holder_topic
from app.memberships.limits import hold
from app.memberships.models import Membership


class NothingToSuspendError(ConflictError):
    """The holder has no membership now, or it is suspended already."""

    code = "nothing_to_suspend"
    message = lazy("There is no membership to suspend, or it is suspended already.")


async def suspend(session: AsyncSession, holder_id: int, *, reason: str) -> Membership:
    """From now on the present membership grants nothing: its holder has the limits of the free tier.

    What runs goes on under the terms it started with. Raises NotFoundError, NothingToSuspendError.
    """
    membership = await _present(session, holder_id)
    if membership is None or membership.suspended_at is not None:
        raise NothingToSuspendError
    membership.suspended_at, membership.suspension_reason = clock.now(), reason
    await session.flush()
    await announce(session, holder_topic(holder_id))
    return membership


async def lift(session: AsyncSession, holder_id: int) -> None:
    """The present membership grants its tier again, till the end it had; nothing happens to one that does."""
    membership = await _present(session, holder_id)
    if membership is not None and membership.suspended_at is not None:
        membership.suspended_at = membership.suspension_reason = None
        await session.flush()
        await announce(session, holder_topic(holder_id))


async def _present(session: AsyncSession, holder_id: int) -> Membership | None:
    """The membership that `standings` finds, with its holder locked."""
    held, now = await hold(session, holder_id), clock.now()
    grace = func.make_interval(0, 0, 0, held.policy.membership_grace_days)
    return await session.scalar(
        select(Membership)
        .where(
            Membership.holder_id == holder_id,
            Membership.starts_at <= now,
            or_(Membership.ends_at.is_(None), Membership.ends_at + grace > now),
        )
        .order_by(Membership.starts_at.desc(), Membership.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
