"""The callbacks that wait to be sent: one after another, tried again by the simulated clock."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from bbb_client.simulator.clock import Clock, as_ms
from bbb_client.simulator.faults import Faults, Kind

KEPT = 1000  # how many outcomes are remembered


@dataclass(frozen=True)
class Outcome:
    """What came of one try: whether it counts as delivered, and in words."""

    ok: bool
    words: str


Send = Callable[[httpx.AsyncClient], Awaitable[Outcome]]


@dataclass(kw_only=True, eq=False)
class Delivery:
    """One callback that is to be sent; `waits` are the seconds before each further try."""

    kind: str  # end, recording-ready, analytics, hook
    meeting_id: str  # external
    url: str
    send: Send
    due: int  # milliseconds
    waits: tuple[float, ...] = ()
    gave_up: Callable[[], None] | None = None
    tries: int = 0


@dataclass(frozen=True)
class Sent:
    """A try that was made; the address stands without its query, where secrets live."""

    kind: str
    meeting_id: str
    url: str
    at: int
    number: int  # 1: the first try
    outcome: str


class Outbox:
    """What waits, and what became of what was sent."""

    def __init__(self, clock: Clock, faults: Faults, http: httpx.AsyncClient) -> None:
        self.waiting: list[Delivery] = []
        self.sent: deque[Sent] = deque(maxlen=KEPT)
        self._clock, self._faults, self._http = clock, faults, http
        self._one_at_a_time = asyncio.Lock()  # the queue is serial on a real server too (section 4.1)

    def next_due(self) -> int | None:
        """When the next callback wants to be sent."""
        return min((delivery.due for delivery in self.waiting), default=None)

    async def deliver(self) -> None:
        """Send everything that is due, in the order in which it became due."""
        async with self._one_at_a_time:
            while (delivery := self._next()) is not None:
                await self._try(delivery)

    def _next(self) -> Delivery | None:
        due = [delivery for delivery in self.waiting if delivery.due <= self._clock.now()]
        if not due:
            return None
        first = min(due, key=lambda delivery: delivery.due)
        self.waiting.remove(first)
        return first

    async def _try(self, delivery: Delivery) -> None:
        if self._faults.take(Kind.CALLBACK_LOST, delivery.kind):
            self._note(delivery, "lost by order")
            return
        outcome = await self._attempt(delivery)
        if self._faults.take(Kind.CALLBACK_DOUBLED, delivery.kind):
            outcome = await self._attempt(delivery)
        if not outcome.ok:
            self._again_or_give_up(delivery)

    async def _attempt(self, delivery: Delivery) -> Outcome:
        delivery.tries += 1
        try:
            outcome = await delivery.send(self._http)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            outcome = Outcome(ok=False, words=f"could not be sent: {type(error).__name__}")
        self._note(delivery, outcome.words)
        return outcome

    def _again_or_give_up(self, delivery: Delivery) -> None:
        if delivery.waits:
            wait, *rest = delivery.waits
            delivery.due, delivery.waits = self._clock.now() + as_ms(wait), tuple(rest)
            self.waiting.append(delivery)
        elif delivery.gave_up is not None:
            delivery.gave_up()

    def _note(self, delivery: Delivery, words: str) -> None:
        url = delivery.url.partition("?")[0]
        at = self._clock.now()
        self.sent.append(Sent(delivery.kind, delivery.meeting_id, url, at, delivery.tries, words))
