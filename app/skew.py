"""How far this process's clock is from PostgreSQL's: by one that is wrong, meetings end and recordings go.

The database is what all processes share, so its clock is the one that counts. A process that is further off acts on
nothing that goes by the time, and says so in its log as long as that lasts.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.alerts import Alerts, Kind
from app.db import FAILURES, Database
from app.errors import UnavailableError
from app.gate import BusyError
from app.i18n import lazy

log = structlog.get_logger()

MOST = timedelta(seconds=30)
LOOK_EVERY = 15.0  # seconds; a process that is wrong looks more often whether it is right again
LOOK_AGAIN = 5.0
NONE = timedelta(0)
MINUTE = 60
THEIRS = func.clock_timestamp()
"""PostgreSQL's clock at this moment, not that of the transaction's begin"""

_off = NONE


class ClockWrongError(UnavailableError):
    """What was asked for goes by the time, and this process does not have it."""

    code = "clock_wrong"
    title = lazy("This site’s clock is wrong")
    message = lazy(
        "Nothing was started or ended, since the time isn’t certain. Please tell the people who run it."
    )


def off_by(before: datetime, theirs: datetime, after: datetime) -> timedelta:
    """How far the clock is ahead (negative: behind): it showed `before` and `after` around the answer `theirs`.

    An answer that took long says less, and is not held against anybody.
    """
    if theirs < before:
        return before - theirs
    return after - theirs if theirs > after else NONE


def note(off: timedelta) -> bool:
    """Keep what was measured, say so if it is wrong; returns whether it is."""
    global _off
    was_wrong, _off = is_wrong(), off
    if is_wrong():
        log.error("clock.wrong", seconds_ahead=round(off.total_seconds()), most=MOST.total_seconds())
    elif was_wrong:
        log.warning("clock.right_again")
    return is_wrong()


def is_wrong() -> bool:
    """Whether this process's clock was too far off when it was last measured."""
    return abs(_off) > MOST


def must_be_right() -> None:
    """Raise ClockWrongError where something would go by a wrong clock."""
    if is_wrong():
        raise ClockWrongError


async def measure(session: AsyncSession) -> timedelta:
    """How far this process's clock is ahead of PostgreSQL's now."""
    before = clock.machine()
    theirs: datetime = (await session.execute(select(THEIRS))).scalar_one()
    return off_by(before, theirs, clock.machine())


async def look(database: Database, alerts: Alerts) -> bool:
    """Measure, and tell whether the clock is wrong; operators hear of it, too.

    A database that does not answer proves nothing.
    """
    try:
        async with database.reading() as session:
            off = await measure(session)
    except (*FAILURES, BusyError):
        return is_wrong()
    if note(off):
        alerts.note(Kind.CLOCK, in_short(off))
    return is_wrong()


def in_short(off: timedelta) -> str:
    """A difference for operators, "+60 min" or "-40 s": rounded, so that one that drifts stays one."""
    seconds = off.total_seconds()
    return f"{seconds / 60:+.0f} min" if abs(seconds) >= MINUTE else f"{round(seconds, -1):+.0f} s"


async def until_wrong(database: Database, alerts: Alerts) -> None:
    """Wait until the clock is wrong."""
    while True:
        if await look(database, alerts):
            return
        await asyncio.sleep(LOOK_EVERY)


@contextlib.asynccontextmanager
async def watched(database: Database, alerts: Alerts) -> AsyncIterator[None]:
    """Look at the clock as long as the block lasts."""

    async def watch() -> None:
        while True:
            wrong = await look(database, alerts)
            await asyncio.sleep(LOOK_AGAIN if wrong else LOOK_EVERY)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
