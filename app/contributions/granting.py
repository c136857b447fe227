"""Asking the rules: which confirmed contributions of a holder earn a tier, and what becomes of it."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app import clock, jobs
from app.contributions.keepers import keeps_books
from app.contributions.models import EntryKind, Grant, GrantEntry, GrantRule, GrantState, LedgerEntry
from app.contributions.owed import owed_before
from app.contributions.placing import Place, Places, place_on
from app.contributions.rules import rules_in_force
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import Holder, Tier
from quotas.contributions import Given, beyond, earning, price_in_year

BY_RULE = "the rules"
TELL = "contributions:tell_of_grant"


class DecidedAlreadyError(ConflictError):
    """Another operator was faster, or a correction was."""

    code = "grant_decided_already"
    message = lazy("This is decided already. Look at it again.")


class NoGroundError(ConflictError):
    """The contributions that a grant would stand on are corrected, used by another grant, or too old."""

    code = "grant_without_ground"
    message = lazy("The contributions do not carry this grant any more. Look at the account again.")


@dataclass(frozen=True)
class Ground:
    """Contributions that earn a tier, and where the membership has its place in time."""

    rule: GrantRule
    tier: Tier
    place: Place
    cents: int
    """the price of this year, which they reach"""
    given: list[Given]


async def ask(session: AsyncSession, held: HeldLimits) -> None:
    """Ask every rule of the holder's kind, the highest tier first: grant, propose, or take a proposal back.

    The holder is held, so that two confirmations at the same moment are asked about one after the other. To those who
    keep the books, and to their organisations, nothing new is granted here: it is proposed.
    """
    kind = await session.scalar(select(Holder.kind).where(Holder.id == held.holder_id)) or ""
    rules = await rules_in_force(session, kind)
    # What is there is paid for before anything new is earned.
    for rule, tier in rules:
        ground = await ground_of(session, held, rule, tier)
        if ground is not None and ground.place.settles is not None:
            open_one = await _proposal(session, held.holder_id, rule.id)
            await _grant(session, open_one or await _propose(session, held, ground), held, ground, BY_RULE)
    may_grant = bool(rules) and not await keeps_books(session, held.holder_id)
    for rule, tier in rules:
        await _ask_one(session, held, rule, tier, may_grant=may_grant)


async def _ask_one(
    session: AsyncSession, held: HeldLimits, rule: GrantRule, tier: Tier, *, may_grant: bool
) -> None:
    ground = await ground_of(session, held, rule, tier)
    open_one = await _proposal(session, held.holder_id, rule.id)
    if ground is None or await _was_declined(session, held.holder_id, ground):
        if open_one is not None:
            await _close(session, open_one, GrantState.FALLEN, BY_RULE, "")
    elif may_grant and rule.automatic and not rule.needs_commitment:
        await _grant(session, open_one or await _propose(session, held, ground), held, ground, BY_RULE)
    else:
        await _stand_on(session, open_one or await _propose(session, held, ground), ground)


async def accept(session: AsyncSession, grant_id: int, by: str, words: str = "") -> Grant:
    """Grant what was proposed. Raises NotFoundError, DecidedAlreadyError, NoGroundError."""
    grant, held = await _held_proposal(session, grant_id)
    rule = await session.get_one(GrantRule, grant.rule_id)
    tier = await session.get_one(Tier, grant.tier_id)
    ground = await ground_of(session, held, rule, tier)
    if ground is None:
        raise NoGroundError
    grant.reason = words
    await _grant(session, grant, held, ground, by)
    await ask(session, held)
    return grant


async def decline(session: AsyncSession, grant_id: int, by: str, reason: str) -> Grant:
    """Say no; it is proposed again when more is confirmed. Raises NotFoundError, DecidedAlreadyError."""
    grant, _held = await _held_proposal(session, grant_id)
    await _close(session, grant, GrantState.DECLINED, by, reason)
    return grant


async def ground_of(session: AsyncSession, held: HeldLimits, rule: GrantRule, tier: Tier) -> Ground | None:
    """What would earn the holder this tier by this rule now; None: nothing, or it has as much already."""
    place = (await Places.of(session, held)).for_tier(tier, clock.now())
    if place is None:
        return None
    cents = _price(rule, tier, place)
    if cents is None:
        return None
    found = await givens(session, held.holder_id, rule)
    day, within_days = clock.now().astimezone(held.zone).date(), rule.within_days
    if place.settles is not None:
        # As the report of what is due counts: since a year before it began, without what the one before is owed.
        start = place.settles.starts_at.astimezone(UTC).date()
        found = beyond(found, start, await owed_before(session, held.holder_id, place.settles.id))
        within_days += max(0, (day - start).days)
    given = earning(found, cents, day, within_days)
    return Ground(rule, tier, place, cents, given) if given is not None else None


def _price(rule: GrantRule, tier: Tier, place: Place) -> int | None:
    """What is to be given: the price that was agreed for what is there, else what the rule says of this year."""
    if place.settles is not None and place.settles.cents is not None:
        return place.settles.cents
    if place.settles is not None:
        return tier.yearly_cents[min(place.year, len(tier.yearly_cents) - 1)]
    return price_in_year(rule.cents, tier.yearly_cents, place.year, first_year_only=rule.first_year_only)


async def givens(session: AsyncSession, holder_id: int, rule: GrantRule) -> list[Given]:
    """The holder's confirmed contributions that a rule counts, neither reversed nor used up by a grant."""
    found = select(LedgerEntry.id, LedgerEntry.cents, LedgerEntry.booked_on).where(
        LedgerEntry.contributor_id == holder_id, *counting(rule)
    )
    return [Given(*row) for row in await session.execute(found.order_by(LedgerEntry.booked_on))]


