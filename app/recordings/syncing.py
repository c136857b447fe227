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
from app.servers.pool import Servers
from bbb_client import recording_responses as bbb
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
    """One round over the meetings whose recordings are due. BBB that does not answer ends it: nothing changes."""
    for _batch in range(BATCHES):
        async with database.transaction() as session:
            due = await _due_meetings(session)
        if not due:
            return
        try:
            await ask_about(database, servers, due)
        except BBBError as error:
            log.warning("recordings.could_not_ask", meetings=len(due), why=str(error))
            return


async def ask_about(database: Database, servers: Servers, external_ids: Sequence[str]) -> None:
    """Ask BBB for all recordings of these meetings, and write down what it says. Raises BBBError."""
    request = GetRecordings(meeting_ids=external_ids, states=[Said.ANY])
    asked_at = clock.now()
    said = (await servers.client.all_recordings(request)).recordings
    by_meeting = _by_meeting(said, external_ids)
    for external_id in sorted(external_ids):
        async with database.transaction() as session:
            meeting = await arrive(session, external_id, by_meeting.get(external_id, []), asked_at)
            if meeting is not None:
                await _set_next(session, meeting)


async def reread(database: Database, servers: Servers) -> None:
    """One round over the recordings whose turn it is: what BBB still has of them, and what not."""
    for _batch in range(BATCHES):
        async with database.transaction() as session:
            due = await _due_recordings(session)
        if not due:
            return
        try:
            await _reread(database, servers, due)
        except BBBError as error:
            log.warning("recordings.could_not_ask", recordings=len(due), why=str(error))
            return


async def _reread(database: Database, servers: Servers, due: Sequence[Row[str, int, str]]) -> None:
    request = GetRecordings(record_ids=[row.record_id for row in due], states=[Said.ANY])
    asked_at = clock.now()
    said = (await servers.client.all_recordings(request)).recordings
    by_meeting = _by_meeting(said, {row.external_id for row in due})
    asked = {row.record_id for row in due}
    for external_id, recordings in sorted(by_meeting.items()):
        async with database.transaction() as session:
            listed = [each for each in recordings if each.record_id in asked]
            await arrive(session, external_id, listed, asked_at)
    answered = {recording.record_id for recording in said}
    missing = defaultdict(list)
    for row in due:
        if row.record_id not in answered:
            missing[row.holder_id].append(row.record_id)
    for holder_id, record_ids in sorted(missing.items()):
        async with database.transaction() as session:
            await note_missing(session, holder_id, record_ids, asked_at)


async def _due_meetings(session: AsyncSession) -> list[str]:
    """The next meetings whose recordings are due, put off: another worker takes others."""
    due = (
        select(Meeting.id)
        .where(Meeting.recordings_due_at <= clock.now(), Meeting.state.not_in(UNFINISHED))
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


async def _due_recordings(session: AsyncSession) -> Sequence[Row[str, int, str]]:
    """The next recordings to read again, put off in the same way."""
    due = (
        select(Recording.id)
        .where(Recording.check_at <= clock.now())
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


def _by_meeting(said: Sequence[bbb.Recording], asked: Collection[str]) -> dict[str, list[bbb.Recording]]:
    """What was said, by meeting. What was not asked for is another's: it is left alone."""
    found: dict[str, list[bbb.Recording]] = defaultdict(list)
    for recording in said:
        if recording.meeting_id in asked:
            found[recording.meeting_id].append(recording)
        else:
            log.warning("recordings.not_asked_for", record=recording.record_id)
    return found


async def _set_next(session: AsyncSession, meeting: Meeting) -> None:
    """When BBB is asked about this meeting next; None when there is nothing more to learn."""
    rows = (
        await session.execute(
            select(Recording.state, Recording.estimated).where(Recording.meeting_id == meeting.id)
        )
    ).all()
    now = clock.now()
    age = now - (meeting.ended_at or now)
    if not rows and age >= NOTHING_RECORDED:
        meeting.reserved_bytes = 0
    settled = bool(rows) and not any(row.estimated or row.state == RecordingState.PROCESSING for row in rows)
    meeting.recordings_due_at = next_look(
        now, age, is_settled=settled or (age >= NOTHING_RECORDED and not rows)
    )
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
