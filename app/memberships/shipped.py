"""The tiers and numbers that a new installation begins with (DOMAIN.md, *Tiers that ship*)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.i18n import marked
from app.memberships.models import HolderKind, PolicyRow, Tier
from quotas.limits import GIGABYTE

HOUR = 60
DAY = 24 * HOUR
FREE = "free"

TIERS: tuple[dict[str, Any], ...] = (
    {
        "key": FREE,
        "name": marked("Free"),
        "kind": HolderKind.PERSON,
        "how_to_get": marked("Sign up and verify your e-mail address."),
        "meeting_minutes": HOUR,
        "group_size": 10,
        "rooms_per_host": 1,
        "at_once_per_host": 1,
        "storage_first_host": 0,
        "storage_further_host": 0,
        "large_sessions_per_month": 0,
        "large_session_people": 0,
    },
    {
        "key": "session-organiser",
        "name": marked("Session organiser"),
        "kind": HolderKind.PERSON,
        "how_to_get": marked("Give 120 EUR in a year, or complete a task that is rewarded with it."),
        "meeting_minutes": 3 * HOUR,
        "group_size": 25,
        "rooms_per_host": 5,
        "at_once_per_host": 1,
        "storage_first_host": GIGABYTE,
        "storage_further_host": 0,
        "large_sessions_per_month": 0,
        "large_session_people": 0,
    },
    {
        "key": "consumer",
        "name": marked("Consumer organisation"),
        "kind": HolderKind.ORGANISATION,
        "how_to_get": marked(
            "An organisation that gives 500 EUR or more in its first year; a very small one may give less."
        ),
        "meeting_minutes": DAY,
        "group_size": 50,
        "rooms_per_host": 20,
        "at_once_per_host": 2,
        "storage_first_host": 5 * GIGABYTE,
        "storage_further_host": GIGABYTE,
        "large_sessions_per_month": 2,
        "large_session_people": 150,
    },
    {
        "key": "co-producer",
        "name": marked("Co-producer organisation"),
        "kind": HolderKind.ORGANISATION,
        "how_to_get": marked(
            "An organisation that gives 500 to 1000 EUR in hours, servers or money, and helps to run this."
        ),
        "meeting_minutes": DAY,
        "group_size": 100,
        "rooms_per_host": None,
        "at_once_per_host": None,
        "storage_first_host": 5 * GIGABYTE,
        "storage_further_host": GIGABYTE,
        "large_sessions_per_month": 4,
        "large_session_people": 150,
    },
)

POLICY = {
    "id": 1,
    "sitting_gap_minutes": 10,
    "large_session_above": 50,
    "recording_bytes_per_hour": 500_000_000,
    "grace_days": 14,
}


async def ship(session: AsyncSession) -> None:
    """Give a new installation its tiers and numbers; one that has tiers keeps what its operators made of them."""
    await session.execute(insert(PolicyRow).values(POLICY).on_conflict_do_nothing())
    if await session.scalar(select(Tier.id).limit(1)) is None:
        rows = [{**tier, "position": position} for position, tier in enumerate(TIERS)]
        await session.execute(insert(Tier).values(rows).on_conflict_do_nothing())
