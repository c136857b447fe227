"""Making, changing, retiring and ordering tiers: every change is a version, and holds from the next decision."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.live import CHANNEL
from app.memberships.models import HolderKind, Tier, TierVersion
from app.memberships.placed import PLACED
from app.memberships.tier_terms import FREE, LIMITS, SAID, said_by

# One statement for ten thousand holders. Their pages show limits; those that run keep the terms they started with.
_TO_ALL = " SELECT pg_notify(:channel, 'holder:' || holder_id) FROM placed WHERE standing_id = :tier"
_TELL = text(PLACED + _TO_ALL)


class FreeStaysError(ConflictError):
    """People without a membership need a tier."""

    code = "free_tier_stays"
    message = lazy("This is the tier of people without a membership. It cannot be retired.")


async def all_tiers(session: AsyncSession) -> list[Tier]:
    """Every tier, retired ones too, in their order: who gives more stands further down."""
    return list(await session.scalars(select(Tier).order_by(Tier.position, Tier.id)))


async def find_tier(session: AsyncSession, tier_id: int, *, lock: bool = False) -> Tier:
    """A tier as it is now; `lock`: until this transaction ends nobody else changes any. Raises NotFoundError."""
    if lock:
        await _lock_all(session)
    found = await session.scalar(
        select(Tier).where(Tier.id == tier_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFoundError
    return found


async def create_tier(
    session: AsyncSession, kind: HolderKind, said: Mapping[str, Any], *, after_id: int | None, by: str
) -> Tier:
    """A new tier for people or organisations, in its place after another (None: the last one).

    `said`: a value for each of `tier_terms.SAID`. Its key is made from its name and never changes.
    """
    await _lock_all(session)
    taken = set(await session.scalars(select(Tier.key)))
    last = await session.scalar(select(func.max(Tier.position))) or 0
    tier = Tier(key=_free_key(said["name"], taken), kind=kind, position=last + 1, **said)
    session.add(tier)
    await session.flush()
    _keep_version(session, tier, by)
    if after_id is not None:
        await place_tier(session, tier, after_id)
    await session.flush()
    return tier


async def change_tier(session: AsyncSession, tier: Tier, said: Mapping[str, Any], *, by: str) -> list[str]:
    """Let a tier say something else from the next decision on; returns which of `tier_terms.SAID` changed.

    The tier is locked by the caller. Nothing of its holders is touched: what is above a lowered limit stays, as after
    a downgrade, and running meetings keep their terms.
    """
    changed = [name for name in SAID if getattr(tier, name) != said[name]]
    if not changed:
        return []
    for name in changed:
        setattr(tier, name, said[name])
    if set(changed) & set(LIMITS):
        tier.changed_at = clock.now()
        await session.execute(_TELL, {"channel": CHANNEL, "tier": tier.id, "now": clock.now()})
    await _next_version(session, tier, by)
    return changed


async def retire_tier(session: AsyncSession, tier: Tier, *, by: str) -> None:
    """Nobody is put on it any more; who is on it stays. The tier is locked by the caller. Raises FreeStaysError."""
    if tier.key == FREE:
        raise FreeStaysError
    if tier.retired_at is None:
        tier.retired_at = clock.now()
        await _next_version(session, tier, by)


async def bring_back_tier(session: AsyncSession, tier: Tier, *, by: str) -> None:
    """One can be put on it again. The tier is locked by the caller."""
    if tier.retired_at is not None:
        tier.retired_at = None
        await _next_version(session, tier, by)


async def place_tier(session: AsyncSession, tier: Tier, after_id: int) -> None:
    """Let a tier stand right after another; nothing stands before the free one."""
    await _lock_all(session)
    if tier.key == FREE or after_id == tier.id:
        return
    # Read anew under the lock: somebody else may have ordered them meanwhile.
    tiers = list(
        await session.scalars(
            select(Tier).order_by(Tier.position, Tier.id).execution_options(populate_existing=True)
        )
    )
    others = [one for one in tiers if one.id != tier.id]
    place = next((number for number, one in enumerate(others, start=1) if one.id == after_id), len(others))
    for number, one in enumerate([*others[:place], tier, *others[place:]]):
        if one.position != number:
            one.position = number
    await session.flush()


async def versions_of(session: AsyncSession, tier_id: int) -> Sequence[TierVersion]:
    """Everything that a tier ever said, the latest first."""
    found = select(TierVersion).where(TierVersion.tier_id == tier_id).order_by(TierVersion.version.desc())
    return (await session.scalars(found)).all()


async def _lock_all(session: AsyncSession) -> None:
    """One at a time changes tiers: the row of the free one, which is always there, stands for the list.

    FOR NO KEY UPDATE: decisions and new memberships, which refer to it, go on meanwhile.
    """
    await session.scalar(select(Tier.id).where(Tier.key == FREE).with_for_update(key_share=True))


async def _next_version(session: AsyncSession, tier: Tier, by: str) -> None:
    tier.version += 1
    _keep_version(session, tier, by)
    await session.flush()


def _keep_version(session: AsyncSession, tier: Tier, by: str) -> None:
    kept = TierVersion(tier_id=tier.id, version=tier.version, at=clock.now(), by=by, said=said_by(tier))
    session.add(kept)


def _free_key(name: str, taken: set[str]) -> str:
    """A key made from a name that no tier has had."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "tier"
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}-{number}"
    return found
