"""The demo's tiers: the operator has given prices and words to some, and one of last summer is retired."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.models import HolderKind, Tier, TierVersion
from app.memberships.tier_terms import SAID
from app.memberships.tiers import change_tier, create_tier, find_tier, retire_tier
from quotas.limits import GIGABYTE

OPERATOR = "Olu Marsh"
SAYS: dict[str, dict[str, Any]] = {
    "free": {"description": "For trying it out, and for a call among friends."},
    "session-organiser": {
        "description": "For courses, working groups and a choir: longer, larger, and recorded if you like.",
        "yearly_cents": [12_000],
        "recording_days": 365,
    },
    "consumer": {
        "description": "For organisations that meet a lot and would rather not run a server.",
        "yearly_cents": [50_000, 30_000],
    },
    "co-producer": {"description": "For organisations that run the service together, with hours or servers."},
}
FESTIVAL: dict[str, Any] = {
    "name": "Festival",
    "description": "A summer of meetings for those who organise one together.",
    "how_to_get": "Write to the operators three months before.",
    "yearly_cents": [80_000],
    "meeting_minutes": 720,
    "group_size": 80,
    "rooms_per_host": 10,
    "at_once_per_host": 3,
    "storage_first_host": 10 * GIGABYTE,
    "storage_further_host": 2 * GIGABYTE,
    "recording_days": 90,
    "large_sessions_per_month": 6,
    "large_session_people": 200,
}


async def fill_tiers(session: AsyncSession) -> None:
    """What the operator did to the tiers over the last weeks."""
    ids = {tier.key: tier.id for tier in await session.scalars(select(Tier))}
    for key, said in SAYS.items():
        tier = await find_tier(session, ids[key], lock=True)
        await change_tier(session, tier, {name: getattr(tier, name) for name in SAID} | said, by=OPERATOR)
    festival = await create_tier(session, HolderKind.ORGANISATION, FESTIVAL, after_id=None, by=OPERATOR)
    await retire_tier(session, festival, by=OPERATOR)
    now = clock.now()
    for version, days in ((1, 60), (2, 21)):
        await session.execute(
            update(TierVersion).where(TierVersion.version == version).values(at=now - timedelta(days=days))
        )
    festival.retired_at = now - timedelta(days=21)
    await session.execute(update(Tier).values(changed_at=now - timedelta(days=21)))
    await session.flush()
