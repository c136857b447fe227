"""Following BBB: one getMeetings a server and round keeps the state of all its meetings true."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.errors import UnavailableError
from app.live import announce, holder_topic, room_topic
from app.meetings.ending import mark_ended, tell_bbb
from app.meetings.joining import ON_THE_WAY
from app.meetings.models import OURS, UNFINISHED, Attendance, Meeting, MeetingState
from app.servers.models import Server
from app.servers.pool import Servers
from bbb_client.errors import BBBError, CouldNotAsk
from bbb_client.responses import MeetingInfo

log = structlog.get_logger()

# A start whose process died is given up after this long, if BBB does not know the meeting.
GIVEN_UP = timedelta(seconds=60)
ENDS_WITHIN = timedelta(seconds=15)


async def follow(database: Database, servers: Servers) -> None:
    """One round: ask the server for its meetings, then bring ours in line with what it says.

    A server that does not answer makes its meetings unknown. None of them is ended for that.
    """
    server_id = await servers.choose(database)
    asked_at = clock.now()
    try:
        found = await servers.client.get_meetings()
    except BBBError as error:
        await _silent(database, server_id, error)
        return
    there = {meeting.meeting_id: meeting for meeting in found}
    async with database.transaction() as session:
        await _answered(session, server_id)
        ours = await _unfinished(session, server_id, asked_at)
        to_end = [await _bring_in_line(session, meeting, there, asked_at) for meeting in ours]
        await _count_people(session, ours, there)
        to_end += await _strays(session, ours, there, asked_at)
    for external_id in filter(None, to_end):
        await _end_again(database, servers, external_id)


async def _silent(database: Database, server_id: int, error: BBBError) -> None:
    async with database.transaction() as session:
        server = await session.get_one(Server, server_id)
        if server.failing_since is None:
            log.warning("server.silent", server=server_id, could_not_ask=isinstance(error, CouldNotAsk))
            server.failing_since = clock.now()
            await _announce_all(session, server_id)
        server.failure = str(error)
        await session.flush()


async def _answered(session: AsyncSession, server_id: int) -> None:
    server = await session.get_one(Server, server_id)
    if server.failing_since is not None:
        log.info("server.answers_again", server=server_id)
        await _announce_all(session, server_id)
    server.failing_since, server.failure, server.last_answer_at = None, None, clock.now()
    await session.flush()


async def _announce_all(session: AsyncSession, server_id: int) -> None:
    """Every room of a server whose meetings became unknown, or known again."""
    for row in await session.execute(
        select(Meeting.room_id, Meeting.holder_id).where(
            Meeting.server_id == server_id, Meeting.state.in_(UNFINISHED), Meeting.room_id.is_not(None)
        )
    ):
        await announce(session, room_topic(row.room_id), holder_topic(row.holder_id))


async def _unfinished(session: AsyncSession, server_id: int, asked_at: datetime) -> Sequence[Meeting]:
    """Our unfinished meetings that were there when the server was asked. Locked: a callback may be at work."""
    return (
        await session.scalars(
            select(Meeting)
            .where(
                Meeting.server_id == server_id,
                Meeting.state.in_(UNFINISHED),
                func.coalesce(Meeting.started_at, Meeting.reserved_at) < asked_at,
            )
            .order_by(Meeting.id)
            .with_for_update(key_share=True, skip_locked=True)
        )
    ).all()


async def _bring_in_line(
    session: AsyncSession, meeting: Meeting, there: Mapping[str, MeetingInfo], asked_at: datetime
) -> str | None:
    """One meeting of ours, by what the server says; returns its id if it runs and was asked to end."""
    info = there.get(meeting.external_id)
    if info is not None and not info.has_been_forcibly_ended:
        if meeting.state == MeetingState.STARTING:
            await _adopt(session, meeting, info)
        return meeting.external_id if meeting.end_asked else None
    if meeting.state == MeetingState.RUNNING:
        await mark_ended(session, meeting.external_id, at=asked_at)
    elif meeting.reserved_at < asked_at - GIVEN_UP:
        await _give_up(session, meeting)
    return None


async def _strays(
    session: AsyncSession, ours: Sequence[Meeting], there: Mapping[str, MeetingInfo], asked_at: datetime
) -> list[str]:
    """What BBB runs although it was given up or asked to end here: it came late, and counts in no limit.

    What ended by itself is left to BBB, which knows better: a list may have lacked it for a moment.
    """
    followed = {meeting.external_id for meeting in ours}
    others = [name for name in there if name.startswith(OURS) and name not in followed]
    if not others:
        return []
    found = await session.scalars(
        select(Meeting.external_id).where(
            Meeting.external_id.in_(others),
            or_(
                Meeting.state == MeetingState.FAILED,
                (Meeting.state == MeetingState.ENDED) & Meeting.end_asked.is_not(None),
            ),
            # BBB lists a meeting for some seconds more while it ends.
            Meeting.ended_at < asked_at - ENDS_WITHIN,
        )
    )
    return list(found)


async def _adopt(session: AsyncSession, meeting: Meeting, info: MeetingInfo) -> None:
    """BBB made the meeting, and we never heard of it: it counts from when it was asked for."""
    log.info("meeting.adopted", meeting=meeting.id)
    meeting.state = MeetingState.RUNNING
    meeting.started_at = meeting.reserved_at
    meeting.create_time = info.create_time
    await session.flush()
    await _announce(session, meeting)


async def _give_up(session: AsyncSession, meeting: Meeting) -> None:
    """BBB never made the meeting, or it is gone: its place is free again."""
    log.info("meeting.given_up", meeting=meeting.id)
    meeting.state = MeetingState.FAILED
    meeting.ended_at = clock.now()
    meeting.reserved_bytes = 0
    await session.flush()
    await _announce(session, meeting)


async def _announce(session: AsyncSession, meeting: Meeting) -> None:
    if meeting.room_id is not None:
        await announce(session, room_topic(meeting.room_id))
    await announce(session, holder_topic(meeting.holder_id))


async def _count_people(
    session: AsyncSession, ours: Sequence[Meeting], there: Mapping[str, MeetingInfo]
) -> None:
    """How many are in each meeting, and which of those we sent there."""
    freed = await _forget_tickets(session, ours)
    for meeting in ours:
        info = there.get(meeting.external_id)
        if info is None or meeting.state != MeetingState.RUNNING:
            continue
        keys = [attendee.user_id for attendee in info.attendees]
        others = await _mark_present(session, meeting.id, keys)
        people = max(info.participant_count, len(set(keys)))
        if people != meeting.people_now:
            meeting.people_now = people
            meeting.peak_people = max(meeting.peak_people, people)
            await session.flush()
        elif not others and meeting.id not in freed:
            continue
        # Also when as many are here as before: if a host came and a guest left, there is a place for a guest.
        await _announce(session, meeting)


async def _forget_tickets(session: AsyncSession, ours: Sequence[Meeting]) -> set[int]:
    """Forget who was sent in and never came; the meetings where that frees a place, for those who wait for one."""
    over = (
        delete(Attendance)
        .where(
            Attendance.meeting_id.in_([meeting.id for meeting in ours]),
            Attendance.seen_at.is_(None),
            ~Attendance.present,
            Attendance.sent_at <= clock.now() - ON_THE_WAY,
        )
        .returning(Attendance.meeting_id)
    )
    return set(await session.scalars(over))


async def _mark_present(session: AsyncSession, meeting_id: int, keys: list[str]) -> bool:
    """Write down which of those we sent are there; whether that changed for anyone."""
    here = Attendance.participant.in_(keys)
    changed = (Attendance.meeting_id == meeting_id) & (Attendance.present != here)
    marked = await session.scalars(
        update(Attendance)
        .where(changed)
        .values(present=here, seen_at=func.coalesce(Attendance.seen_at, clock.now()))
        .returning(Attendance.participant)
    )
    return bool(marked.all())


async def _end_again(database: Database, servers: Servers, external_id: str) -> None:
    """A meeting that is to end, or should have, and still runs: ask again."""
    try:
        await tell_bbb(servers, external_id)
    except UnavailableError:
        return
    async with database.transaction() as session:
        await mark_ended(session, external_id, at=clock.now())
