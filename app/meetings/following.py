"""Following BBB: one getMeetings a server and round keeps the state of all its meetings true.

What is on a server stands in its rows only: a list says nothing of meetings on another one.
The number of statements of a round does not grow with the meetings that run; what ends costs some each.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ARRAY, Row, Text, any_, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.errors import UnavailableError
from app.meetings.ending import give_up, mark_ended, tell_bbb
from app.meetings.listed import line_of, write_lines
from app.meetings.missing import Missing, confirm, ended_when, is_another_servers, note_missing
from app.meetings.models import OURS, UNFINISHED, Meeting, MeetingState
from app.meetings.reviving import revive_or_give_up
from app.meetings.roster import Roster, is_ours, unreadable_ids
from app.meetings.silence import answers, end_overdue, is_silent, look_at_servers, note_unknown
from app.meetings.telling import Notice, notices_for, tell
from app.meetings.terms import is_over
from app.servers.pool import BBB, Servers
from app.servers.reasons import FOREIGN, why_not
from app.skew import ClockWrongError
from bbb_client.errors import BBBError

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


@dataclass
class Todo:
    """What BBB has to be asked or told once the round's transaction is over."""

    to_end: list[str] = field(default_factory=list)
    """external ids"""
    to_revive: list[int] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    is_foreign: bool = False
    """the list looks like another server's"""


@dataclass(frozen=True)
class Around:
    """What one server's part of a round has to know of the whole: rows of servers, and the site's name."""

    set_up: Collection[int]
    """those that the settings have"""
    silent: Collection[int]
    """those that were silent so far"""
    site_name: str


async def follow(database: Database, servers: Servers) -> None:
    """One round: ask every server for its meetings, then bring ours in line with what it says.

    A server that does not answer makes its meetings unknown. None of them is ended for that before its time. So does
    one that the settings do not have (any more). By a clock that is not PostgreSQL's nothing is done.
    """
    found = await servers.all(database)
    set_up = [number for bbb in found for number in bbb.ids]
    try:
        async with database.transaction() as session:
            silent = await look_at_servers(session, set_up, clock.now())
    except ClockWrongError:
        return
    # One that is slow keeps nobody else waiting.
    around = Around(set_up, silent, servers.site_name)
    answering = await asyncio.gather(*(_follow(database, bbb, around) for bbb in found))
    vouching = [number for bbb in found if bbb.id in answering for number in bbb.ids]
    async with database.transaction() as session:
        await end_overdue(session, clock.now(), answering=vouching)


async def _follow(database: Database, bbb: BBB, around: Around) -> int | None:
    """One round of one server; returns the number of its row if it vouches for its meetings."""
    asked_at = clock.now()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            listed = await bbb.client.list_meetings()
    except (BBBError, TimeoutError) as error:
        async with database.transaction() as session:
            await is_silent(
                session, bbb.id, why_not(error), asked_at, logged=str(error) or "no answer in time"
            )
        return None
    if listed.unread:
        log.warning("meetings.unreadable", server=bbb.id, meetings=unreadable_ids(listed.unread))
    async with database.transaction() as session:
        todo = await _bring_in_line(session, bbb, around, Roster(listed), asked_at)
    await confirm(database, bbb, todo.missing)
    for meeting_id in todo.to_revive:
        for_good = await revive_or_give_up(database, meeting_id)
        todo.to_end += [for_good] if for_good else []
    await _end_all(database, bbb, todo.to_end)
    await tell(bbb, around.site_name, todo.notices)
    return None if todo.is_foreign else bbb.id


