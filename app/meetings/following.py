"""Following BBB: one getMeetings a server and round keeps the state of all its meetings true.

The number of statements of a round does not grow with the meetings that run; what ends costs some each.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ARRAY, Row, Text, any_, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.errors import UnavailableError
from app.i18n import marked
from app.meetings.ending import give_up, mark_ended, tell_bbb
from app.meetings.listed import line_of, write_lines
from app.meetings.missing import Missing, confirm, ended_when, is_another_servers, note_missing
from app.meetings.models import OURS, UNFINISHED, Meeting, MeetingState
from app.meetings.reviving import revive_or_give_up
from app.meetings.silence import answers, end_overdue, is_silent
from app.meetings.telling import Notice, notices_for, tell
from app.meetings.terms import is_over
from app.servers.pool import Servers
from bbb_client.errors import BBBError
from bbb_client.responses import MeetingInfo

log = structlog.get_logger()

# An answer that trickles in is none: the next round is due.
ANSWER_SECONDS = 20.0
# A start whose process died is given up after this long, if BBB does not know the meeting.
GIVEN_UP = timedelta(seconds=60)
# BBB lists a meeting for some seconds more while it ends.
ENDS_WITHIN = timedelta(seconds=15)
# What is still listed so long after it ended was ended by mistake.
BACK_AFTER = timedelta(minutes=1)
# How many are revived, or asked to end, in one round: the next one is soon.
REVIVED, ENDED, AT_A_TIME = 20, 50, 8
# What a server does not hear in this time is asked for again by the next round.
END_SECONDS = 20.0
FOREIGN = marked("It lists meetings, but none of this site’s: its answer looks like another server’s.")


@dataclass
class Todo:
    """What BBB has to be asked or told once the round's transaction is over."""

    to_end: list[str] = field(default_factory=list)
    to_revive: list[int] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


async def follow(database: Database, servers: Servers) -> None:
    """One round: ask the server for its meetings, then bring ours in line with what it says.

    A server that does not answer makes its meetings unknown. None of them is ended for that before its time.
    """
    server_id = await servers.choose(database)
    asked_at = clock.now()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await servers.client.get_meetings()
    except (BBBError, TimeoutError) as error:
        why = str(error) or "getMeetings: no answer in time"
        async with database.transaction() as session:
            await is_silent(session, server_id, why, asked_at)
            await end_overdue(session, asked_at, answering=None)
        return
    there = {meeting.meeting_id: meeting for meeting in found}
    async with database.transaction() as session:
        todo = await _bring_in_line(session, server_id, there, asked_at)
    await confirm(database, servers, todo.missing)
    for meeting_id in todo.to_revive:
        for_good = await revive_or_give_up(database, meeting_id)
        todo.to_end += [for_good] if for_good else []
    await _end_all(database, servers, todo.to_end)
    await tell(servers, todo.notices)


async def _bring_in_line(
    session: AsyncSession, server_id: int, there: Mapping[str, MeetingInfo], asked_at: datetime
) -> Todo:
    ours = await _unfinished(session, server_id, asked_at)
    others = await _others(session, ours, there)
    await _take_over(session, server_id, others)
    todo = Todo()
    expected = [meeting for meeting in ours if _should_run(meeting, asked_at)]
    foreign = not others and is_another_servers(expected, ours, there)
    if foreign:
        await is_silent(session, server_id, FOREIGN, asked_at)
    else:
        await answers(session, server_id, asked_at)
    await end_overdue(session, asked_at, answering=None if foreign else server_id)
    listed = [meeting for meeting in ours if _runs(meeting, there)]
    lines = [line_of(meeting, there[meeting.external_id], asked_at) for meeting in listed]
    await write_lines(session, lines, asked_at)
    todo.to_end = [line.meeting.external_id for line in lines if line.meeting.end_asked or line.ends][:ENDED]
    todo.notices = await notices_for(session, [line.meeting for line in lines if line.step], asked_at)
    gone = [meeting for meeting in ours if not _runs(meeting, there)]
    todo.missing = await _follow_gone(session, gone, there, asked_at, foreign=foreign)
    _sort_strays(others, asked_at, todo)
    return todo


