"""Who is on each tier: now, in the grace after an end, from a later day on, or suspended."""

from collections import defaultdict
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.placed import PLACED
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of


class Place(StrEnum):
    """How a holder is on a tier."""

    NOW = "now"
    GRACE = "grace"
    """the membership has ended, and works on for the days of grace"""
    LATER = "later"
    """it begins in the future"""
    SUSPENDED = "suspended"
    """it grants nothing: its holder stands on the free tier"""


# A holder may be at several places: now on one tier and later on another, suspended on one and so on the free one.
_PLACES = """, places AS (
        SELECT holder_id, tier_id, starts_at, ends_at,
               CASE WHEN suspended_at IS NOT NULL THEN 'suspended' WHEN ends_at <= :now THEN 'grace' ELSE 'now' END
                   AS place
        FROM placed WHERE tier_id IS NOT NULL
        UNION ALL
        SELECT holder_id, standing_id, NULL, NULL, 'now' FROM placed
        WHERE tier_id IS NULL OR suspended_at IS NOT NULL
        UNION ALL
        SELECT holder_id, tier_id, starts_at, ends_at, 'later' FROM memberships
        WHERE starts_at > :now AND withdrawn_at IS NULL
    ), known AS (
        SELECT p.*, h.kind, coalesce(u.name, h.name) AS name, u.email FROM places p
        JOIN holders h ON h.id = p.holder_id
        LEFT JOIN users u ON u.holder_id = h.id
        LEFT JOIN organisations o ON o.holder_id = h.id
        WHERE u.id IS NOT NULL OR o.id IS NOT NULL
    )
"""
_BY_TIER = "SELECT tier_id, place, count(*) AS holders FROM known GROUP BY tier_id, place"
_OF_ONE = """
    SELECT *, count(*) OVER () AS total FROM known
    WHERE tier_id = :tier AND place = :place
      AND (:search = '' OR name ILIKE :search OR email ILIKE :search)
    ORDER BY lower(name), holder_id, starts_at LIMIT :size OFFSET :offset
"""
_COUNTS, _LIST = text(PLACED + _PLACES + _BY_TIER), text(PLACED + _PLACES + _OF_ONE)


async def count_holders(session: AsyncSession) -> dict[int, dict[str, int]]:
    """How many are on each tier, by tier and place; in one statement."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Place, 0))
    for row in await session.execute(_COUNTS, {"now": clock.now()}):
        found[row.tier_id][row.place] = row.holders
    return found


async def list_on_tier(
    session: AsyncSession, tier_id: int, place: Place, *, search: str = "", number: int = 1
) -> Page[Any]:
    """One page of those who are on a tier, by name. Rows: holder_id, kind, name, email, starts_at, ends_at."""
    rows = list(
        await session.execute(
            _LIST,
            {
                "now": clock.now(),
                "tier": tier_id,
                "place": place,
                "search": like(search) if search else "",
                "size": PAGE_SIZE,
                "offset": offset_of(number),
            },
        )
    )
    return Page(rows, number, rows[0].total if rows else 0)
