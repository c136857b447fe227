"""The end of the trash: what was there for 7 days is deleted at BBB, its row and bytes go when BBB agreed."""

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.memberships.limits import HeldLimits
from app.memberships.rounds import for_each_holder
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
    await for_each_holder(database, sorted(holders), _empty, name="recording.trash.put_off")


async def _empty(session: AsyncSession, held: HeldLimits) -> bool:
    """Read again under the lock: somebody may just have restored it."""
    over = select(Recording).where(
        Recording.holder_id == held.holder_id, *_IS_OVER, Recording.trashed_at <= clock.now() - TRASH
    )
    for recording in (await session.scalars(over)).all():
        log.info("recording.trash_over", recording=recording.id)
        await wish_deletion(session, recording)
    return True
