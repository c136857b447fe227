"""Asking BBB for recordings: by meeting and by their own ids, in small batches, never for everything."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.meetings.models import UNFINISHED, Meeting
from app.recordings.arriving import arrive, note_missing
from app.recordings.models import Recording, RecordingState
from app.servers.models import Server
from app.servers.pool import BBB, Servers
from app.servers.reasons import FOREIGN
from bbb_client import recording_responses as bbb_answers
from bbb_client.errors import BBBError
from bbb_client.recording_requests import GetRecordings
from bbb_client.vocabulary import RecordingState as Said

log = structlog.get_logger()

MEETINGS_AT_ONCE, RECORDINGS_AT_ONCE = 20, 25
# Batches in one round: the next one is a minute later.
BATCHES = 10
SOONEST, LATEST = timedelta(minutes=10), timedelta(days=1)
# A meeting of which nothing was recorded by then keeps no storage free any more: nobody pressed the button.
NOTHING_RECORDED, LAST_LOOK = timedelta(days=1), timedelta(days=7)
# What is asked for is put off first: if this process dies, or BBB does not answer, it comes again.
PUT_OFF = timedelta(minutes=10)


async def ask_for_due(database: Database, servers: Servers) -> None:
    """One round over the meetings whose recordings are due, each asked for at its server.

    A server that does not answer ends its part: nothing changes. What is on one that is not set up stays due.
    """
    for bbb in await _speaking_for_themselves(database, servers):
        for _batch in range(BATCHES):
            async with database.transaction() as session:
                due = await _due_meetings(session, bbb.ids)
            if not due:
                break
            try:
                await _ask_about(database, bbb, due)
            except BBBError as error:
                log.warning("recordings.could_not_ask", server=bbb.id, meetings=len(due), why=str(error))
                break


async def ask_about(database: Database, servers: Servers, external_ids: Sequence[str]) -> None:
    """Ask BBB for all recordings of these meetings, and write down what it says. Raises BBBError, NotSetUpError."""
    by_server = defaultdict(list)
    async with database.transaction() as session:
        columns = Meeting.external_id, Meeting.server_id
        found = await session.execute(select(*columns).where(Meeting.external_id.in_(external_ids)))
        for row in found.all():
            by_server[await servers.of(session, row.server_id)].append(row.external_id)
    for bbb, here in by_server.items():
        await _ask_about(database, bbb, here)


async def _ask_about(database: Database, bbb: BBB, external_ids: Sequence[str]) -> None:
    request = GetRecordings(meeting_ids=external_ids, states=[Said.ANY])
    asked_at = clock.now()
    answer = await bbb.client.all_recordings(request)
    await _note_unread(database, bbb, answer)
    by_meeting = _by_meeting(answer.recordings, external_ids)
    for external_id in sorted(external_ids):
        is_whole = not any(item.is_nameless or item.is_of(external_id) for item in answer.unread)
        async with database.transaction() as session:
            meeting = await arrive(session, external_id, by_meeting.get(external_id, []), asked_at)
            if meeting is not None:
                await _set_next(session, meeting, is_whole=is_whole)


async def reread(database: Database, servers: Servers) -> None:
    """One round over the recordings whose turn it is: what their servers still have of them, and what not."""
    for bbb in await _speaking_for_themselves(database, servers):
        for _batch in range(BATCHES):
            async with database.transaction() as session:
                due = await _due_recordings(session, bbb.ids)
            if not due:
                break
            try:
                await _reread(database, bbb, due)
            except BBBError as error:
                log.warning("recordings.could_not_ask", server=bbb.id, recordings=len(due), why=str(error))
                break


async def _speaking_for_themselves(database: Database, servers: Servers) -> list[BBB]:
    """The servers of the settings, but for one that looks like another one in its place: it may lack all of ours."""
    found = await servers.all(database)
    async with database.transaction() as session:
        foreign = set(await session.scalars(select(Server.id).where(Server.failure == FOREIGN)))
    return [bbb for bbb in found if bbb.id not in foreign]


async def _reread(database: Database, bbb: BBB, due: Sequence[Row[str, int, str]]) -> None:
    request = GetRecordings(record_ids=[row.record_id for row in due], states=[Said.ANY])
    asked_at = clock.now()
    answer = await bbb.client.all_recordings(request)
    await _note_unread(database, bbb, answer)
    said = answer.recordings
    by_meeting = _by_meeting(said, {row.external_id for row in due})
    asked = {row.record_id for row in due}
    for external_id, recordings in sorted(by_meeting.items()):
        async with database.transaction() as session:
            listed = [each for each in recordings if each.record_id in asked]
            await arrive(session, external_id, listed, asked_at)
    known = {recording.record_id for recording in said}
    known |= {name for item in answer.unread for name in (item.record_id, item.internal_meeting_id)}
    left = [row for row in due if row.record_id not in known]
    if any(item.is_nameless for item in answer.unread):
        # It may be any of those that are left: each is asked for by itself, and then it is that one or another's.
        for row in left if len(due) > 1 else ():
            await _reread(database, bbb, [row])
        return
    missing = defaultdict(list)
    for row in left:
        missing[row.holder_id].append(row.record_id)
    for holder_id, record_ids in sorted(missing.items()):
        async with database.transaction() as session:
            await note_missing(session, holder_id, record_ids, asked_at)


async def _note_unread(database: Database, bbb: BBB, answer: bbb_answers.RecordingPage) -> None:
    """Count for the operators what could not be read: those recordings are unknown, and stay as they are."""
    if not answer.unread:
        return
    names = [item.record_id or item.meeting_id or "?" for item in answer.unread]
    log.warning("recordings.unreadable", server=bbb.id, recordings=names)
    counted = {"unread_recordings": len(names), "unread_recordings_at": clock.now()}
    async with database.transaction() as session:
        await session.execute(update(Server).where(Server.id == bbb.id).values(counted))


async def _due_meetings(session: AsyncSession, server_ids: Collection[int]) -> list[str]:
    """The next meetings on a server whose recordings are due, put off: another worker takes others."""
    due = (
        select(Meeting.id)
        .where(
            Meeting.server_id.in_(server_ids),
            Meeting.recordings_due_at <= clock.now(),
            Meeting.state.not_in(UNFINISHED),
        )
        .order_by(Meeting.recordings_due_at)
        .limit(MEETINGS_AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    )
    claimed = (
        update(Meeting)
        .where(Meeting.id.in_(due))
        .values(recordings_due_at=clock.now() + PUT_OFF)
        .returning(Meeting.external_id)
    )
    return list(await session.scalars(claimed))


async def _due_recordings(session: AsyncSession, server_ids: Collection[int]) -> Sequence[Row[str, int, str]]:
    """The next recordings on a server to read again, put off in the same way."""
    due = (
        select(Recording.id)
        .where(Recording.server_id.in_(server_ids), Recording.check_at <= clock.now())
        .order_by(Recording.check_at)
        .limit(RECORDINGS_AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    )
    claimed = (
        update(Recording)
        .where(Recording.id.in_(due), Meeting.id == Recording.meeting_id)
        .values(check_at=clock.now() + PUT_OFF)
        .returning(Recording.record_id, Recording.holder_id, Meeting.external_id)
    )
    return (await session.execute(claimed)).all()


def _by_meeting(
    said: Sequence[bbb_answers.Recording], asked: Collection[str]
) -> dict[str, list[bbb_answers.Recording]]:
    """What was said, by meeting. What was not asked for is another's: it is left alone."""
    found: dict[str, list[bbb_answers.Recording]] = defaultdict(list)
    for recording in said:
        if recording.meeting_id in asked:
            found[recording.meeting_id].append(recording)
        else:
            log.warning("recordings.not_asked_for", record=recording.record_id)
    return found


