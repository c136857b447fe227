"""Rounds over many holders: one after the other, with rests, so that whoever is at the site does not notice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import FAILURES, Database
from app.gate import BusyError
from app.memberships.limits import HeldLimits, hold_if_free

log = structlog.get_logger()

# The share of its time in which a round keeps PostgreSQL and its process at work. The rest grows with what the work
# takes, so a round yields more to a site that is busy; but ten thousand holders are to be seen to within an hour.
SHARE: float = 1 / 3
LONGEST_REST = 0.2

# What is done for one holder; gives whether there was anything to do.
Work = Callable[[AsyncSession, HeldLimits], Awaitable[bool]]


class Pace:
    """Counts the time that a round works, and rests for it."""

    def __init__(self, share: float | None = None) -> None:
        self._factor = 1 / (share or SHARE) - 1
        self._since = asyncio.get_running_loop().time()

    async def rest(self) -> None:
        """Rest for what was done since the last time."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(min((loop.time() - self._since) * self._factor, LONGEST_REST))
        self._since = loop.time()


async def for_each_holder(
    database: Database, holder_ids: Sequence[int], work: Work, *, name: str, pace: Pace | None = None
) -> int:
    """`work` for each of these holders, held, in a transaction of its own; returns for how many there was any.

    Whoever is held by somebody else is not waited for: they are taken up at the end, and if they are still busy,
    or fail, left to the next round; that is logged as `name`. One who fails does not keep the others from theirs.
    """
    pace, done = pace or Pace(), 0
    for is_last in (False, True):
        busy = []
        for holder_id in holder_ids:
            try:
                async with database.transaction() as session:
                    held = await hold_if_free(session, holder_id)
                    if held is None:
                        busy.append(holder_id)
                    else:
                        done += await work(session, held)
            except (*FAILURES, BusyError) as error:
                log.warning(name, holder=holder_id, error=type(error).__name__)
            await pace.rest()
        if is_last:
            for holder_id in busy:
                log.warning(name, holder=holder_id, error="busy")
        holder_ids = busy
    return done
