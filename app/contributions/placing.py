"""Where a granted membership has its place in time: now, after the one that it renews, or nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.models import Grant, GrantEntry, GrantState
from app.memberships.ending import end_at, goes_with_withdrawal, withdraw_one
from app.memberships.granting import renew_or_begin
from app.memberships.limits import HeldLimits
from app.memberships.models import Membership, MembershipAct, Tier
from quotas.memberships import year_of


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
            .where(
                Membership.holder_id == held.holder_id,
                Membership.withdrawn_at.is_(None),
                Membership.id.not_in(fallen),
            )
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
        return year_of(start, first)


async def place_on(
    session: AsyncSession,
    held: HeldLimits,
    place: Place,
    tier: Tier,
    *,
    days: int,
    reason: str,
    by: str,
    cents: int | None = None,
    awarded: bool = False,
) -> int:
    """Make the membership at its place, for so many days, and return its number; the holder is held.

    `cents` is its price; an awarded one has none.
    """
    if place.settles is not None:
        return place.settles.id
    lasts = timedelta(days=days)
    made = await renew_or_begin(
        session,
        held.holder_id,
        tier.key,
        lambda start: start + lasts,
        reason=reason,
        granted_by=by,
        cents=cents,
        awarded=awarded,
    )
    return made.id


async def end_granted(
    session: AsyncSession, membership_id: int, *, by: str, reason: str
) -> MembershipAct | None:
    """End a membership whose ground is gone, now: it works on through its grace, as at any end.

    One that has not begun never does; one that is over stays as it was. The holder is held. Returns what was done.
    """
    now = clock.now()
    membership = await session.get_one(Membership, membership_id, populate_existing=True)
    if membership.withdrawn_at is not None or (membership.ends_at is not None and membership.ends_at <= now):
        return None
    if membership.starts_at > now:
        await withdraw_one(session, membership, by=by, reason=reason)
        return MembershipAct.WITHDRAWN
    await end_at(session, membership, now, MembershipAct.ENDED, by=by, reason=reason)
    return MembershipAct.ENDED


@goes_with_withdrawal
async def _free_again(session: AsyncSession, membership_id: int, by: str, reason: str) -> None:
    """What had earned a membership that never begins can earn another one."""
    earned = (Grant.membership_id == membership_id, Grant.state == GrantState.GRANTED, ~Grant.settles)
    for grant in await session.scalars(select(Grant).where(*earned)):
        grant.state, grant.reason = GrantState.FALLEN, reason
        grant.decided_at, grant.decided_by = clock.now(), by
        await session.flush()
        freed = update(GrantEntry).where(GrantEntry.grant_id == grant.id).values(earned=False)
        await session.execute(freed)
