"""Reading grants: the list, and one with what it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.entries import rows_of_grant
from app.contributions.keepers import keeps_books
from app.contributions.models import Grant, GrantRule, GrantState
from app.errors import NotFoundError
from app.memberships.models import Holder, Membership, Tier
from app.web.pagination import PAGE_SIZE, Page, offset_of


@dataclass(frozen=True)
class Shown:
    """A grant with everything that its page shows."""

    grant: Grant
    rule: GrantRule
    tier: Tier
    holder: Holder
    membership: Membership | None
    entries: Sequence[Any]
    keeps_books: bool
    """whether they can confirm contributions of their own: then no rule grants them anything at once"""

    @property
    def cents(self) -> int:
        """What the entries add up to."""
        return sum(row.LedgerEntry.cents for row in self.entries)


async def list_grants(session: AsyncSession, number: int) -> Page[Any]:
    """Rows: Grant, tier, holder. Open proposals first, then the newest."""
    total = await session.scalar(select(func.count()).select_from(Grant)) or 0
    is_open = Grant.state == GrantState.PROPOSED
    found = (
        select(Grant, Tier.name.label("tier"), Holder.name.label("holder"))
        .join(Tier, Tier.id == Grant.tier_id)
        .join(Holder, Holder.id == Grant.holder_id)
        .order_by(is_open.desc(), Grant.id.desc())
        .limit(PAGE_SIZE)
        .offset(offset_of(number))
    )
    return Page(list(await session.execute(found)), number, total)


async def count_open(session: AsyncSession) -> int:
    """How many proposals wait for an operator."""
    waiting = select(func.count()).select_from(Grant).where(Grant.state == GrantState.PROPOSED)
    return await session.scalar(waiting) or 0


async def show_grant(session: AsyncSession, grant_id: int) -> Shown:
    """One grant, or NotFoundError."""
    found = await session.execute(
        select(Grant, GrantRule, Tier, Holder, Membership)
        .join(GrantRule, GrantRule.id == Grant.rule_id)
        .join(Tier, Tier.id == Grant.tier_id)
        .join(Holder, Holder.id == Grant.holder_id)
        .outerjoin(Membership, Membership.id == Grant.membership_id)
        .where(Grant.id == grant_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFoundError
    return Shown(
        *row,
        entries=await rows_of_grant(session, grant_id),
        keeps_books=await keeps_books(session, row.Grant.holder_id),
    )
