"""Overrides: one limit of one holder, set by an operator; never changed, only withdrawn, so that history stays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import NotFoundError
from app.live import announce, holder_topic
from app.memberships.limits import hold
from app.memberships.models import LimitOverride
from quotas.limits import LimitName

HISTORY = 20


@dataclass(frozen=True)
class Past:
    """An override as a list of them shows it; `holds`: nobody withdrew it and its time is not over."""

    row: LimitOverride
    holds: bool


async def set_override(
    session: AsyncSession,
    holder_id: int,
    name: LimitName,
    value: int | None,
    *,
    reason: str,
    made_by: str,
    ends_at: datetime | None = None,
) -> LimitOverride:
    """Let a limit of the holder be `value` (None: unlimited; in the limit's own unit) until `ends_at` or withdrawn.

    The newest of a limit wins. What is above a lowered limit stays, as after a downgrade. Raises NotFoundError.
    """
    await hold(session, holder_id)
    made = LimitOverride(
        holder_id=holder_id,
        limit_name=name,
        value=value,
        reason=reason,
        starts_at=clock.now(),
        ends_at=ends_at,
        made_by=made_by,
    )
    session.add(made)
    await session.flush()
    await announce(session, holder_topic(holder_id))
    return made


async def withdraw_override(
    session: AsyncSession, holder_id: int, override_id: int, *, withdrawn_by: str
) -> LimitName | None:
    """Take an override back: the limit is again what it would be without. Raises NotFoundError.

    Returns which limit; None if it was withdrawn already.
    """
    await hold(session, holder_id)
    found = await session.scalar(
        select(LimitOverride).where(LimitOverride.id == override_id, LimitOverride.holder_id == holder_id)
    )
    if found is None:
        raise NotFoundError
    withdrawn = await session.execute(
        update(LimitOverride)
        .where(LimitOverride.id == override_id, LimitOverride.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now(), withdrawn_by=withdrawn_by)
        .returning(LimitOverride.id)
    )
    if withdrawn.one_or_none() is None:
        return None
    await announce(session, holder_topic(holder_id))
    return LimitName(found.limit_name)


async def overrides_of(session: AsyncSession, holder_id: int) -> list[Past]:
    """The holder's newest overrides, those that hold and those that did."""
    found = await session.scalars(
        select(LimitOverride)
        .where(LimitOverride.holder_id == holder_id)
        .order_by(LimitOverride.id.desc())
        .limit(HISTORY)
    )
    now = clock.now()
    return [
        Past(row, holds=row.withdrawn_at is None and (row.ends_at is None or row.ends_at > now))
        for row in found
    ]
