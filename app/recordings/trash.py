"""The end of the trash: what was there for 7 days is deleted at BBB, its row and bytes go when BBB agreed."""

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.memberships.limits import hold
from app.recordings.models import Recording, RecordingState, Wanted
from app.recordings.service import TRASH
from app.recordings.telling import wish_deletion

log = structlog.get_logger()

_IS_OVER = (
    Recording.trashed_at.is_not(None),
    Recording.state != RecordingState.GONE,
    or_(Recording.wanted.is_(None), Recording.wanted != Wanted.DELETED),
)


async def empty_trash(database: Database) -> None:
    """Want whatever has been in the trash for 7 days deleted; one holder after the other."""
    async with database.transaction() as session:
        over = select(Recording.holder_id).where(*_IS_OVER, Recording.trashed_at <= clock.now() - TRASH)
        holders = (await session.scalars(over.distinct())).all()
    for holder_id in sorted(holders):
        async with database.transaction() as session:
            await _empty(session, holder_id)


async def _empty(session: AsyncSession, holder_id: int) -> None:
    """Read again under the lock: somebody may just have restored it."""
    await hold(session, holder_id)
    over = select(Recording).where(
        Recording.holder_id == holder_id, *_IS_OVER, Recording.trashed_at <= clock.now() - TRASH
    )
    for recording in (await session.scalars(over)).all():
        log.info("recording.trash_over", recording=recording.id)
        await wish_deletion(session, recording)
