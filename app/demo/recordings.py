"""The demo's recordings: in every state, put into the simulator at each start, since it keeps nothing."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder
from app.organisations.models import Organisation
from app.recordings.models import Recording, RecordingFormat, RecordingState
from app.recordings.totals import count_hosts
from app.rooms.models import Room, Visibility
from app.servers.pool import Servers
from app.settings import Settings
from bbb_client.simulator.meetings import internal_prefix
from quotas.limits import Policy
from quotas.storage import estimated_bytes

DAY = timedelta(days=1)
EVERY = ("presentation", "video", "podcast")
SLIDES = ("presentation", "podcast")


@dataclass(frozen=True)
class DemoRecording:
    """A recording in the demo, made so many days ago."""

    room: str
    name: str
    days_ago: int
    minutes: int
    formats: tuple[str, ...] = SLIDES
    visibility: str = Visibility.HOSTS
    state: str = RecordingState.PUBLISHED
    keep_days: int | None = None
    trashed_days_ago: int | None = None
    hidden: tuple[str, ...] = ()


RECORDINGS = (
    DemoRecording("choir-practice", "Spring concert, the whole rehearsal", 6, 38, EVERY, Visibility.PUBLIC),
    DemoRecording("choir-practice", "Warm-up exercises", 11, 12, ("podcast",), Visibility.LINK),
    DemoRecording("choir-practice", "Second voices, bars 40 to 96", 27, 34, keep_days=30),
    DemoRecording("choir-practice", "Sound check", 14, 25, trashed_days_ago=2),
    DemoRecording("choir-practice", "Choir practice", 0, 18, state=RecordingState.PROCESSING),
    DemoRecording("seed-library-board", "Budget for the year", 33, 20, SLIDES, Visibility.CODE),
    DemoRecording("weekly-assembly", "How the laundry room works", 40, 15, EVERY, Visibility.PUBLIC),
    DemoRecording("weekly-assembly", "Assembly on the new roof", 8, 75, SLIDES, Visibility.SIGNED_IN),
    DemoRecording("weekly-assembly", "Assembly on heating costs", 15, 90, EVERY, hidden=("video",)),
    DemoRecording("operators-round", "What broke in October", 24, 50, SLIDES, Visibility.NOBODY),
    DemoRecording("open-house", "Open house, questions and answers", 19, 55, EVERY, Visibility.PUBLIC),
)


async def put_recordings(settings: Settings, simulator: str) -> None:
    """Make the demo's recordings the first time; put into the simulator what should be there."""
    database = Database(settings)
    server_id = (await Servers(settings).choose(database)).id
    async with httpx.AsyncClient(timeout=20) as client:
        async with database.transaction() as session:
            if await session.scalar(select(Recording.id).limit(1)) is None:
                for demo in RECORDINGS:
                    await _make(session, server_id, settings.bbb_url.partition("/bigbluebutton")[0], demo)
        async with database.transaction() as session:
            for recording in await session.scalars(select(Recording).order_by(Recording.id)):
                await _put(session, client, simulator, recording)
            await _charge(session)
    await database.close()


async def _make(session: AsyncSession, server_id: int, address: str, demo: DemoRecording) -> None:
    room = (await session.scalars(select(Room).where(Room.slug == demo.room))).one_or_none()
    if room is None:
        return
    now = clock.now()
    at = now - demo.days_ago * DAY - timedelta(minutes=demo.minutes + 20)
    meeting = _meeting(room, server_id, at, demo)
    session.add(meeting)
    await session.flush()
    is_made = demo.state != RecordingState.PROCESSING
    recording = Recording(
        record_id=f"{internal_prefix(meeting.external_id)}-{int(at.timestamp() * 1000)}",
        key=secrets.token_urlsafe(12),
        server_id=meeting.server_id,
        holder_id=room.holder_id,
        meeting_id=meeting.id,
        room_id=room.id,
        host_id=room.host_id,
        name=demo.name,
        state=RecordingState.UNPUBLISHED if demo.visibility == Visibility.NOBODY else demo.state,
        visibility=demo.visibility,
        bytes=estimated_bytes(demo.minutes, Policy()),
        estimated=not is_made,
        minutes=demo.minutes,
        recorded_at=at,
        created_at=at,
        check_at=now + (DAY if is_made else timedelta(minutes=1)),
        seen_at=now,
        trashed_at=None if demo.trashed_days_ago is None else now - demo.trashed_days_ago * DAY,
        keep_days=demo.keep_days,
        kept_until=None if demo.keep_days is None else at + demo.keep_days * DAY,
    )
    session.add(recording)
    await session.flush()
    for kind in demo.formats if is_made else ():
        session.add(
            RecordingFormat(
                recording_id=recording.id,
                type=kind,
                url=f"{address}/playback/{kind}/{recording.record_id}",
                size=None,
                minutes=recording.minutes,
                hidden=kind in demo.hidden,
            )
        )
    await session.flush()


def _meeting(room: Room, server_id: int, at: Any, demo: DemoRecording) -> Meeting:
    return Meeting(
        holder_id=room.holder_id,
        server_id=server_id,
        room_id=room.id,
        name=room.name,
        external_id=f"gh-{secrets.token_hex(12)}",
        callback_token=secrets.token_urlsafe(16),
        state=MeetingState.ENDED,
        sitting_id=secrets.token_hex(8),
        tier="free",
        recorded=True,
        reserved_at=at,
        started_at=at,
        ended_at=at + timedelta(minutes=demo.minutes + 5),
    )


async def _put(
    session: AsyncSession, client: httpx.AsyncClient, simulator: str, recording: Recording
) -> None:
    """Into the simulator, as it was when the demo was stopped; its sizes are ours."""
    if recording.state == RecordingState.GONE:
        return
    kinds = select(RecordingFormat.type).where(RecordingFormat.recording_id == recording.id)
    external_id = await session.scalar(select(Meeting.external_id).where(Meeting.id == recording.meeting_id))
    order = {
        "recordID": recording.record_id,
        "meetingID": external_id,
        "name": recording.name,
        "minutes": max(1, recording.minutes),
        "started_ms": int(recording.recorded_at.timestamp() * 1000),
        "state": recording.state,
        "formats": list(await session.scalars(kinds)) or list(SLIDES),
    }
    answer = await client.post(f"{simulator}/sim/recordings", json=order)
    sizes: dict[str, int] = answer.json().get("formats", {})
    for kind, size in sizes.items():
        known = (RecordingFormat.recording_id == recording.id) & (RecordingFormat.type == kind)
        await session.execute(update(RecordingFormat).where(known).values(size=size))
    if sizes:
        recording.bytes, recording.estimated = sum(sizes.values()), False


async def _charge(session: AsyncSession) -> None:
    await session.flush()
    charged = select(func.coalesce(func.sum(Recording.bytes), 0)).where(Recording.holder_id == Holder.id)
    await session.execute(
        update(Holder)
        .values(stored_bytes=charged.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    await count_hosts(session, list(await session.scalars(select(Organisation.holder_id))))
