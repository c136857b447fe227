"""Where a granted membership has its place in time: now, after the one that it renews, or nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.models import Grant, GrantState
from app.live import announce, holder_topic
from app.memberships.granting import put_on_tier
from app.memberships.limits import HeldLimits
from app.memberships.models import Membership, Tier

YEAR = timedelta(days=365)
# A year that an operator typed the last day of is a little shorter.
ABOUT = timedelta(days=30)


@dataclass(frozen=True)
class Place:
    """From when a membership would hold, what it renews, and which of the holder's years on the tier it is."""

    starts_at: datetime
    renews: Membership | None
    year: int
    """0: the first"""
    settles: Membership | None = None
    """one that is there already, given by hand, and is to be paid for: nothing new is made"""


@dataclass(frozen=True)
class Places:
    """The memberships that a holder has and had, oldest first, with the positions of their tiers."""

    memberships: Sequence[tuple[Membership, int]]
    grace: timedelta
    carried: frozenset[int]
    """the numbers of those that contributions stand behind"""

    @classmethod
    async def of(cls, session: AsyncSession, held: HeldLimits) -> "Places":
        """Of a holder; those that were granted by mistake do not count."""
        fallen = select(Grant.membership_id).where(
            Grant.state == GrantState.FALLEN, ~Grant.settles, Grant.membership_id.is_not(None)
        )
        found = await session.execute(
            select(Membership, Tier.position)
            .join(Tier, Tier.id == Membership.tier_id)
            .where(Membership.holder_id == held.holder_id, Membership.id.not_in(fallen))
            .order_by(Membership.starts_at, Membership.id)
            .execution_options(populate_existing=True)
        )
        grace = timedelta(days=held.policy.membership_grace_days)
        carried = select(Grant.membership_id).where(
            Grant.holder_id == held.holder_id, Grant.state == GrantState.GRANTED
        )
        numbers = frozenset(one for one in await session.scalars(carried) if one is not None)
        return cls([(row[0], row[1]) for row in found], grace, numbers)

    def for_tier(self, tier: Tier, now: datetime) -> Place | None:
        """Where a membership of this tier would go, or which one waits to be paid for.

        Nowhere while something else is promised for later, an operator has suspended the holder, the holder is on
        a higher tier, or on this one without an end.
        """
        present, position = self._present(now)
        if present is not None and self._is_owed(present, tier):
            return Place(present.starts_at, None, self._year(tier, present.starts_at), settles=present)
        if any(one.starts_at > now for one, _position in self.memberships):
            return None
        if present is not None and present.suspended_at is None and present.tier_id == tier.id:
            ends_at = present.ends_at
            return Place(ends_at, present, self._year(tier, ends_at)) if ends_at is not None else None
        is_better = present is None or (present.suspended_at is None and position < tier.position)
        return Place(now, None, self._year(tier, now)) if is_better else None

    def _present(self, now: datetime) -> tuple[Membership | None, int]:
        for one, position in reversed(self.memberships):
            if one.starts_at <= now and (one.ends_at is None or one.ends_at + self.grace > now):
                return one, position
        return None, 0

    def _is_owed(self, present: Membership, tier: Tier) -> bool:
        """Whether it was given by hand on this tier, has a price, and nothing stands behind it yet."""
        if present.tier_id != tier.id or present.awarded or present.suspended_at is not None:
            return False
        return present.id not in self.carried and bool(
            present.cents or (present.cents is None and tier.yearly_cents)
        )

    def _year(self, tier: Tier, start: datetime) -> int:
        first = next((one.starts_at for one, _ in self.memberships if one.tier_id == tier.id), start)
        return max(0, (start - first + ABOUT) // YEAR)


async def place_on(
    session: AsyncSession, held: HeldLimits, place: Place, tier: Tier, *, days: int, cents: int, by: str
) -> int:
    """Make the membership at its place, for so many days, and return its number; the holder is held."""
    if place.settles is not None:
        return place.settles.id
    ends_at = place.starts_at + timedelta(days=days)
    reason = f"Contributions of {cents / 100:.2f} EUR"
    if place.renews is None:
        made = await put_on_tier(
            session, held.holder_id, tier.key, reason=reason, granted_by=by, ends_at=ends_at
        )
        made.ends_at, made.cents = made.starts_at + timedelta(days=days), cents
    else:
        made = Membership(
            holder_id=held.holder_id,
            tier_id=tier.id,
            starts_at=place.starts_at,
            ends_at=ends_at,
            reason=reason,
            granted_by=by,
            renews_id=place.renews.id,
            seats=place.renews.seats,
            cents=cents,
        )
        session.add(made)
        await announce(session, holder_topic(held.holder_id))
    await session.flush()
    return made.id


async def end_granted(session: AsyncSession, held: HeldLimits, membership_id: int) -> None:
    """End a membership whose ground is gone, now: it works on through its grace, as at any end.

    One that has not begun ends as it begins.
    """
    now = clock.now()
    await session.execute(
        update(Membership)
        .where(Membership.id == membership_id, (Membership.ends_at.is_(None)) | (Membership.ends_at > now))
        # The table wants an end after the start.
        .values(ends_at=func.greatest(now, Membership.starts_at + timedelta(microseconds=1)))
    )
    await announce(session, holder_topic(held.holder_id))
