"""How full a holder's storage is, said by mail: once at 80, 95 and 100 %. Pages say it by `storage_notice`."""

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.limits import HeldLimits
from app.memberships.models import Holder, HolderKind
from app.recordings.warnings import Post, readers_of, send
from quotas import periods
from quotas.storage import excess_bytes, warning_step

log = structlog.get_logger()


async def warn_of_storage(session: AsyncSession, post: Post, held: HeldLimits) -> None:
    """Write the mail of a step that was reached; a step that was left can be reached again. Holder held."""
    holder = await session.get_one(Holder, held.holder_id, populate_existing=True)
    step = warning_step(held.limits.storage_bytes, holder.stored_bytes)
    if step == holder.storage_warned:
        return
    if step > holder.storage_warned:
        is_over = excess_bytes(held.limits.storage_bytes, holder.stored_bytes) > 0
        stays_until = periods.kept_until(holder.over_since or clock.now(), held.policy)
        log.info("recording.storage_warned", holder=held.holder_id, step=step)
        for reader in await readers_of(session, held.holder_id, set()):
            await send(
                session,
                post,
                reader,
                "recording_storage",
                organisation=holder.name if holder.kind == HolderKind.ORGANISATION else None,
                step=step,
                used=holder.stored_bytes,
                limit=held.limits.storage_bytes,
                is_over=is_over,
                stays_until=stays_until,
            )
    await session.execute(update(Holder).where(Holder.id == held.holder_id).values(storage_warned=step))
