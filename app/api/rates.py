"""How often one token may call: changes are counted in PostgreSQL, reads in the process.

A change writes and asks the meeting server anyway: one statement more is little, and its limit must hold across
processes. A read is two or three cheap statements: counting it in the database would make a write of it. Its limit
is there to stop a loop that has run wild, which one process can see by itself.
"""

from collections import Counter
from datetime import timedelta

from fastapi import Request

from app import clock
from app.accounts.sessions import hash_of
from app.db import get_database
from app.errors import TooManyError
from app.web import rate_limits
from app.web.csrf import SAFE
from app.web.rate_limits import Rate

MINUTE = timedelta(minutes=1)
CHANGES = Rate("api", 120, MINUTE)
READS = Rate("api_reads", 300, MINUTE)


class Tally:
    """Counts in this process, for the window of this moment; those of the last one are forgotten as it ends."""

    def __init__(self) -> None:
        self._window = 0
        self._counts: Counter[str] = Counter()

    def forget(self) -> None:
        """Begin anew."""
        self._counts.clear()

    def spend(self, rate: Rate, subject: str) -> None:
        """Count one call, or raise TooManyError."""
        seconds, now = int(rate.per.total_seconds()), clock.now().timestamp()
        if self._window != now // seconds:
            self._window = int(now // seconds)
            self.forget()
        self._counts[subject] += 1
        if self._counts[subject] > rate.times:
            raise TooManyError(retry_after=max(1, int((self._window + 1) * seconds - now)))


reads = Tally()


async def count_call(request: Request, token: str) -> None:
    """Count a call made with this token, or raise TooManyError."""
    subject = hash_of(token).hex()
    if request.method in SAFE:
        reads.spend(READS, subject)
        return
    # Committed at once, and given back before BBB is asked: a call that then fails counts too.
    async with get_database(request).transaction() as session:
        await rate_limits.spend(session, request, CHANGES, subject)
