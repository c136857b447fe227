"""What BBB says of recordings becomes rows of our own: one writer for callback, web-hook and round, in any order."""

import random
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.live import announce, holder_topic, room_topic
from app.meetings.models import UNFINISHED, Meeting
from app.memberships.limits import HeldLimits, hold
from app.recordings import totals
from app.recordings.access import is_web_address
from app.recordings.models import Recording, RecordingFormat, RecordingState, Wanted
from app.recordings.playback import is_protected, without_key
from app.recordings.service import kept_until
from app.recordings.telling import TELL, first_wish, wish_of
from app.rooms.models import Room, Visibility
from bbb_client import recording_responses as bbb
from bbb_client.vocabulary import RecordingState as Said
from quotas.storage import RecordingSizes, charged_bytes

log = structlog.get_logger()

# A single answer without it proves nothing: it is gone when a second one, so much later, agrees.
GONE_AFTER = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(days=30)
# What no server has: numbers beyond these are taken for none.
LONGEST, LARGEST = timedelta(days=30), 10**15  # bytes
# How soon BBB is asked again for one that is settled, and for one that is still being made or measured.
SETTLED, UNSETTLED = timedelta(days=7), timedelta(days=1)
MINUTE = timedelta(minutes=1)

_STATES = {
    Said.PROCESSING: RecordingState.PROCESSING,
    Said.PROCESSED: RecordingState.PROCESSING,
    Said.PUBLISHED: RecordingState.PUBLISHED,
    Said.UNPUBLISHED: RecordingState.UNPUBLISHED,
}


