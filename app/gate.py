"""Gates: who has come first goes first, nobody queues for long, and what must be written goes before all others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
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


# Whether the request or job that runs here had a turn already, and its place: each has a context of its own.
_has_begun: ContextVar[bool] = ContextVar("has_begun", default=False)
_place: ContextVar["Place | None"] = ContextVar("place", default=None)


class Place:
    """A place behind a gate, which is given back once."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave

    def give_back(self) -> None:
        """Somebody else may have it."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


def step_out() -> None:
    """Whoever waits for somebody else than this site, as for BigBlueButton, needs no place here meanwhile."""
    place = _place.get()
    if place is not None:
        place.give_back()


class Gate:
    """Lets so many in at once, in order; who has waited for `patience` seconds is sent away.

    `kept` of the places are for who is finishing alone: all others may be waiting for a lock, for seconds.
    """

    def __init__(self, places: int, patience: float, *, kept: int = 0) -> None:
        self._free, self._kept = places, kept
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

    async def enter(self) -> Place:
        """A place until it is given back, by `step_out` too. Raises BusyError."""
        await self._enter(Turn.COMING)
        _has_begun.set(True)
        place = Place(self._leave)
        _place.set(place)
        return place

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
