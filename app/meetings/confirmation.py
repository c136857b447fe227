"""Writing down what BigBlueButton has done: nobody goes before it, and what fails is tried again for some seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import FAILURES, Database, Query
from app.gate import BusyError
from app.live import CHANNEL, announce, holder_topic, room_topic
from app.meetings.models import CLOSED, Meeting, MeetingState
from app.outages import outage_of

log = structlog.get_logger()
T = TypeVar("T")

# How long it is tried. What is not written then is found by the worker's next round, and the page goes on by itself.
TRIED_SECONDS, FIRST_PAUSE = 8.0, 0.1


@dataclass(frozen=True)
class Running:
    """A running meeting, its row locked: what a join is decided on."""

    id: int
    room_id: int | None
    holder_id: int
    server_id: int
    external_id: str
    create_time: int | None
    people: int | None
    recorded: bool
    is_open: bool
    """False: it does not run, or nobody is to go in: its room is gone or closed, its end asked for"""


_CONFIRM = Query(
    Running,
    f"""
    WITH done AS (
        UPDATE meetings SET state = 'running', started_at = :now, create_time = :create_time
        WHERE id = :meeting AND state = 'starting'
        RETURNING id, room_id, holder_id, server_id, external_id, create_time, people, recorded, end_asked
    ), told AS MATERIALIZED (
        SELECT pg_notify(:channel, 'room:' || room_id), pg_notify(:channel, 'holder:' || holder_id) FROM done
    )
    SELECT done.id, done.room_id, done.holder_id, done.server_id, done.external_id, done.create_time,
           done.people, done.recorded,
           r.id IS NOT NULL AND {CLOSED} IS NULL AND done.end_asked IS NULL AS is_open
    FROM done
    LEFT JOIN rooms r ON r.id = done.room_id
    LEFT JOIN users u ON u.id = r.host_id
    WHERE (SELECT count(*) FROM told) > 0
    """,  # noqa: S608  nothing of it was typed
)


async def confirm(session: AsyncSession, meeting_id: int, create_time: int) -> Running | None:
    """BBB has made the meeting; `create_time` is its `createTime` in milliseconds, for join URLs.

    None if that is written already, or it is over here: somebody ended it, or a round gave it up, before BBB had
    answered. The minutes count by our own clock: a server whose clock is off neither gives nor takes time.
    """
    return await _CONFIRM.row(
        session, meeting=meeting_id, create_time=create_time, now=clock.now(), channel=CHANNEL
    )


async def state_of(session: AsyncSession, meeting_id: int) -> str | None:
    """Its MeetingState; None if there is no such meeting."""
    return await session.scalar(select(Meeting.state).where(Meeting.id == meeting_id))


async def release(session: AsyncSession, meeting_id: int) -> bool:
    """The meeting was not made: its place is free again."""
    done = await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting_id, Meeting.state == MeetingState.STARTING)
        .values(state=MeetingState.FAILED, ended_at=clock.now(), reserved_bytes=0)
        .returning(Meeting.room_id, Meeting.holder_id)
    )
    for row in done:
        await announce(session, room_topic(row.room_id), holder_topic(row.holder_id))
    return True


async def surely(database: Database, write: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
    """`write` in a transaction before which nobody goes, again and again where the database fails.

    Gives what `write` gives (not None), once it is committed; None if that did not come to be in TRIED_SECONDS.
    `write` may be called again after a commit of which nobody has heard.
    """
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + TRIED_SECONDS, FIRST_PAUSE
    while True:
        try:
            async with (
                asyncio.timeout_at(ends),
                database.transaction(is_finishing=True, is_direct=True) as session,
            ):
                return await write(session)
        except (*FAILURES, BusyError) as error:
            if not isinstance(error, BusyError) and outage_of(error) is None:
                raise  # the program is wrong, and will be the next time
            log.warning("meeting.write.again", error=type(error).__name__)
        if loop.time() + pause >= ends:
            return None
        await asyncio.sleep(pause)
        pause *= 2
