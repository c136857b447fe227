"""The tiers and numbers that a new installation begins with (DOMAIN.md, *Tiers that ship*)."""

from pathlib import Path

from sqlalchemy import insert as insert_rows
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.models import PolicyRow, Tier, TierVersion
from app.memberships.tier_file import read_tiers, shipped_tiers
from app.memberships.tier_terms import FREE, said_by

__all__ = ["FREE", "POLICY", "ship"]

POLICY = {
    "id": 1,
    "sitting_gap_minutes": 10,
    "large_session_above": 50,
    "recording_bytes_per_hour": 500_000_000,
    "grace_days": 14,
}


async def ship(session: AsyncSession, tiers_file: Path | None = None) -> None:
    """Give a new installation its tiers and numbers; one that has tiers keeps what its operators made of them.

    `tiers_file`: the installation's own; else the tiers that ship. It is not even opened where there are tiers.
    Raises TiersFileError.
    """
    await session.execute(insert(PolicyRow).values(POLICY).on_conflict_do_nothing())
    if await session.scalar(select(Tier.id).limit(1)) is not None:
        return
    rows = read_tiers(tiers_file) if tiers_file else shipped_tiers()
    made = await session.scalars(
        # Two installers at once: the second finds the tiers there, and adds nothing.
        insert(Tier).values(list(rows)).on_conflict_do_nothing().returning(Tier)
    )
    versions = [
        {"tier_id": tier.id, "version": 1, "at": clock.now(), "by": "", "said": said_by(tier)}
        for tier in made
    ]
    if versions:
        await session.execute(insert_rows(TierVersion), versions)