async def _set_next(session: AsyncSession, meeting: Meeting, *, is_whole: bool) -> None:
    """When BBB is asked about this meeting next; None when there is nothing more to learn.

    `is_whole`: the answer could be read. Else nobody knows whether something was recorded.
    """
    rows = (
        await session.execute(
            select(Recording.state, Recording.estimated).where(Recording.meeting_id == meeting.id)
        )
    ).all()
    now = clock.now()
    age = now - (meeting.ended_at or now)
    is_empty = not rows and is_whole and age >= NOTHING_RECORDED
    if is_empty:
        meeting.reserved_bytes = 0
    settled = bool(rows) and not any(row.estimated or row.state == RecordingState.PROCESSING for row in rows)
    meeting.recordings_due_at = next_look(now, age, is_settled=settled or is_empty)
    if meeting.recordings_due_at is None and not is_whole:
        meeting.recordings_due_at = now + LATEST
    await session.flush()


def next_look(now: datetime, age: timedelta, *, is_settled: bool) -> datetime | None:
    """When to look again for recordings of a meeting that ended `age` ago.

    The older, the seldomer; where nothing is open, once more when a late format would be there, and a week later.
    """
    if age >= LAST_LOOK:
        return None
    if is_settled:
        return now + (NOTHING_RECORDED if age < NOTHING_RECORDED else LAST_LOOK) - age
    to_the_day = NOTHING_RECORDED - age if age < NOTHING_RECORDED else LATEST
    return now + min(max(age / 2, SOONEST), max(to_the_day, SOONEST), LATEST)
