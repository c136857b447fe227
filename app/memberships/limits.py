"""What a holder may use now, and the lock that must be held before any of it is spent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Statement
from app.errors import NotFoundError
from app.memberships.models import Holder, Tier
from app.memberships.shipped import FREE
from quotas.limits import LimitName, Limits, Policy, TierLimits, limits_of


@dataclass(frozen=True)
class Override:
    """A limit that an operator set for this holder: `value` None is unlimited, `ends_at` None until withdrawn."""

    value: int | None
    reason: str
    ends_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """A holder's tier and what follows from it at this moment."""

    holder_id: int
    holder_name: str
    tier_key: str
    tier_name: str
    membership_ends_at: datetime | None
    limits: Limits
    policy: Policy
    zone: ZoneInfo
    """in which the service counts its months"""
    tier: TierLimits
    """what the tier says, before shares and overrides"""
    hosts: int
    """of the organisation; a person is one"""
    seats: int | None
    """hosts that the membership has, None: as many as wanted"""
    overrides: Mapping[LimitName, Override] = field(default_factory=dict)
    """those that hold now; they are in `limits` already"""
    tier_changed_at: datetime | None = None
    """when an operator last changed the tier's limits: what runs since before has other terms"""
    suspended_at: datetime | None = None
    """since when the membership grants nothing; None: it does, or there is none"""


@dataclass(frozen=True)
class HeldLimits(Standing):
    """A standing read while the holder's row is locked: only `hold` and `hold_if_free` make one.

    Whatever spends a limit asks for this type, so the type checker refuses to do it without the lock.
    """


# One statement: the holder, its newest membership that holds now (grace included), the tier, the policy, and of each
# overridden limit the newest override that holds now. A suspended membership is found and grants nothing: were it
# left out, the one before it, which an upgrade ended, would hold through its grace. Its seats stay.
# An organisation's hosts are counted by name of the table: its package stands further right.
_STANDING = """
    SELECT h.id AS holder_id, h.name AS holder_name, m.seats, m.suspended_at, t.*, p.*, o.overrides,
           CASE WHEN m.suspended_at IS NULL THEN m.ends_at END AS membership_ends_at,
           CASE h.kind WHEN 'organisation' THEN (
               SELECT count(*) FROM organisation_hosts oh
               JOIN organisations o ON o.id = oh.organisation_id WHERE o.holder_id = h.id
           ) ELSE 1 END AS hosts
    FROM holders h
    CROSS JOIN policy p
    LEFT JOIN LATERAL (
        SELECT tier_id, ends_at, seats, suspended_at FROM memberships
        WHERE holder_id = h.id AND starts_at <= :now AND withdrawn_at IS NULL
          AND (ends_at IS NULL OR ends_at + p.grace_days * interval '1 day' > :now)
        ORDER BY starts_at DESC, id DESC LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT CAST(jsonb_object_agg(newest.limit_name, to_jsonb(newest)) AS text) AS overrides FROM (
            SELECT DISTINCT ON (limit_name) limit_name, value, reason, ends_at FROM limit_overrides
            WHERE holder_id = h.id AND withdrawn_at IS NULL AND starts_at <= :now
              AND (ends_at IS NULL OR ends_at > :now)
            ORDER BY limit_name, id DESC
        ) newest
    ) o ON true
    JOIN tiers t ON t.id = coalesce(
        CASE WHEN m.suspended_at IS NULL THEN m.tier_id END, (SELECT id FROM tiers WHERE key = :free)
    )
"""
_HOLD = Statement("SELECT id FROM holders WHERE id = :holder FOR NO KEY UPDATE")
# Of a list PostgreSQL does not know how long it is, and plans anew each time: three times the work for one holder.
_OF_ONE = Statement(f"{_STANDING} WHERE h.id = :holder")
_OF_MANY = Statement(f"{_STANDING} WHERE h.id = ANY(:holders)")


async def standings(session: AsyncSession, holder_ids: list[int]) -> dict[int, Standing]:
    """What each of these holders may use now, by holder."""
    values = {"now": clock.now(), "free": FREE}
    if len(wanted := set(holder_ids)) == 1:
        found = await _OF_ONE.rows(session, holder=wanted.pop(), **values)
    else:
        found = await _OF_MANY.rows(session, holders=list(wanted), **values)
    return {row.holder_id: _standing(row) for row in found}


