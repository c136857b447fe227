"""A server that does not answer: its meetings are unknown, and over by their terms at the latest."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.live import announce, holder_topic, room_topic
from app.meetings.ending import give_up, mark_ended
from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.meetings.terms import GRACE
from app.servers.models import Server

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


async def is_silent(session: AsyncSession, server_id: int, why: str, now: datetime) -> None:
    """The server does not answer, or not properly: `why` is shown to operators. No meeting is ended for it."""
    server = await session.get_one(Server, server_id)
    if server.failing_since is None:
        log.warning("server.silent", server=server_id, why=why)
        server.failing_since = now
        await _announce_all(session, server_id)
    server.failure = why
    await session.flush()


async def answers(session: AsyncSession, server_id: int, now: datetime) -> None:
    """The server answers: its meetings are known."""
    failing_since = await session.scalar(select(Server.failing_since).where(Server.id == server_id))
    if failing_since is not None:
        log.info("server.answers_again", server=server_id)
        await _announce_all(session, server_id)
    known = {"failing_since": None, "failure": None, "last_answer_at": now}
    await session.execute(update(Server).where(Server.id == server_id).values(known))


async def end_overdue(session: AsyncSession, now: datetime, *, answering: int | None) -> None:
    """End in our books what is over by its terms on servers other than the one that answers.

    Should it run on, the first list that has it again leads to its end by API (`following`).
    """
    found = await session.execute(
        _OVERDUE,
        {
            "answering": [] if answering is None else [answering],
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
    found = await session.execute(
        select(Meeting.room_id, Meeting.holder_id).where(
            Meeting.server_id == server_id, Meeting.state.in_(UNFINISHED), Meeting.room_id.is_not(None)
        )
    )
    topics = {topic for row in found for topic in (room_topic(row.room_id), holder_topic(row.holder_id))}
    await announce(session, *sorted(topics))
