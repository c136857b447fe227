"""Telling BBB what is wanted of a recording: written with its cause, told by the worker, confirmed afterwards.

Only wishes of our own are pushed: what BBB's people do with a recording meanwhile is not fought.
"""

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.db import Database
from app.live import announce, holder_topic
from app.memberships.limits import hold
from app.recordings import totals
from app.recordings.models import Recording, RecordingState, Wanted
from app.rooms.models import Visibility
from app.servers.models import Server
from app.servers.pool import BBB, NotSetUpError, Servers
from app.servers.reasons import FOREIGN
from bbb_client.errors import BBBError, CouldNotAsk, Refused

TELL = "keeping:tell"
AT_ONCE = 200  # wishes that one round reads

log = structlog.get_logger()


def wish_of(recording: Recording) -> Wanted:
    """What BBB is to do with it. What nobody may see is unpublished, so that its raw address stops working."""
    if recording.wanted == Wanted.DELETED:
        return Wanted.DELETED
    is_hidden = recording.visibility == Visibility.NOBODY or recording.trashed_at or recording.expired_at
    return Wanted.UNPUBLISHED if is_hidden else Wanted.PUBLISHED


def first_wish(visibility: str) -> Wanted | None:
    """What BBB is to be told of a recording that has just arrived: it publishes by itself."""
    return Wanted.UNPUBLISHED if visibility == Visibility.NOBODY else None


async def wish_anew(session: AsyncSession, recording: Recording, before: Wanted) -> None:
    """Have BBB told if what is wished for is another thing than before this change. Holder held."""
    wish = wish_of(recording)
    if wish != before or wish == Wanted.DELETED:
        recording.wanted = wish
        await session.flush()
        await jobs.defer(session, TELL, recording_id=recording.id)
    await announce(session, holder_topic(recording.holder_id))


async def wish_deletion(session: AsyncSession, recording: Recording) -> None:
    """Have BBB delete it; its row and its bytes go when BBB has agreed. Holder held."""
    recording.wanted = Wanted.DELETED
    await wish_anew(session, recording, Wanted.DELETED)


async def tell(database: Database, servers: Servers, recording_id: int) -> bool:
    """Tell its server what is wanted of one recording; False if that does not answer: the round tries again.

    What is wanted of one on a server that is not set up, or that looks like another one, waits: it is not done.
    """
    async with database.transaction() as session:
        recording = await session.get(Recording, recording_id)
        if recording is None or recording.wanted is None or _is_too_early(recording):
            return True
        try:
            bbb = await _server_of(session, servers, recording)
        except NotSetUpError:
            return True
    wish = Wanted(recording.wanted)
    try:
        found = await _ask(bbb, recording.record_id, wish)
    except CouldNotAsk as error:
        log.warning("recording.telling.could_not_ask", recording=recording_id, wanted=wish, why=error.reason)
        return False
    except BBBError as error:
        log.warning("recording.telling.refused", recording=recording_id, wanted=wish, why=str(error))
        return True
    async with database.transaction() as session:
        await _confirm(session, recording, wish, found=found)
    return True


async def tell_all(database: Database, servers: Servers) -> None:
    """Tell every server what it has not agreed to yet; the first that it does not answer ends its part."""
    for bbb in await servers.all(database):
        async with database.transaction() as session:
            waiting = select(Recording.id).where(
                Recording.server_id.in_(bbb.ids),
                Recording.wanted.is_not(None),
                or_(Recording.state != RecordingState.PROCESSING, Recording.wanted == Wanted.DELETED),
            )
            ids = (await session.scalars(waiting.order_by(Recording.id).limit(AT_ONCE))).all()
        for recording_id in ids:
            if not await tell(database, servers, recording_id):
                break


async def _server_of(session: AsyncSession, servers: Servers, recording: Recording) -> BBB:
    """The server that has it; NotSetUpError also while another one seems to stand at its address."""
    bbb = await servers.of(session, recording.server_id)
    if await session.scalar(select(Server.failure).where(Server.id == bbb.id)) == FOREIGN:
        raise NotSetUpError
    return bbb


def _is_too_early(recording: Recording) -> bool:
    """Whether BBB does not know it yet: it publishes what it has made, and is told then."""
    return recording.state == RecordingState.PROCESSING and recording.wanted != Wanted.DELETED


async def _ask(bbb: BBB, record_id: str, wish: Wanted) -> bool:
    """Whether BBB has done it; False: it has no such recording."""
    try:
        if wish == Wanted.DELETED:
            await bbb.client.delete_recordings([record_id])
        else:
            await bbb.client.publish_recordings([record_id], publish=wish == Wanted.PUBLISHED)
    except Refused as refused:
        if not refused.not_found:
            raise
        return False
    return True


async def _confirm(session: AsyncSession, told: Recording, wish: Wanted, *, found: bool) -> None:
    """Write what BBB agreed to; if something else was wished for meanwhile, have it told again."""
    await hold(session, told.holder_id)
    recording = await session.get(Recording, told.id, populate_existing=True)
    if recording is None:
        return
    log.info("recording.told", recording=recording.id, wanted=wish, found=found)
    if wish == Wanted.DELETED:
        await totals.uncharge(session, recording)
        await session.delete(recording)
        await announce(session, holder_topic(recording.holder_id))
        return
    if not found:
        recording.check_at = clock.now()  # it is gone, or not there yet: reading it again finds out
    elif recording.state != RecordingState.GONE:
        recording.state = RecordingState(wish)
        # An answer to a question from before this is out of date (`arriving`).
        recording.seen_at = clock.now()
    # Two answers may come in another order than they were asked for: the last wish is then told once more.
    wanted = wish_of(recording)
    recording.wanted = None if wanted == wish else wanted
    if recording.wanted is not None:
        await jobs.defer(session, TELL, recording_id=recording.id)
    await announce(session, holder_topic(recording.holder_id))
