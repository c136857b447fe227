"""The gate before the connections: who has come first goes first, who must be written down goes before all others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from enum import IntEnum

from app.errors import UnavailableError
from app.i18n import lazy

# How long somebody who has asked BigBlueButton waits at most: nobody goes before them, so they hardly ever do.
FINISHING_SECONDS = 5.0
# Of those who come. Each would wait for too long anyway, and a crowd without end would fill memory.
LONGEST = 500


class Turn(IntEnum):
    """Whose turn comes first; within each, in the order in which they came."""

    FINISHING = 0
    """what BigBlueButton has done already is written down"""
    BEGUN = 1
    """a request that had a turn before: were it sent away now, the work for it would be lost"""
    COMING = 2


class BusyError(UnavailableError):
    """More people come at once than the site can serve: nobody is to stand in a queue for long."""

    code = "busy"
    title = lazy("Many people are here at this moment")
    message = lazy("There are more than this site can take care of at once. Try again in a few seconds.")

    def headers(self) -> dict[str, str]:
        """When to try again: queues of a second pass quickly."""
        return {"retry-after": "2"}


# Whether the request or job that runs here had a turn already. Each has a context of its own.
_has_begun: ContextVar[bool] = ContextVar("has_begun", default=False)


class Gate:
    """Lets as many in at once as there are connections; who has waited for `patience` seconds is sent away.

    The last place is for who is finishing alone. At the pool's own queue nobody goes before anybody.
    """

    def __init__(self, places: int, patience: float) -> None:
        # The last place is kept for who is finishing: all others may be waiting for a lock, for seconds.
        self._free = places
        self._kept = 1 if places > 1 else 0
        self._patience = patience
        self._waiting: dict[Turn, deque[asyncio.Future[bool]]] = {turn: deque() for turn in Turn}

    @property
    def waiting(self) -> int:
        """How many stand in the queue."""
        return sum(not each.done() for queue in self._waiting.values() for each in queue)

    @asynccontextmanager
    async def passed(self, *, is_finishing: bool = False) -> AsyncIterator[None]:
        """A place for as long as the block lasts. Raises BusyError."""
        await self._enter(_turn(is_finishing=is_finishing))
        _has_begun.set(True)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, turn: Turn) -> None:
        if self._free > self._kept_from(turn):
            self._free -= 1
            return
        queue = self._waiting[turn]
        if turn is Turn.COMING and len(queue) >= LONGEST:
            raise BusyError
        loop = asyncio.get_running_loop()
        place: asyncio.Future[bool] = loop.create_future()
        queue.append(place)
        patience = max(self._patience, FINISHING_SECONDS) if turn is Turn.FINISHING else self._patience
        sent_away = loop.call_later(patience, _send_away, place)
        try:
            if not await place:
                raise BusyError
        except asyncio.CancelledError:
            # The place may have been given at the very moment at which nobody wants it any more.
            if place.done() and not place.cancelled() and place.result():
                self._leave()
            raise
        finally:
            sent_away.cancel()

    def _leave(self) -> None:
        self._free += 1
        for turn, queue in self._waiting.items():
            while queue and self._free > self._kept_from(turn):
                place = queue.popleft()
                if not place.done():
                    self._free -= 1
                    place.set_result(True)

    def _kept_from(self, turn: Turn) -> int:
        return 0 if turn is Turn.FINISHING else self._kept


def _turn(*, is_finishing: bool) -> Turn:
    if is_finishing:
        return Turn.FINISHING
    return Turn.BEGUN if _has_begun.get() else Turn.COMING


def _send_away(place: asyncio.Future[bool]) -> None:
    if not place.done():
        place.set_result(False)