async def standing_of(session: AsyncSession, holder_id: int) -> Standing:
    """What one holder may use now, for showing it; spending it takes `hold`. Raises NotFoundError."""
    found = await standings(session, [holder_id])
    if holder_id not in found:
        raise NotFoundError
    return found[holder_id]


async def hold(session: AsyncSession, holder_id: int) -> HeldLimits:
    """Lock the holder's row until this transaction ends, then read what it may use.

    The lock comes first and in a statement of its own: under READ COMMITTED whatever is read with it could be
    older than the lock. FOR NO KEY UPDATE: rows that refer to the holder can be inserted meanwhile.
    Raises NotFoundError.
    """
    if await _HOLD.row(session, holder=holder_id) is None:
        raise NotFoundError
    return HeldLimits(**vars(await standing_of(session, holder_id)))


async def hold_if_free(session: AsyncSession, holder_id: int) -> HeldLimits | None:
    """The same for who has time: None if somebody holds the holder at this moment, or it is gone."""
    lock = select(Holder.id).where(Holder.id == holder_id).with_for_update(key_share=True, skip_locked=True)
    if await session.scalar(lock) is None:
        return None
    return HeldLimits(**vars(await standing_of(session, holder_id)))


async def offers(session: AsyncSession, hosts: int = 1) -> dict[str, tuple[Tier, Limits]]:
    """The tiers that one can get, in their order, with what each would grant."""
    tiers = await session.scalars(select(Tier).where(Tier.retired_at.is_(None)).order_by(Tier.position))
    return {tier.key: (tier, limits_of(tier_limits(tier), hosts)) for tier in tiers}


def tier_limits(tier: Tier | Row[tuple[object, ...]]) -> TierLimits:
    """A tier's row as the rules want it."""
    return TierLimits(
        meeting_minutes=tier.meeting_minutes,
        group_size=tier.group_size,
        rooms_per_host=tier.rooms_per_host,
        at_once_per_host=tier.at_once_per_host,
        storage_first_host=tier.storage_first_host,
        storage_further_host=tier.storage_further_host,
        large_sessions_per_month=tier.large_sessions_per_month,
        large_session_people=tier.large_session_people,
        recording_days=tier.recording_days,
    )


def _standing(row: Row[tuple[object, ...]]) -> Standing:
    tier, overrides = tier_limits(row), _overrides(row.overrides)
    limits = limits_of(tier, row.hosts, seats=row.seats)
    return Standing(
        holder_id=row.holder_id,
        holder_name=row.holder_name,
        tier_key=row.key,
        tier_name=row.name,
        membership_ends_at=row.membership_ends_at,
        limits=overridden(limits, overrides),
        policy=Policy(
            sitting_gap_minutes=row.sitting_gap_minutes,
            large_session_above=row.large_session_above,
            recording_bytes_per_hour=row.recording_bytes_per_hour,
            membership_grace_days=row.grace_days,
            retention_grace_days=row.retention_grace_days,
        ),
        zone=ZoneInfo(row.time_zone),
        tier=tier,
        hosts=row.hosts,
        seats=row.seats,
        overrides=overrides,
        suspended_at=row.suspended_at,
        tier_changed_at=row.changed_at,
    )


def overridden(limits: Limits, overrides: Mapping[LimitName, Override]) -> Limits:
    """The limits with these overrides on top."""
    return limits.overridden(**{str(name): each.value for name, each in overrides.items()})


def _overrides(written: str | None) -> dict[LimitName, Override]:
    """The overrides as the statement hands them over: JSON, by the limit's name."""
    if written is None:
        return {}
    return {
        LimitName(name): Override(
            value=each["value"],
            reason=each["reason"],
            ends_at=datetime.fromisoformat(each["ends_at"]) if each["ends_at"] else None,
        )
        for name, each in json.loads(written).items()
        # During an upgrade a newer process may have written one that this one does not know.
        if name in set(LimitName)
    }
