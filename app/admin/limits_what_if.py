"""What if a holder were on another tier, or had another limit: asked of the rules, nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.admin.limits import HeldNow
from app.admin.limits_refusals import Refusals, refusals_under
from app.admin.limits_schemas import LimitInput
from app.admin.limits_words import LABELS, amount
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.limits import overridden, tier_limits
from app.memberships.models import Tier
from app.rooms.models import Room
from quotas.limits import LimitName, Limits, limits_of
from quotas.storage import excess_bytes

NAMED_ROOMS = 5


@dataclass(frozen=True)
class Change:
    """One limit before and after, and what would be above it."""

    label: str
    before: str
    after: str
    differs: bool
    follows: str


@dataclass(frozen=True)
class WhatIf:
    """The answer, for the page."""

    tier_name: str | None
    tried: LimitName | None
    changes: list[Change]
    refusals: list[Refusals]

    @property
    def times(self) -> int:
        """All refusals."""
        return sum(each.times for each in self.refusals)

    @property
    def granted(self) -> int:
        """Those that the limits would have let pass."""
        return sum(each.granted for each in self.refusals)

    @property
    def untold(self) -> int:
        """Those whose figures do not tell."""
        return sum(each.untold for each in self.refusals)


async def what_if(session: AsyncSession, held: HeldNow, tier: Tier | None, tried: LimitInput) -> WhatIf:
    """Limit by limit before and after, and what becomes of the refusals; overrides and seats that hold stay."""
    after = _after(held, tier, tried)
    return WhatIf(
        tier_name=tier.name if tier else None,
        tried=tried.limit,
        changes=await _changes(session, held, after),
        refusals=await refusals_under(session, held, after),
    )


def _after(held: HeldNow, tier: Tier | None, tried: LimitInput) -> Limits:
    standing = held.standing
    says = tier_limits(tier) if tier else standing.tier
    limits = overridden(limits_of(says, standing.hosts, seats=standing.seats), standing.overrides)
    return limits.overridden(**{str(tried.limit): tried.number}) if tried.limit else limits


async def _changes(session: AsyncSession, held: HeldNow, after: Limits) -> list[Change]:
    before, resting = held.standing.limits, await _resting_rooms(session, held, after)
    above = _above(held, after, resting)
    return [
        Change(
            label=str(LABELS[name]),
            before=amount(name, before.of(name)),
            after=amount(name, after.of(name)),
            differs=before.of(name) != after.of(name),
            follows=above.get(name, ""),
        )
        for name in held.names
    ]


async def _resting_rooms(session: AsyncSession, held: HeldNow, after: Limits) -> Sequence[str]:
    """Names of rooms that would be read-only, the last used of them first."""
    if after.rooms is None:
        return []
    rooms = (
        select(Room.name)
        .where(Room.holder_id == held.standing.holder_id)
        .order_by(Room.last_used_at.desc(), Room.id.desc())
        .offset(after.rooms)
        .limit(NAMED_ROOMS)
    )
    return (await session.scalars(rooms)).all()


def _above(held: HeldNow, after: Limits, resting: Sequence[str]) -> dict[LimitName, str]:
    """What would be above the limits, in words: it stays, and no more of it is granted."""
    found: dict[LimitName, str] = {}
    if resting:
        found[LimitName.ROOMS] = _resting_words(held.rooms - (after.rooms or 0), resting)
    bytes_above = excess_bytes(after.storage_bytes, held.use.stored_bytes)
    if bytes_above:
        found[LimitName.STORAGE_BYTES] = _(
            "%(size)s above: untouched for %(days)s days, and nothing is recorded meanwhile.",
            size=wording.size(bytes_above),
            days=held.standing.policy.retention_grace_days,
        )
    more = _more_than(after.at_once, held.use.at_once)
    if more:
        found[LimitName.AT_ONCE] = _n(
            "One meeting more than that runs: it goes on to its end.",
            "%(num)s meetings more than that run: they go on to their end.",
            more,
        )
    more = _more_than(after.hosts, held.standing.hosts)
    if more:
        found[LimitName.HOSTS] = _n(
            "One host more than that: they stay, and no further one is added.",
            "%(num)s hosts more than that: they stay, and no further one is added.",
            more,
        )
    return found


def _more_than(limit: int | None, used: int) -> int:
    return 0 if limit is None else max(0, used - limit)


def _resting_words(number: int, names: Sequence[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names)
    rest = number - len(names)
    if rest > 0:
        named = _("%(named)s and %(num)s more", named=named, num=wording.number(rest))
    return _n(
        "One room would be read-only: %(named)s.",
        "%(num)s rooms would be read-only: %(named)s.",
        number,
        named=named,
    )