async def _unfinished(session: AsyncSession, server_id: int, asked_at: datetime) -> Sequence[Row[Any]]:
    """Our unfinished meetings that were there when the server was asked.

    Locked, since a callback may be at work; what somebody else has locked is left to the next round.
    """
    columns: tuple[Any, ...] = (
        Meeting.id,
        Meeting.external_id,
        Meeting.room_id,
        Meeting.holder_id,
        Meeting.state,
        Meeting.minutes,
        Meeting.reserved_at,
        Meeting.started_at,
        Meeting.end_asked,
        Meeting.people_now,
        Meeting.missing_since,
        Meeting.told_minutes,
        Meeting.counted_at,
    )
    found = await session.execute(
        select(*columns)
        .where(
            Meeting.server_id == server_id,
            Meeting.state.in_(UNFINISHED),
            func.coalesce(Meeting.started_at, Meeting.reserved_at) < asked_at,
        )
        .order_by(Meeting.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return found.all()


async def _others(
    session: AsyncSession, ours: Iterable[Row[Any]], there: Mapping[str, MeetingInfo]
) -> Sequence[Row[Any]]:
    """What the server lists of this site's meetings besides those that are followed."""
    followed = {meeting.external_id for meeting in ours}
    names = [name for name in there if name.startswith(OURS) and name not in followed]
    if not names:
        return []
    columns: tuple[Any, ...] = (
        Meeting.id,
        Meeting.external_id,
        Meeting.server_id,
        Meeting.state,
        Meeting.end_asked,
        Meeting.ended_at,
        Meeting.started_at,
        Meeting.reserved_at,
        Meeting.minutes,
    )
    found = await session.execute(
        select(*columns).where(Meeting.external_id == any_(cast(names, ARRAY(Text))))
    )
    return found.all()


async def _take_over(session: AsyncSession, server_id: int, others: Iterable[Row[Any]]) -> None:
    """The same server under another address: its meetings are followed on, from the next round."""
    moved = [each.id for each in others if each.state in UNFINISHED and each.server_id != server_id]
    if moved:
        await session.execute(update(Meeting).where(Meeting.id.in_(moved)).values(server_id=server_id))


def _runs(meeting: Row[Any], there: Mapping[str, MeetingInfo]) -> bool:
    info = there.get(meeting.external_id)
    return info is not None and not info.has_been_forcibly_ended


def _should_run(meeting: Row[Any], asked_at: datetime) -> bool:
    """Whether a list of its server must have it: what starts or is to end may be missing."""
    return not (meeting.state == MeetingState.STARTING or meeting.end_asked or is_over(meeting, asked_at))


async def _follow_gone(
    session: AsyncSession,
    gone: Sequence[Row[Any]],
    there: Mapping[str, MeetingInfo],
    asked_at: datetime,
    *,
    foreign: bool,
) -> list[Missing]:
    """The meetings that the server does not have; returns those to ask for before they are ended."""
    never_made, missed = [], []
    for meeting in gone:
        if meeting.state == MeetingState.STARTING:
            if not foreign and meeting.reserved_at < asked_at - GIVEN_UP:
                never_made.append(meeting.id)
        elif meeting.end_asked or is_over(meeting, asked_at) or meeting.external_id in there:
            # Nobody wants it any more: if this is wrong, the first list that has it again ends it by API.
            await _end_at_once(session, meeting, asked_at)
        else:
            missed.append(meeting)
    await give_up(session, never_made, clock.now())
    return await note_missing(session, missed, asked_at, foreign=foreign)


async def _end_at_once(session: AsyncSession, meeting: Row[Any], asked_at: datetime) -> None:
    if is_over(meeting, asked_at):
        await mark_ended(session, meeting.external_id, at=asked_at)
        return
    ended = ended_when(meeting, asked_at)
    await mark_ended(session, meeting.external_id, at=ended.at, why=ended.why)


def _sort_strays(others: Sequence[Row[Any]], asked_at: datetime, todo: Todo) -> None:
    """What BBB runs although it is over here: it came late, was ended by mistake, or did not hear of its end."""
    late = [each for each in others if each.ended_at and each.ended_at < asked_at - ENDS_WITHIN]
    for each in late:
        unwanted = each.state == MeetingState.FAILED or each.end_asked or is_over(each, asked_at)
        if unwanted and len(todo.to_end) < ENDED:
            todo.to_end.append(each.external_id)
        elif not unwanted and each.ended_at < asked_at - BACK_AFTER and len(todo.to_revive) < REVIVED:
            todo.to_revive.append(each.id)


async def _end_all(database: Database, servers: Servers, external_ids: Sequence[str]) -> None:
    """Meetings that are to end, or should have, and still run: ask again, some at a time."""
    places = asyncio.Semaphore(AT_A_TIME)
    told: list[str] = []

    async def end(external_id: str) -> None:
        async with places:
            with contextlib.suppress(UnavailableError):
                await tell_bbb(servers, external_id)
                told.append(external_id)

    try:
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(*(end(external_id) for external_id in external_ids))
    except TimeoutError:
        log.warning("meeting.end.slow", asked=len(external_ids), heard=len(told))
    for external_id in told:
        async with database.transaction() as session:
            await mark_ended(session, external_id, at=clock.now())
