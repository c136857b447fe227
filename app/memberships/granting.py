"""Putting a holder on a tier: what was before is ended, never overwritten, so that the history stays."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError
from app.i18n import lazy
from app.live import announce, holder_topic
from app.memberships.limits import hold
from app.memberships.models import Holder, Membership, Tier
from app.memberships.shipped import FREE


class NotForThisHolderError(ConflictError):
    """There is no such tier, or it is for people and the holder is an organisation, or the other way round."""

    code = "tier_not_for_this_holder"
    message = lazy("This tier is not for them. Choose one from the list.")


async def tiers_for(session: AsyncSession, kind: str) -> list[Tier]:
    """The tiers that a holder of this kind can be put on, in their order; the free one is open to all."""
    fits = or_(Tier.kind == kind, Tier.key == FREE)
    found = select(Tier).where(fits, Tier.retired_at.is_(None)).order_by(Tier.position)
    return list(await session.scalars(found))


async def put_on_tier(
    session: AsyncSession,
    holder_id: int,
    tier_key: str,
    *,
    reason: str,
    granted_by: str,
    ends_at: datetime | None = None,
    seats: int | None = None,
) -> Membership:
    """Put a holder on a tier from now on, until `ends_at` (None: until further notice).

    `seats` are the hosts that an organisation may have (None: as many as it likes); who hosts already stays.
    The membership that holds now ends now. Back to free is a membership too: an ended one would go on through
    its grace. Raises NotFoundError, NotForThisHolderError.
    """
    await hold(session, holder_id)
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id))
    tier = next((tier for tier in await tiers_for(session, kind or "") if tier.key == tier_key), None)
    if tier is None:
        raise NotForThisHolderError
    now = clock.now()
    await _end_present(session, holder_id, now)
    membership = Membership(
        holder_id=holder_id,
        tier_id=tier.id,
        starts_at=now,
        ends_at=ends_at,
        reason=reason,
        granted_by=granted_by,
        seats=seats,
    )
    session.add(membership)
    await session.flush()
    await announce(session, holder_topic(holder_id))
    return membership


async def _end_present(session: AsyncSession, holder_id: int, now: datetime) -> None:
    present = or_(Membership.ends_at.is_(None), Membership.ends_at > now)
    await session.execute(
        update(Membership)
        .where(Membership.holder_id == holder_id, Membership.starts_at <= now, present)
        # The table wants an end after the start, also of one that began at this very moment.
        .values(ends_at=func.greatest(now, Membership.starts_at + timedelta(microseconds=1)))
    )
