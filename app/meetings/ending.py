"""Ending meetings: by a host or an operator, and what the end callback and the round find out."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.i18n import lazy
from app.live import announce, holder_topic, room_topic
from app.meetings.attendance import seconds_between
from app.meetings.models import UNFINISHED, Attendance, EndReason, Meeting, MeetingState
from app.meetings.starting import ServerRefusedError, ServerSilentError
from app.memberships.models import PolicyRow
from app.servers.pool import BBB, Servers
from bbb_client.errors import CouldNotAsk, Refused
from quotas.limits import Policy
from quotas.storage import estimated_bytes

log = structlog.get_logger()

# BBB's own check comes once in some seconds: an end this close to the granted time is its doing.
NEAR = timedelta(seconds=30)
NOT_HEARD = lazy("It has not heard yet that the meeting is to end. It is asked again every few seconds.")
# BBB takes longer than this to make anything of a recording.
FIRST_LOOK = timedelta(minutes=3)
# Someone may come and go between two rounds; BBB waits longer than this for the first to come.
UNNOTICED = timedelta(minutes=3)


async def end_meeting(database: Database, servers: Servers, meeting_id: int, why: EndReason) -> None:
    """End a meeting for everyone. Raises ServerSilentError when BBB cannot be asked: the round then goes on.

    NotSetUpError if it is on a server that this site is not connected to: the end is asked for once it is.
    """
    async with database.transaction() as session:
        meeting = await ask_to_end(session, meeting_id, why)
    if meeting is None:
        return
    async with database.transaction() as session:
        bbb = await servers.of(session, meeting.server_id)
    await tell_bbb(bbb, meeting.external_id)
    async with database.transaction() as session:
        await mark_ended(session, meeting.external_id, at=clock.now())


async def ask_to_end(session: AsyncSession, meeting_id: int, why: EndReason) -> Row[str, int] | None:
    """Write down that a meeting is to end, and why; returns its external id and server, None if it is over already.

    Whatever happens next, the round ends it: nothing that was asked for is forgotten.
    """
    asked = await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting_id, Meeting.state.in_(UNFINISHED))
        .values(end_asked=why)
        .returning(Meeting.external_id, Meeting.server_id)
    )
    return asked.one_or_none()


async def ask_to_end_all(session: AsyncSession, why: EndReason, **of: int) -> list[str]:
    """The same for every unfinished meeting of a room (`room_id=`), holder or starter; returns their ids."""
    found = await session.scalars(
        update(Meeting)
        .filter_by(**of)
        .where(Meeting.state.in_(UNFINISHED))
        .values(end_asked=why)
        .returning(Meeting.external_id)
    )
    return list(found)


async def tell_bbb(bbb: BBB, external_id: str) -> None:
    """Ask BBB to end a meeting; one that it does not know has ended. Raises ServerSilentError, ServerRefusedError."""
    try:
        await bbb.client.end(external_id)
    except CouldNotAsk:
        raise ServerSilentError(NOT_HEARD) from None
    except Refused as error:
        if not error.not_found:
            log.warning("meeting.end.refused", key=error.key)
            raise ServerRefusedError from None


async def mark_ended(
    session: AsyncSession, external_id: str, *, at: datetime, why: EndReason | None = None
) -> bool:
    """The meeting is over since `at` (aware). True for the first to say so; callback and round may both.

    `why`, if it is known and nobody asked for the end. The estimate for its recording is cut to what it really
    lasted, until the server tells the size.
    """
    meeting = await session.scalar(
        select(Meeting)
        .where(Meeting.external_id == external_id, Meeting.state.in_(UNFINISHED))
        .with_for_update(key_share=True)
        # The row may have been read before it was locked.
        .execution_options(populate_existing=True)
    )
    if meeting is None:
        return False
    began = meeting.started_at or meeting.reserved_at
    meeting.state = MeetingState.ENDED
    meeting.started_at = began
    meeting.ended_at = max(began, _by_its_terms(meeting, began, at))
    meeting.end_reason = meeting.end_asked or why or _reason(meeting, meeting.ended_at, meeting.people_now)
    if not meeting.exact_figures:
        seconds = seconds_between(meeting.counted_at, meeting.ended_at)
        meeting.person_seconds += round(meeting.people_now * seconds)
    meeting.people_now, meeting.missing_since, meeting.unknown_since = 0, None, None
    if meeting.recorded:
        meeting.reserved_bytes = await _estimate(session, meeting.ended_at - began)
        # BBB says when a recording is ready, not when there is none: nobody may have pressed the button.
        meeting.recordings_due_at = at + FIRST_LOOK
    await session.flush()
    # Who was there is nobody's business any more: what stays is the meeting's figures.
    await session.execute(delete(Attendance).where(Attendance.meeting_id == meeting.id))
    if meeting.room_id is not None:
        await announce(session, room_topic(meeting.room_id))
    await announce(session, holder_topic(meeting.holder_id))
    return True


async def give_up(session: AsyncSession, meeting_ids: list[int], at: datetime) -> None:
    """BBB never made these meetings, or they are gone: their places are free again."""
    if not meeting_ids:
        return
    done = await session.execute(
        update(Meeting)
        .where(Meeting.id.in_(meeting_ids), Meeting.state == MeetingState.STARTING)
        .values(state=MeetingState.FAILED, ended_at=at, reserved_bytes=0)
        .returning(Meeting.id, Meeting.room_id, Meeting.holder_id)
    )
    for row in done.all():
        log.info("meeting.given_up", meeting=row.id)
        room = [] if row.room_id is None else [room_topic(row.room_id)]
        await announce(session, *room, holder_topic(row.holder_id))


def _by_its_terms(meeting: Meeting, began: datetime, at: datetime) -> datetime:
    """When it ended: as it was heard, but not later than its minutes allow. BBB and its callback take a moment."""
    return at if meeting.minutes is None else min(at, began + timedelta(minutes=meeting.minutes))


def _reason(meeting: Meeting, ended_at: datetime, people_now: int) -> EndReason:
    """Why it ended if nobody asked for that: what its length and its people tell (BBB does not say)."""
    began = meeting.started_at or meeting.reserved_at
    if meeting.minutes is not None and ended_at >= began + timedelta(minutes=meeting.minutes) - NEAR:
        return EndReason.TIME_UP
    if people_now:
        return EndReason.GONE
    if meeting.peak_people == 0 and ended_at - began > UNNOTICED:
        return EndReason.NOBODY_CAME
    return EndReason.EVERYONE_LEFT


async def _estimate(session: AsyncSession, length: timedelta) -> int:
    per_hour = await session.scalar(select(PolicyRow.recording_bytes_per_hour))
    policy = Policy(recording_bytes_per_hour=per_hour) if per_hour else Policy()
    return estimated_bytes(-(-length // timedelta(minutes=1)), policy)
