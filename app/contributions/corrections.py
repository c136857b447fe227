"""A wrong entry is reversed by a new one; grants that stood on it stand on others, or fall."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app import clock
from app.contributions import granting
from app.contributions.ledger import Entry, RecordedAlreadyError, find_entry, reversal_of, write
from app.contributions.membership_telling import Done
from app.contributions.models import EntryKind, Grant, GrantEntry, GrantRule, GrantState, LedgerEntry
from app.contributions.placing import end_granted
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import Membership, Tier
from quotas.contributions import Given, earning


class NotCorrectableError(ConflictError):
    """A correction is not corrected, nothing is corrected twice, a confirmed pledge stands."""

    code = "not_correctable"


@dataclass(frozen=True)
class Falling:
    """A grant that would fall, with the tier and the time of what it granted."""

    grant_id: int
    tier_name: str
    membership_id: int
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class _Granted:
    """A grant with all that belongs to it."""

    grant: Grant
    tier: Tier
    rule: GrantRule
    membership: Membership

    def falling(self) -> Falling:
        at = self.membership
        return Falling(self.grant.id, self.tier.name, at.id, at.starts_at, at.ends_at)


class GrantsWouldFallError(ConflictError):
    """The correction takes the ground of grants away, and nobody has agreed to that: `falling` says of which."""

    code = "grants_would_fall"
    message = lazy("This correction takes the ground of a membership away. Look at it, then confirm.")

    def __init__(self, falling: Sequence[Falling]) -> None:
        self.falling = falling
        super().__init__()


@dataclass(frozen=True)
class Corrected:
    """The correction, and what stands in the place of the wrong entry."""

    correction: LedgerEntry
    instead: LedgerEntry | None
    fallen: Sequence[Falling]
    ended: Sequence[Done]
    """what became of memberships: their holder is to be told"""


async def reverse(
    session: AsyncSession,
    entry_id: int,
    note: str,
    by: str,
    *,
    instead: Entry | None = None,
    agreed: frozenset[int] = frozenset(),
    once: str | None = None,
) -> Corrected:
    """Reverse an entry, write what is right `instead`, and let fall the grants whose ground is gone.

    `agreed`: the grants that whoever corrects was shown as falling. If others fall, nothing is done and
    GrantsWouldFallError says which. Also raises NotFoundError, NotCorrectableError, RecordedAlreadyError.
    Write to it in a savepoint: a refusal leaves half of it behind.
    """
    held = await hold(session, (await find_entry(session, entry_id)).contributor_id)
    wrong = await _correctable(session, entry_id, once)
    correction = await _mirror(session, wrong, note, by, once)
    right = None
    if instead is not None:
        kept = replace(instead, kind=EntryKind(wrong.kind), contributor_id=wrong.contributor_id)
        kept = replace(kept, confirms_id=wrong.confirms_id, task_id=wrong.task_id)
        right = await write(session, kept, by)
    falling = await _without_ground(session, held, wrong.id)
    if {one.grant_id for one in falling} != agreed:
        raise GrantsWouldFallError(falling)
    ended = [done for one in falling if (done := await _fall(session, one, by, note)) is not None]
    await granting.ask(session, held)
    return Corrected(correction, right, falling, ended)


async def why_not(session: AsyncSession, entry: LedgerEntry) -> NotCorrectableError | None:
    """Why an entry cannot be corrected; None if it can."""
    if entry.kind == EntryKind.CORRECTION:
        return NotCorrectableError(
            lazy("A correction is not corrected. Record what is right as a new entry.")
        )
    if await reversal_of(session, entry.id) is not None:
        return NotCorrectableError(lazy("This entry is reversed already."))
    confirming, reversal = aliased(LedgerEntry), aliased(LedgerEntry)
    standing = select(confirming.id).where(
        confirming.confirms_id == entry.id, ~exists().where(reversal.reverses_id == confirming.id)
    )
    if (number := await session.scalar(standing.limit(1))) is not None:
        return NotCorrectableError(
            lazy("This pledge is confirmed by entry %(number)s. Correct that one first.", number=number)
        )
    return None


async def _correctable(session: AsyncSession, entry_id: int, once: str | None) -> LedgerEntry:
    """The entry, looked at under the lock: a second click finds what the first one wrote."""
    entry = await find_entry(session, entry_id)
    before = await reversal_of(session, entry_id)
    if before is not None and once is not None and before.once == once:
        raise RecordedAlreadyError(before.id, same=True)
    if (refusal := await why_not(session, entry)) is not None:
        raise refusal
    return entry


async def _mirror(
    session: AsyncSession, wrong: LedgerEntry, note: str, by: str, once: str | None
) -> LedgerEntry:
    same = ("counts_as", "what", "booked_on", "contributor_id", "custodian_id", "currency", "rate")
    correction = LedgerEntry(
        **{name: getattr(wrong, name) for name in same},
        kind=EntryKind.CORRECTION,
        cents=-wrong.cents,
        minutes=None if wrong.minutes is None else -wrong.minutes,
        currency_cents=None if wrong.currency_cents is None else -wrong.currency_cents,
        note=note,
        reverses_id=wrong.id,
        once=once,
        recorded_at=clock.now(),
        recorded_by=by,
    )
    session.add(correction)
    await session.flush()
    return correction


async def _without_ground(session: AsyncSession, held: HeldLimits, entry_id: int) -> list[Falling]:
    """The grants that the entry earned and that nothing else of the holder's carries; the others stand on that.

    Before a membership that runs, one that it is renewed by falls: what was to pay for later pays for now.
    """
    stood = GrantEntry.grant_id == Grant.id, GrantEntry.entry_id == entry_id, GrantEntry.earned
    falling = []
    for one in await _granted(session, exists().where(*stood)):
        if await _stands_on_others(session, held, one, entry_id):
            continue
        if one.grant.settles:
            # The membership was an operator's to give, and stays: it is owed again.
            await _let_go(session, one.grant, granting.BY_RULE, "")
            continue
        later = (
            Grant.holder_id == held.holder_id,
            Grant.rule_id == one.grant.rule_id,
            Grant.id != one.grant.id,
        )
        renewals = await _granted(session, *later, Membership.starts_at > clock.now())
        for renewal in renewals:
            await _set_free(session, renewal.grant.id)
        if renewals and await _stands_on_others(session, held, one, entry_id):
            falling += [renewal.falling() for renewal in renewals]
        else:
            falling.append(one.falling())
            for renewal in renewals:
                await _use_up(session, renewal.grant.id)
    return falling


async def _granted(session: AsyncSession, *wanted: ColumnElement[bool]) -> list[_Granted]:
    found = await session.execute(
        select(Grant, Tier, GrantRule, Membership)
        .join(Tier, Tier.id == Grant.tier_id)
        .join(GrantRule, GrantRule.id == Grant.rule_id)
        .join(Membership, Membership.id == Grant.membership_id)
        .where(Grant.state == GrantState.GRANTED, *wanted)
        .order_by(Grant.id)
    )
    return [_Granted(*row) for row in found]


async def _stands_on_others(session: AsyncSession, held: HeldLimits, one: _Granted, entry_id: int) -> bool:
    """Whether what is left of the grant's entries, and what is free, still reaches what it was granted for."""
    grant, rule, membership = one.grant, one.rule, one.membership
    left = select(LedgerEntry.id, LedgerEntry.cents, LedgerEntry.booked_on).join(
        GrantEntry, GrantEntry.entry_id == LedgerEntry.id
    )
    kept = await session.execute(left.where(GrantEntry.grant_id == grant.id, LedgerEntry.id != entry_id))
    given = [Given(*row) for row in kept] + await granting.givens(session, held.holder_id, rule)
    cents = rule.cents if membership.cents is None else membership.cents
    decided = (grant.decided_at or grant.proposed_at).astimezone(held.zone).date()
    found = earning(given, cents, decided, rule.within_days)
    if found is None:
        return False
    await granting.point_at(session, grant.id, [one.entry_id for one in found], earned=True)
    return True


async def _fall(session: AsyncSession, one: Falling, by: str, reason: str) -> Done | None:
    act = await end_granted(session, one.membership_id, by=by, reason=reason)
    grant = await session.get_one(Grant, one.grant_id)
    await _let_go(session, grant, by, reason)
    return None if act is None else Done(act, one.tier_name, one.starts_at, reason)


async def _let_go(session: AsyncSession, grant: Grant, by: str, reason: str) -> None:
    grant.state, grant.reason = GrantState.FALLEN, reason
    grant.decided_at, grant.decided_by = clock.now(), by
    await session.flush()
    await _set_free(session, grant.id)


async def _set_free(session: AsyncSession, grant_id: int) -> None:
    await session.execute(update(GrantEntry).where(GrantEntry.grant_id == grant_id).values(earned=False))


async def _use_up(session: AsyncSession, grant_id: int) -> None:
    await session.execute(update(GrantEntry).where(GrantEntry.grant_id == grant_id).values(earned=True))