def counting(rule: GrantRule) -> list[ColumnElement[bool]]:
    """What a rule wants of an entry, whoever's it is."""
    reversal = aliased(LedgerEntry)
    wanted = [
        LedgerEntry.kind == EntryKind.CONFIRMATION,
        ~exists().where(reversal.reverses_id == LedgerEntry.id),
        ~exists().where(GrantEntry.entry_id == LedgerEntry.id, GrantEntry.earned),
    ]
    if only := (rule.whats or {}).get("only"):
        wanted.append(LedgerEntry.what.in_(only))
    return wanted


def oldest_day(rule: GrantRule) -> date:
    """The last day that is too old for a rule, a day early: zones differ."""
    return clock.now().date() - timedelta(days=rule.within_days + 1)


async def _held_proposal(session: AsyncSession, grant_id: int) -> tuple[Grant, HeldLimits]:
    holder_id = await session.scalar(select(Grant.holder_id).where(Grant.id == grant_id))
    if holder_id is None:
        raise NotFoundError
    held = await hold(session, holder_id)
    # Read again under the lock: whoever decided before us has changed it.
    grant = await session.get_one(Grant, grant_id, populate_existing=True)
    if grant.state != GrantState.PROPOSED:
        raise DecidedAlreadyError
    return grant, held


async def _proposal(session: AsyncSession, holder_id: int, rule_id: int) -> Grant | None:
    wanted = (Grant.holder_id == holder_id, Grant.rule_id == rule_id, Grant.state == GrantState.PROPOSED)
    return await session.scalar(select(Grant).where(*wanted).execution_options(populate_existing=True))


async def _was_declined(session: AsyncSession, holder_id: int, ground: Ground) -> bool:
    """Whether an operator said no and nothing has come since."""
    newest = await session.scalar(
        select(func.max(GrantEntry.entry_id))
        .join(Grant, Grant.id == GrantEntry.grant_id)
        .where(
            Grant.holder_id == holder_id,
            Grant.rule_id == ground.rule.id,
            Grant.state == GrantState.DECLINED,
        )
    )
    return newest is not None and newest >= max(one.entry_id for one in ground.given)


async def _propose(session: AsyncSession, held: HeldLimits, ground: Ground) -> Grant:
    grant = Grant(
        holder_id=held.holder_id,
        rule_id=ground.rule.id,
        tier_id=ground.tier.id,
        state=GrantState.PROPOSED,
        proposed_at=clock.now(),
    )
    session.add(grant)
    await session.flush()
    return grant


async def _grant(session: AsyncSession, grant: Grant, held: HeldLimits, ground: Ground, by: str) -> None:
    """Make the membership and use the contributions up."""
    await _stand_on(session, grant, ground)
    grant.membership_id = await place_on(
        session,
        held,
        ground.place,
        ground.tier,
        days=ground.rule.days,
        reason=f"Contributions of {ground.cents / 100:.2f} EUR",
        by=by,
        cents=ground.cents,
    )
    grant.settles = ground.place.settles is not None
    await _close(session, grant, GrantState.GRANTED, by, grant.reason)
    # The partial unique index is the last word on "an entry earns one grant".
    await session.execute(update(GrantEntry).where(GrantEntry.grant_id == grant.id).values(earned=True))
    await jobs.defer(session, TELL, grant_id=grant.id)


async def _stand_on(session: AsyncSession, grant: Grant, ground: Ground) -> None:
    """Point the grant at the entries that carry it, and at no others; its rule may name another tier by now."""
    grant.tier_id = ground.tier.id
    await point_at(session, grant.id, [one.entry_id for one in ground.given])


async def point_at(
    session: AsyncSession, grant_id: int, entry_ids: list[int], *, earned: bool = False
) -> None:
    """Let a grant stand on these entries and no others."""
    before = {
        one.entry_id: one
        for one in await session.scalars(select(GrantEntry).where(GrantEntry.grant_id == grant_id))
    }
    for entry_id, row in before.items():
        if entry_id not in entry_ids:
            await session.delete(row)
    for entry_id in entry_ids:
        if entry_id not in before:
            session.add(GrantEntry(grant_id=grant_id, entry_id=entry_id, earned=earned))
    await session.flush()


async def _close(session: AsyncSession, grant: Grant, state: GrantState, by: str, reason: str) -> None:
    grant.state, grant.decided_at, grant.decided_by, grant.reason = state, clock.now(), by, reason
    await session.flush()