async def arrive(
    session: AsyncSession, external_id: str, found: Sequence[bbb.Recording], asked_at: datetime
) -> Meeting | None:
    """Write down all that BBB has said of one meeting's recordings; returns the meeting, None if it is not ours.

    Under the holder's lock. As soon as one of them is known, it charges itself and the meeting reserves no more.
    `asked_at` is when BBB was asked: what has been heard of a recording since then is newer, and stays.
    """
    holder_id = await session.scalar(select(Meeting.holder_id).where(Meeting.external_id == external_id))
    if holder_id is None:
        return None
    held = await hold(session, holder_id)
    meeting = await session.scalar(
        select(Meeting)
        .where(Meeting.external_id == external_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if meeting is None:
        return None
    for said in found:
        await _take_in(session, held, meeting, said, asked_at)
    if meeting.reserved_bytes and meeting.state not in UNFINISHED and await _is_known(session, meeting.id):
        meeting.reserved_bytes = 0
    await session.flush()
    if found:
        room = [] if meeting.room_id is None else [room_topic(meeting.room_id)]
        await announce(session, *room, holder_topic(meeting.holder_id))
    return meeting


async def note_missing(
    session: AsyncSession, holder_id: int, missing: Collection[str], asked_at: datetime
) -> None:
    """BBB was asked for these recordings by their own ids at that moment, and did not list them."""
    await hold(session, holder_id)
    now = clock.now()
    for row in await _rows(session, missing):
        if row.seen_at > asked_at:
            continue
        if row.state == RecordingState.GONE:
            await _stays_gone(session, row, now)
        elif row.gone_at is None:
            row.gone_at, row.check_at = now, now + GONE_AFTER
        elif row.gone_at <= now - GONE_AFTER:
            await _is_gone(session, row)
        else:
            row.check_at = row.gone_at + GONE_AFTER
    await session.flush()
    await announce(session, holder_topic(holder_id))


async def _take_in(
    session: AsyncSession, held: HeldLimits, meeting: Meeting, said: bbb.Recording, asked_at: datetime
) -> None:
    rows = await _rows(session, [said.record_id])
    row = rows[0] if rows else None
    if row is not None and row.meeting_id != meeting.id:
        log.warning("recording.of_another_meeting", recording=row.id, meeting=meeting.id)
        return
    if row is not None and row.seen_at > asked_at:
        return
    if said.state == Said.DELETED:
        if row is not None:
            await _is_deleted(session, row, asked_at)
        return
    if row is None:
        row = await _begin(session, held, meeting, said, asked_at)
    await _write(session, held, meeting, row, said, asked_at)


async def _begin(
    session: AsyncSession, held: HeldLimits, meeting: Meeting, said: bbb.Recording, asked_at: datetime
) -> Recording:
    """A recording that is new here begins as its room says; without a room only its hosts see it."""
    room = await session.get(Room, meeting.room_id) if meeting.room_id is not None else None
    visibility = room.recording_visibility if room else Visibility.HOSTS
    now = clock.now()
    row = Recording(
        record_id=said.record_id,
        key=secrets.token_urlsafe(12),
        server_id=meeting.server_id,
        holder_id=meeting.holder_id,
        meeting_id=meeting.id,
        room_id=meeting.room_id,
        host_id=room.host_id if room else meeting.started_by,
        name=meeting.name,
        state=RecordingState.PROCESSING,
        visibility=visibility,
        bytes=0,
        estimated=True,
        # By our clock: a server whose clock is off moves nothing.
        recorded_at=meeting.started_at or meeting.reserved_at,
        created_at=now,
        check_at=now,
        seen_at=asked_at,
        keep_days=room.recording_days if room else None,
        wanted=first_wish(visibility),
    )
    row.kept_until = kept_until(held, row)
    session.add(row)
    await session.flush()
    log.info("recording.arrived", recording=row.id, meeting=meeting.id)
    return row


async def _write(
    session: AsyncSession,
    held: HeldLimits,
    meeting: Meeting,
    row: Recording,
    said: bbb.Recording,
    asked_at: datetime,
) -> None:
    now, length = clock.now(), _length(meeting, said)
    was = row.state
    row.state = _state(said, was)
    row.server_id = meeting.server_id
    if was == RecordingState.GONE and row.state == RecordingState.PUBLISHED:
        # It comes back as it arrived: BBB publishes by itself, whatever it was told of it before.
        wish = wish_of(row)
        row.wanted = None if wish == Wanted.PUBLISHED else wish
    row.seen_at, row.gone_at = asked_at, None
    row.minutes = round(length / MINUTE)
    row.protected = is_protected(said)
    await _write_formats(session, row, said.formats)
    charged = charged_bytes(
        RecordingSizes(
            formats=[_size(form.size) for form in said.formats],
            size=_size(said.size),
            raw_size=_size(said.raw_size),
            length=length,
        ),
        held.policy,
    )
    await totals.charge(session, row, charged)
    row.check_at = next_check(now, row)
    if row.wanted is not None and was != row.state:
        await jobs.defer(session, TELL, recording_id=row.id)
    await session.flush()


async def _write_formats(session: AsyncSession, row: Recording, said: Iterable[bbb.PlaybackFormat]) -> None:
    """The formats as BBB lists them; what a host has hidden stays, so that it is hidden when it comes again."""
    known = {
        form.type: form
        for form in await session.scalars(
            select(RecordingFormat).where(RecordingFormat.recording_id == row.id)
        )
    }
    listed = {form.type: form for form in said if is_web_address(form.url)}
    for kind in set(known) - set(listed):
        if known[kind].hidden:
            known[kind].url = ""
        else:
            await session.delete(known[kind])
    for kind, form in listed.items():
        mine = known.get(kind)
        if mine is None:
            mine = RecordingFormat(recording_id=row.id, type=kind, url=form.url)
            session.add(mine)
        mine.url = without_key(form.url) if row.protected else form.url
        mine.size = _size(form.size)
        mine.minutes = round(_no_longer(form.length_minutes) / MINUTE)
    await session.flush()


async def _is_deleted(session: AsyncSession, row: Recording, asked_at: datetime) -> None:
    """BBB says so itself, so one answer is enough."""
    row.seen_at = asked_at
    if row.state == RecordingState.GONE:
        await _stays_gone(session, row, clock.now())
    else:
        await _is_gone(session, row)


async def _is_gone(session: AsyncSession, row: Recording) -> None:
    """BBB has it no longer: shown as gone, and charged nothing. The holder is held."""
    log.info("recording.gone", recording=row.id)
    now = clock.now()
    row.state, row.wanted = RecordingState.GONE, None
    row.gone_at = row.gone_at or now
    row.check_at = now + UNSETTLED
    await totals.uncharge(session, row)


async def _stays_gone(session: AsyncSession, row: Recording, now: datetime) -> None:
    """Shown as gone for a month, then forgotten."""
    if row.gone_at is not None and row.gone_at <= now - FORGOTTEN_AFTER:
        log.info("recording.forgotten", recording=row.id)
        await session.delete(row)
    else:
        row.check_at = now + UNSETTLED


async def _rows(session: AsyncSession, record_ids: Collection[str]) -> Sequence[Recording]:
    """The rows of these recordings as they are under the lock."""
    found = select(Recording).where(Recording.record_id.in_(record_ids)).order_by(Recording.id)
    return (await session.scalars(found.execution_options(populate_existing=True))).all()


async def _is_known(session: AsyncSession, meeting_id: int) -> bool:
    return await session.scalar(select(Recording.id).where(Recording.meeting_id == meeting_id)) is not None


def _state(said: bbb.Recording, was: str) -> RecordingState:
    """BBB's word; of a word that is new to us, whether it is published. Neither: it stays what it was."""
    if isinstance(said.state, Said) and said.state in _STATES:
        return _STATES[said.state]
    if said.published is None:
        return RecordingState.PROCESSING if was == RecordingState.GONE else RecordingState(was)
    return RecordingState.PUBLISHED if said.published else RecordingState.UNPUBLISHED


def _length(meeting: Meeting, said: bbb.Recording) -> timedelta:
    """How long it is: as its formats say, else from its start to its end, else as long as the meeting was."""
    longest = max((_no_longer(form.length_minutes) for form in said.formats), default=timedelta())
    if longest:
        return longest
    if said.start_time and said.end_time and timedelta() < said.end_time - said.start_time <= LONGEST:
        # Both by BBB's clock, so that it may be off.
        return said.end_time - said.start_time
    if meeting.started_at and meeting.ended_at:
        return meeting.ended_at - meeting.started_at
    return timedelta()


def _no_longer(minutes: int) -> timedelta:
    """So many minutes; nothing if no meeting lasts so long."""
    return timedelta(minutes=minutes) if 0 < minutes <= LONGEST / MINUTE else timedelta()


def _size(said: int | None) -> int | None:
    """A size in bytes as a server can have it; None if that is not known."""
    return said if said is not None and 0 <= said <= LARGEST else None


def next_check(now: datetime, row: Recording) -> datetime:
    """When BBB is asked for it again, a little scattered: many that came on one day do not all come again."""
    settled = row.state != RecordingState.PROCESSING and not row.estimated
    return now + (SETTLED if settled else UNSETTLED) * random.uniform(1.0, 1.2)  # noqa: S311  scatters, hides nothing
