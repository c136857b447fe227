"""What a holder's recordings are charged, kept in its row as they change."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.memberships.models import Holder
from app.recordings.models import Recording


async def uncharge(session: AsyncSession, recording: Recording) -> None:
    """Give back the bytes of a recording that BBB has no longer. The holder is held by the caller."""
    await session.execute(
        update(Holder)
        .where(Holder.id == recording.holder_id)
        .values(stored_bytes=Holder.stored_bytes - recording.bytes)
    )
    recording.bytes = 0
