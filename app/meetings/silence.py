"""A server that does not answer: its meetings are unknown, and over by their terms at the latest."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, skew
from app.live import announce, holder_topic, room_topic
from app.meetings.ending import give_up, mark_ended
from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.meetings.terms import GRACE
from app.servers.models import Server
from app.servers.reasons import NOT_SET_UP

log = structlog.get_logger()

# A start that was sent to a server which has been silent ever since: the room is free for another try.
GIVEN_UP_SILENT = timedelta(minutes=5)
# A meeting without an end, on a server of which nothing is heard any more.
ENDLESS_SILENCE = timedelta(hours=24)
# What a longer silence leaves behind is worked off in several rounds.
IN_ONE_ROUND = 100

# Meetings that no server vouches for: of the one that is silent, or of one that this site no longer uses.
_OVERDUE = text("""
    SELECT m.id, m.external_id, m.state, m.minutes,
           coalesce(s.failing_since, s.last_answer_at, m.reserved_at) AS silent_since
    FROM meetings m JOIN servers s ON s.id = m.server_id
    WHERE m.state IN ('starting', 'running') AND m.server_id <> ALL(:answering) AND CASE
        WHEN m.state = 'starting' THEN m.reserved_at < :given_up
        WHEN m.minutes IS NULL
            THEN coalesce(s.failing_since, s.last_answer_at, m.reserved_at) < :endless
        ELSE m.started_at + m.minutes * interval '1 minute' <= :over
    END
    ORDER BY m.id LIMIT :most FOR NO KEY UPDATE OF m SKIP LOCKED
""")


async def is_silent(session: AsyncSession, server_id: int, why: str, now: datetime, *, logged: str) -> None:
    """The server does not answer, or not properly: `why` is shown to operators. No meeting is ended for it."""
    server = await session.get_one(Server, server_id)
    # Another reason is news, too: whoever mends one thing has to learn of the next.
    if server.failing_since is None or server.failure != why:
        log.warning("server.silent", server=server_id, why=logged)
    if server.failing_since is None:
        server.failing_since = now
        await _announce_all(session, server_id)
    server.failure = why
    await session.flush()


async def look_at_servers(session: AsyncSession, set_up: Sequence[int], now: datetime) -> set[int]:
    """The servers that are silent so far, by their rows. Raises ClockWrongError: then nothing is to be done.

    What is on one that the settings do not have (`set_up`: the rows of those that they have) is unknown from now on:
    there is nobody to ask.
    """
    columns = Server.id, Server.failing_since, Server.failure, skew.THEIRS.label("theirs")
    before = clock.machine()
    rows = (await session.execute(select(*columns).where(Server.same_as.is_(None)))).all()
    if rows and skew.note(skew.off_by(before, rows[0].theirs, clock.machine())):
        raise skew.ClockWrongError
    for row in rows:
        if row.id not in set_up and row.failure != NOT_SET_UP:
            await is_silent(session, row.id, NOT_SET_UP, now, logged="not in the settings")
    return {row.id for row in rows if row.failing_since is not None}


async def note_unknown(session: AsyncSession, meetings: Sequence[Row[Any]], now: datetime) -> None:
    """The server lists these, and what it says of them cannot be read: they are unknown, and stay as they are."""
    news = [meeting for meeting in meetings if meeting.unknown_since is None]
    if not news:
        return
    ids = [meeting.id for meeting in news]
    log.warning("meetings.unknown", meetings=ids)
    await session.execute(update(Meeting).where(Meeting.id.in_(ids)).values(unknown_since=now))
    await announce(session, *_topics(news))


async def answers(
    session: AsyncSession, server_id: int, now: datetime, *, was_silent: bool, unread: int
) -> None:
    """The server answers: its meetings are known but for those, `unread`, that cannot be read."""
    if was_silent:
        log.info("server.answers_again", server=server_id)
        await _announce_all(session, server_id)
    known = {"failing_since": None, "failure": None, "last_answer_at": now, "unread_meetings": unread}
    await session.execute(update(Server).where(Server.id == server_id).values(known))


async def end_overdue(session: AsyncSession, now: datetime, *, answering: Sequence[int]) -> None:
    """End in our books what is over by its terms on servers other than those that answer (their rows).

    Should it run on, the first list that has it again leads to its end by API (`following`).
    """
    found = await session.execute(
        _OVERDUE,
        {
            "answering": list(answering),
            "given_up": now - GIVEN_UP_SILENT,
            "endless": now - ENDLESS_SILENCE,
            "over": now - GRACE,
            "most": IN_ONE_ROUND,
        },
    )
    for row in found.all():
        if row.state == MeetingState.STARTING:
            await give_up(session, [row.id], now)
        elif row.minutes is None:
            await mark_ended(session, row.external_id, at=row.silent_since, why=EndReason.GONE)
        else:
            await mark_ended(session, row.external_id, at=now, why=EndReason.TIME_UP)


async def _announce_all(session: AsyncSession, server_id: int) -> None:
    """Every room of a server whose meetings became unknown, or known again."""
    result = await session.execute(
        select(Meeting.room_id, Meeting.holder_id).where(
            Meeting.server_id == server_id, Meeting.state.in_(UNFINISHED)
        )
    )
    found = result.all()
    await announce(session, *_topics(found))


def _topics(meetings: Sequence[Any]) -> list[str]:
    topics = {holder_topic(meeting.holder_id) for meeting in meetings}
    return sorted(topics | {room_topic(each.room_id) for each in meetings if each.room_id is not None})