async def _bring_in_line(
    session: AsyncSession, bbb: BBB, around: Around, there: Roster, asked_at: datetime
) -> Todo:
    ours = await _unfinished(session, bbb.ids, asked_at)
    others = _belong_here(await _others(session, ours, there), bbb, around.set_up, there)
    await _take_over(session, bbb, others)
    todo = Todo()
    expected = [meeting for meeting in ours if _should_run(meeting, asked_at)]
    todo.is_foreign = not others and is_another_servers(expected, ours, there)
    if todo.is_foreign:
        await is_silent(session, bbb.id, FOREIGN, asked_at, logged=FOREIGN)
    else:
        was_silent = bbb.id in around.silent
        await answers(session, bbb.id, asked_at, was_silent=was_silent, unread=there.unread)
    listed = [(meeting, info) for meeting in ours if (info := there.living(meeting)) is not None]
    lines = [line_of(meeting, info, asked_at) for meeting, info in listed]
    await write_lines(session, lines, asked_at)
    gone = [meeting for meeting in ours if there.living(meeting) is None]
    unclear = [meeting for meeting in gone if there.is_unreadable(meeting)]
    await note_unknown(session, unclear, asked_at)
    todo.to_end = [line.meeting.external_id for line in lines if line.meeting.end_asked or line.ends][:ENDED]
    todo.to_end += [each.external_id for each in unclear if each.end_asked or is_over(each, asked_at)]
    todo.notices = await notices_for(session, [line.meeting for line in lines if line.step], asked_at)
    gone = [meeting for meeting in gone if meeting not in unclear]
    todo.missing = await _follow_gone(session, gone, there, asked_at, foreign=todo.is_foreign)
    _sort_strays(others, asked_at, todo)
    return todo


async def _unfinished(
    session: AsyncSession, server_ids: Collection[int], asked_at: datetime
) -> Sequence[Row[Any]]:
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
        Meeting.unknown_since,
        Meeting.create_time,
        Meeting.told_minutes,
        Meeting.counted_at,
    )
    found = await session.execute(
        select(*columns)
        .where(
            Meeting.server_id.in_(server_ids),
            Meeting.state.in_(UNFINISHED),
            func.coalesce(Meeting.started_at, Meeting.reserved_at) < asked_at,
        )
        .order_by(Meeting.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return found.all()


async def _others(session: AsyncSession, ours: Iterable[Row[Any]], there: Roster) -> Sequence[Row[Any]]:
    """What the server lists of this site's meetings besides those that are followed."""
    followed = {meeting.external_id for meeting in ours}
    names = [name for name in there.ids if name.startswith(OURS) and name not in followed]
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
        Meeting.create_time,
    )
    found = await session.execute(
        select(*columns).where(Meeting.external_id == any_(cast(names, ARRAY(Text))))
    )
    return found.all()


def _belong_here(
    others: Iterable[Row[Any]], bbb: BBB, set_up: Collection[int], there: Roster
) -> list[Row[Any]]:
    """Those that run on this server: of its rows, or of one that is not set up, if it is the very same meeting."""
    living = [(other, info) for other in others if (info := there.living(other)) is not None]
    return [
        other
        for other, info in living
        if other.server_id in bbb.ids or (other.server_id not in set_up and is_ours(info, other.create_time))
    ]


async def _take_over(session: AsyncSession, bbb: BBB, others: Iterable[Row[Any]]) -> None:
    """The same server under another address: its meetings are followed on, from the next round."""
    moved = [each.id for each in others if each.state in UNFINISHED and each.server_id != bbb.id]
    if moved:
        await session.execute(update(Meeting).where(Meeting.id.in_(moved)).values(server_id=bbb.id))


def _should_run(meeting: Row[Any], asked_at: datetime) -> bool:
    """Whether a list of its server must have it: what starts or is to end may be missing."""
    return not (meeting.state == MeetingState.STARTING or meeting.end_asked or is_over(meeting, asked_at))


async def _follow_gone(
    session: AsyncSession,
    gone: Sequence[Row[Any]],
    there: Roster,
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
        elif meeting.end_asked or is_over(meeting, asked_at) or there.tells_of_the_end(meeting):
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


async def _end_all(database: Database, bbb: BBB, external_ids: Sequence[str]) -> None:
    """Meetings that are to end, or should have, and still run: ask again, some at a time."""
    places = asyncio.Semaphore(AT_A_TIME)
    told: list[str] = []

    async def end(external_id: str) -> None:
        async with places:
            with contextlib.suppress(UnavailableError):
                await tell_bbb(bbb, external_id)
                told.append(external_id)

    try:
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(*(end(external_id) for external_id in external_ids))
    except TimeoutError:
        log.warning("meeting.end.slow", asked=len(external_ids), heard=len(told))
    for external_id in told:
        async with database.transaction() as session:
            await mark_ended(session, external_id, at=clock.now())
