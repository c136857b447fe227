"""Whoever contributes: finding one among ten thousand, and one's account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.contributions.models import EntryKind, Grant, GrantEntry, LedgerEntry
from app.memberships.models import Holder, Membership, Tier
from app.organisations.models import HostRole, Organisation, OrganisationHost
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of


@dataclass(frozen=True)
class Account:
    """What one contributor has pledged and given."""

    pledged: int
    confirmed: int
    open_pledges: Sequence[Any]  # LedgerEntry, open_cents
    custodians: Sequence[Any]  # custodian (name or None), cents
    grants: Sequence[Any]  # Grant, tier, starts_at, ends_at, entries


async def find_contributors(session: AsyncSession, search: str, number: int) -> Page[Any]:
    """People and organisations by a part of their name, address, or mail (of an organisation: of its admins)."""
    found = select(Holder.id, Holder.name, Holder.kind, User.email, Organisation.slug)
    found = found.outerjoin(User, User.holder_id == Holder.id)
    found = found.outerjoin(Organisation, Organisation.holder_id == Holder.id)
    found = found.where(Holder.name != "")
    if search:
        pattern = like(search)
        admin = exists().where(
            OrganisationHost.organisation_id == Organisation.id,
            OrganisationHost.role == HostRole.ADMIN,
            OrganisationHost.user_id.in_(select(User.id).where(User.email.ilike(pattern)).correlate(None)),
        )
        named = (Holder.name.ilike(pattern), User.email.ilike(pattern), Organisation.slug.ilike(pattern))
        found = found.where(or_(*named, Organisation.contact.ilike(pattern), admin))
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = found.order_by(func.lower(Holder.name), Holder.id).limit(PAGE_SIZE).offset(offset_of(number))
    return Page(list(await session.execute(page)), number, total)


async def custodians(session: AsyncSession) -> list[Any]:
    """The organisations that hold contributions, take custody of another's, or are on the highest tier: id, name."""
    return list(await session.execute(_CUSTODIANS))


# The highest tier of organisations is the co-producers', whatever an operator calls it.
_CUSTODIANS = text("""
    SELECT h.id, h.name FROM holders h JOIN organisations o ON o.holder_id = h.id
    WHERE EXISTS (SELECT FROM ledger_entries e WHERE e.custodian_id = h.id)
       OR EXISTS (SELECT FROM organisations mine WHERE mine.custodian_id = o.id)
       OR EXISTS (
            SELECT FROM memberships m JOIN tiers t ON t.id = m.tier_id
            WHERE m.holder_id = h.id AND m.withdrawn_at IS NULL
              AND t.position = (SELECT max(position) FROM tiers WHERE kind = 'organisation' AND retired_at IS NULL)
       )
    ORDER BY lower(h.name), h.id
""")


async def usual_custodian(session: AsyncSession, holder_id: int) -> int | None:
    """The holder of the co-producer that takes custody of an organisation's payments."""
    mine = select(Organisation.custodian_id).where(Organisation.holder_id == holder_id).scalar_subquery()
    return await session.scalar(select(Organisation.holder_id).where(Organisation.id == mine))


async def account_of(session: AsyncSession, holder_id: int) -> Account:
    """A contributor's account, in four statements."""
    own = LedgerEntry.contributor_id == holder_id
    sums = await session.execute(
        select(LedgerEntry.counts_as, func.sum(LedgerEntry.cents)).where(own).group_by(LedgerEntry.counts_as)
    )
    by_kind = {row[0]: int(row[1]) for row in sums}
    held = func.sum(LedgerEntry.cents)
    custodians_of = await session.execute(
        select(Holder.name.label("custodian"), held.label("cents"))
        .select_from(LedgerEntry)
        .outerjoin(Holder, Holder.id == LedgerEntry.custodian_id)
        .where(own, LedgerEntry.counts_as == EntryKind.CONFIRMATION)
        .group_by(Holder.id, Holder.name)
        .having(held != 0)
        .order_by(held.desc())
    )
    return Account(
        pledged=by_kind.get(EntryKind.PLEDGE, 0),
        confirmed=by_kind.get(EntryKind.CONFIRMATION, 0),
        open_pledges=list(await session.execute(_OPEN, {"holder": holder_id})),
        custodians=list(custodians_of),
        grants=await grants_of(session, holder_id),
    )


# What of a pledge is not confirmed yet; a reversed confirmation opens it again.
_OPEN = text("""
    SELECT p.id, p.what, p.booked_on, p.cents, p.note, p.cents - coalesce(c.cents, 0) AS open_cents
    FROM ledger_entries p
    LEFT JOIN LATERAL (
        SELECT sum(e.cents) AS cents FROM ledger_entries e
        WHERE e.confirms_id = p.id AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = e.id)
    ) c ON true
    WHERE p.contributor_id = :holder AND p.kind = 'pledge' AND p.cents > coalesce(c.cents, 0)
      AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = p.id)
    ORDER BY p.booked_on, p.id
""")


async def grants_of(session: AsyncSession, holder_id: int) -> list[Any]:
    """What a contributor's contributions have earned, the newest first, with the numbers of the entries."""
    numbers = (
        select(func.array_agg(aggregate_order_by(GrantEntry.entry_id, GrantEntry.entry_id)))
        .where(GrantEntry.grant_id == Grant.id)
        .scalar_subquery()
    )
    found = (
        select(
            Grant,
            Tier.name.label("tier"),
            Membership.starts_at,
            Membership.ends_at,
            numbers.label("entries"),
        )
        .join(Tier, Tier.id == Grant.tier_id)
        .outerjoin(Membership, Membership.id == Grant.membership_id)
        .where(Grant.holder_id == holder_id)
        .order_by(Grant.id.desc())
    )
    return list(await session.execute(found))
