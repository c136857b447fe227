"""A running meeting that the server's list does not have: asked for by itself before it is ended."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.meetings.attendance import UNSEEN
from app.meetings.ending import mark_ended
from app.meetings.models import EndReason
from app.meetings.roster import Roster, is_ours
from app.meetings.terms import ends_at
from app.servers.pool import BBB
from bbb_client.errors import BBBError, Refused

log = structlog.get_logger()

# How many are asked for in a round; the others wait for the next ones.
ASKED, AT_A_TIME = 20, 5
WHOLE_SECONDS = 15.0
# From a server whose list looks like another's, one "not found" is no proof: it has to say so again after this long.
APART = timedelta(minutes=2)

_NOTE = text("""
    UPDATE meetings SET missing_since = :at WHERE id = ANY(:ids) AND missing_since IS NULL
""")
_FORGET = text("UPDATE meetings SET missing_since = NULL WHERE id = ANY(:ids) AND state = 'running'")


@dataclass(frozen=True)
class Ended:
    """Since when a meeting that is gone counts as over, and why, if that is known."""

    at: datetime
    why: EndReason | None


@dataclass(frozen=True)
class Missing:
    """A meeting to ask for. `first`: this is the first "not found" of two that are needed."""

    id: int
    external_id: str
    create_time: int | None
    ended: Ended
    needs_two: bool
    first: bool
    is_long: bool
    """whether it is missing for so long that a dead double beside it says enough"""


class Said(Enum):
    """What the server said of one meeting."""

    GONE = auto()
    DOUBLE = auto()
    """it knows one of this id that has ended, and that is not the one we made"""
    THERE = auto()
    NOTHING = auto()


def is_another_servers(expected: Sequence[Row[Any]], ours: Iterable[Row[Any]], there: Roster) -> bool:
    """Whether a list looks like another server's: it has meetings, and of this site's it has none.

    `expected`: those of ours that a list must have. An empty list is that of a server that was restarted.
    """
    return bool(there and expected) and not any(
        meeting.external_id in there or there.is_unreadable(meeting) for meeting in ours
    )


def ended_when(meeting: Row[Any], asked_at: datetime) -> Ended:
    """A meeting that is gone ended when it was first missed.

    If nobody had seen it for long before that (the server was silent, or the worker stood still), it may have ended
    at any moment in between. Then it ended when it was last seen: its sitting is not charged for our silence. If
    its time is over meanwhile, that is what ended it.
    """
    missed: datetime = meeting.missing_since or asked_at
    seen: datetime = meeting.counted_at or meeting.started_at
    end = ends_at(meeting)
    if missed - seen <= UNSEEN or (end is not None and end <= missed):
        return Ended(missed, None)
    return Ended(seen, EndReason.GONE)


async def note_missing(
    session: AsyncSession, missed: Sequence[Row[Any]], asked_at: datetime, *, foreign: bool
) -> list[Missing]:
    """Write down since when they are missing; returns those to ask for now, the longest missing first."""
    if foreign:
        # The time between the two answers counts from the first one: only who is asked for is written down.
        missed = [m for m in missed if m.missing_since is None or m.missing_since <= asked_at - APART]
    chosen = sorted(missed, key=lambda m: (m.missing_since or asked_at, m.id))[:ASKED]
    noted = [m.id for m in (chosen if foreign else missed) if m.missing_since is None]
    if noted:
        await session.execute(_NOTE, {"at": asked_at, "ids": noted})
    return [
        Missing(
            m.id,
            m.external_id,
            m.create_time,
            ended=ended_when(m, asked_at),
            needs_two=foreign,
            first=m.missing_since is None,
            is_long=m.missing_since is not None and m.missing_since <= asked_at - APART,
        )
        for m in chosen
    ]


async def confirm(database: Database, bbb: BBB, missing: Sequence[Missing]) -> None:
    """Ask for each of them, and end those that the server does not know, since they were first missed."""
    if not missing:
        return
    said = await _ask(bbb, missing)
    gone = [each for each in missing if _is_gone(each, said.get(each.id))]
    # A first "not found" that did not come has to come yet: its time starts then.
    back = [each.id for each in missing if _is_back(each, said.get(each.id, Said.NOTHING))]
    async with database.transaction() as session:
        if back:
            await session.execute(_FORGET, {"ids": back})
        for each in gone:
            if not (each.needs_two and each.first):
                log.info("meeting.gone", meeting=each.id)
                await mark_ended(session, each.external_id, at=each.ended.at, why=each.ended.why)


def _is_gone(each: Missing, said: Said | None) -> bool:
    return said is Said.GONE or (said is Said.DOUBLE and each.is_long)


def _is_back(each: Missing, said: Said) -> bool:
    return said is Said.THERE or (said is Said.NOTHING and each.needs_two and each.first)


async def _ask(bbb: BBB, missing: Sequence[Missing]) -> dict[int, Said]:
    """What the server says of each, as far as it says anything in time."""
    places = asyncio.Semaphore(AT_A_TIME)
    said: dict[int, Said] = {}

    async def ask(each: Missing) -> None:
        async with places:
            said[each.id] = await _ask_for(bbb, each)

    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await asyncio.gather(*(ask(each) for each in missing))
    except TimeoutError:
        log.warning("meeting.missing.slow", asked=len(missing), answers=len(said))
    return said


async def _ask_for(bbb: BBB, each: Missing) -> Said:
    try:
        info = await bbb.client.get_meeting_info(each.external_id)
    except Refused as error:
        return Said.GONE if error.not_found else Said.NOTHING
    except BBBError:
        return Said.NOTHING
    if not info.has_been_forcibly_ended:
        return Said.THERE
    return Said.GONE if is_ours(info, each.create_time) else Said.DOUBLE
