"""What a holder's recordings are charged, kept in its row as they change: the one place that changes it."""

import structlog
from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.recordings.models import Recording
from quotas.storage import ChargedBytes

log = structlog.get_logger()

NOTHING = ChargedBytes(bytes=0, estimated=False)


async def charge(session: AsyncSession, recording: Recording, charged: ChargedBytes) -> None:
    """Charge a recording these bytes from now on. The holder is held by the caller, so the total keeps step."""
    more = charged.bytes - recording.bytes
    recording.bytes, recording.estimated = charged.bytes, charged.estimated
    await session.flush()
    if more:
        await session.execute(
            update(Holder)
            .where(Holder.id == recording.holder_id)
            .values(stored_bytes=Holder.stored_bytes + more)
        )


async def uncharge(session: AsyncSession, recording: Recording) -> None:
    """Give back the bytes of a recording that BBB has no longer. The holder is held by the caller."""
    await charge(session, recording, NOTHING)


async def check_totals(database: Database) -> list[str]:
    """Compare every kept total with the sum of the recordings and repair it; returns what was repaired, in words.

    Who looks wrong is looked at again under its lock: a change in flight is no difference.
    """
    async with database.transaction() as session:
        suspects = (await session.scalars(_suspects())).all()
    return [said for holder_id in suspects if (said := await _repair(database, holder_id))]


def _suspects() -> Select[int]:
    sums = (
        select(Recording.holder_id, func.sum(Recording.bytes).label("bytes"))
        .group_by(Recording.holder_id)
        .subquery()
    )
    return (
        select(Holder.id)
        .outerjoin(sums, sums.c.holder_id == Holder.id)
        .where(Holder.stored_bytes != func.coalesce(sums.c.bytes, 0))
        .order_by(Holder.id)
    )


async def _repair(database: Database, holder_id: int) -> str | None:
    async with database.transaction() as session:
        await hold(session, holder_id)
        holder = await session.get_one(Holder, holder_id)
        true = select(func.coalesce(func.sum(Recording.bytes), 0)).where(Recording.holder_id == holder_id)
        total = int(await session.scalar(true) or 0)
        kept = holder.stored_bytes
        if kept == total:
            return None
        holder.stored_bytes = total
        await session.flush()
    log.error("recordings.total_repaired", holder=holder_id, kept=kept, true=total)
    return f"{holder.name} ({holder_id}): {kept} → {total}"
