"""What if a holder were on another tier, or had another limit: asked of the rules, nothing is changed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.admin.limits import HeldNow
from app.admin.limits_schemas import LimitInput
from app.admin.limits_words import LABELS, REASONS, amount
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.decision_log import KEPT
from app.memberships.limits import overridden, tier_limits
from app.memberships.models import LoggedDecision, Tier
from app.rooms.models import Room
from quotas.decisions import Decision, Granted, Reason
from quotas.limits import LimitName, Limits, is_more, limits_of
from quotas.rules import (
    is_read_only,
    may_add_host,
    may_create_room,
    may_gather,
    may_join,
    may_start_meeting,
)
from quotas.sittings import Sitting
from quotas.storage import excess_bytes, headroom

NAMED_ROOMS = 5
# Refusals with the same figures are one; nobody has so many different ones.
MOST_REFUSALS = 1000


@dataclass(frozen=True)
class Change:
    """One limit before and after, and what would be above it."""

    label: str
    before: str
    after: str
    differs: bool
    follows: str


@dataclass(frozen=True)
class Refusals:
    """The last 30 days' refusals for one reason: how many, how many the limit would have let pass, or may have."""

    reason: str
    times: int
    granted: int
    untold: int


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
        refusals=await _refusals(session, held, after),
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


async def _refusals(session: AsyncSession, held: HeldNow, after: Limits) -> list[Refusals]:
    row = LoggedDecision
    figures = (row.reason, row.limit_value, row.used, row.asked)
    found = await session.execute(
        select(*figures, func.sum(row.times).label("times"))
        .where(
            row.holder_id == held.standing.holder_id,
            row.granted.is_(False),
            row.at > clock.now() - KEPT,
        )
        .group_by(*figures)
        .order_by(func.max(row.at).desc())
        .limit(MOST_REFUSALS)
    )
    by_reason: dict[str, list[tuple[int, bool | None]]] = defaultdict(list)
    for each in found:
        by_reason[each.reason].append((int(each.times), would_be_granted(held, each, after)))
    return [
        Refusals(
            reason=str(REASONS.get(reason, reason)),
            times=sum(times for times, _verdict in verdicts),
            granted=sum(times for times, verdict in verdicts if verdict),
            untold=sum(times for times, verdict in verdicts if verdict is None),
        )
        for reason, verdicts in by_reason.items()
    ]


def would_be_granted(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """Whether the limit that refused would have let it pass, by the rule itself; None: its figures do not tell.

    Another limit might still have refused: what it would have found then is not known.
    """
    if row.reason not in _ASK:
        return False if row.reason in set(Reason) else None
    return _ASK[row.reason](held, row, after)


def _is_granted(decision: Decision[Any]) -> bool:
    return isinstance(decision, Granted)


def _at_once(held: HeldNow, row: Any, after: Limits) -> bool:
    only = after.overridden(rooms=None, meeting_minutes=None, group_size=None)
    now, policy = clock.now(), held.standing.policy
    return _is_granted(may_start_meeting(only, policy, now=now, at_once=row.used, sitting=None))


def _sitting(held: HeldNow, row: Any, after: Limits) -> bool:
    only = after.overridden(rooms=None, at_once=None, group_size=None)
    now = clock.now()
    sitting = Sitting(used=timedelta(minutes=row.used), last_ended_at=now)
    return _is_granted(may_start_meeting(only, held.standing.policy, now=now, at_once=0, sitting=sitting))


def _gathering(held: HeldNow, row: Any, after: Limits) -> bool | None:
    del held
    if not _is_granted(may_gather(after, people=row.asked)):
        return False
    # As a large session it would have drawn on the month's number, of which the refusal says nothing.
    return None if is_more(row.asked, after.group_size) else True


def _large_sessions(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """For how many people it was is not in the figures: the most that may be have to be granted."""
    most = held.standing.limits.large_session_people
    size = after.group_size
    if size is None or (most is not None and most <= size):
        return True
    decision = may_gather(after, people=most or size + 1, large_sessions=row.used)
    if isinstance(decision, Granted):
        return True
    return False if decision.reason is Reason.LARGE_SESSIONS else None


def _storage(held: HeldNow, row: Any, after: Limits) -> bool:
    del held
    free = headroom(after.storage_bytes, row.used, 0)
    return after.storage_bytes != 0 and not is_more(row.asked, free)


def _group(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """A meeting for fewer people than may be, or a large session, would have been just as full."""
    if row.limit_value != held.standing.limits.group_size:
        return None
    return _is_granted(may_join(after.group_size, present=row.used, hosts_present=0, is_host=False))


# By reason, the rule that refused; a ban is no limit.
_ASK: Mapping[str, Callable[[HeldNow, Any, Limits], bool | None]] = {
    Reason.ROOMS: lambda _held, row, after: _is_granted(may_create_room(after, row.used)),
    Reason.ROOM_READ_ONLY: lambda _held, row, after: not is_read_only(after, row.used),
    Reason.HOSTS: lambda _held, row, after: _is_granted(may_add_host(after, row.used)),
    Reason.AT_ONCE: _at_once,
    Reason.SITTING_SPENT: _sitting,
    Reason.GROUP_SIZE: _gathering,
    Reason.LARGE_SESSION_PEOPLE: _gathering,
    Reason.LARGE_SESSIONS: _large_sessions,
    Reason.STORAGE_FULL: _storage,
    Reason.RECORDING_OFF: _storage,
    Reason.GROUP_FULL: _group,
}
