"""Rules that turn confirmed contributions into grants: the ones that ship, and changing them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.models import GrantRule
from app.errors import NotFoundError
from app.memberships.models import Tier

YEAR = 365
SHIPPED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("session-organiser", {"cents": 12_000, "automatic": True}),
    ("consumer", {"cents": 50_000, "first_year_only": True}),
    ("co-producer", {"cents": 50_000, "needs_commitment": True}),
)


async def ship_rules(session: AsyncSession) -> None:
    """Give a new installation its rules (DOMAIN.md); one that has any keeps what its operators made of them."""
    if await session.scalar(select(GrantRule.id).limit(1)) is not None:
        return
    tiers = {tier.key: tier.id for tier in await session.scalars(select(Tier))}
    for key, said in SHIPPED:
        if key in tiers:
            session.add(GrantRule(tier_id=tiers[key], within_days=YEAR, days=YEAR, whats=None, **said))
    await session.flush()


async def rules_in_force(session: AsyncSession, kind: str) -> list[tuple[GrantRule, Tier]]:
    """The rules for holders of a kind with their tiers, the highest tier first."""
    found = await session.execute(
        select(GrantRule, Tier)
        .join(Tier, Tier.id == GrantRule.tier_id)
        .where(Tier.kind == kind, GrantRule.retired_at.is_(None), Tier.retired_at.is_(None))
        .order_by(Tier.position.desc(), GrantRule.cents.desc(), GrantRule.id)
    )
    return [(row[0], row[1]) for row in found]


async def all_rules(session: AsyncSession) -> list[tuple[GrantRule, Tier]]:
    """Every rule with its tier, those in force first."""
    found = select(GrantRule, Tier).join(Tier, Tier.id == GrantRule.tier_id)
    order = (GrantRule.retired_at.is_not(None), Tier.position, GrantRule.id)
    return [(row[0], row[1]) for row in await session.execute(found.order_by(*order))]


async def find_rule(session: AsyncSession, rule_id: int) -> GrantRule:
    """A rule as it is now, locked against others who change it, or NotFoundError."""
    found = await session.scalar(select(GrantRule).where(GrantRule.id == rule_id).with_for_update())
    if found is None:
        raise NotFoundError
    return found


async def retire_rule(session: AsyncSession, rule_id: int) -> None:
    """Ask a rule no more; what it granted stays."""
    rule = await find_rule(session, rule_id)
    rule.retired_at = rule.retired_at or clock.now()
    rule.version += 1
    await session.flush()
