"""The load: raw requests over kept connections, from a process of its own; answers are parsed in C."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httptools
import uvloop


@dataclass(frozen=True)
class Job:
    """What is asked of whom: `requests` in turn and again, by so many connections, for `seconds` after a warm-up.

    Whatever answers otherwise than with `status`, or without `mark` in its first packet, is counted as wrong.
    """

    port: int
    requests: Sequence[bytes]
    connections: int
    seconds: float
    status: int = 200
    mark: bytes = b""
    warm_up: float = 0.5


@dataclass
class Result:
    """What came of it: seconds of every answer, the time they took, and how many were wrong, by status."""

    took: float = 0.0
    answers: int = 0  # those of the warm-up too
    latencies: list[float] = field(default_factory=list)
    wrong: Counter[int] = field(default_factory=Counter)

    @property
    def throughput(self) -> float:
        """Answers in a second."""
        return len(self.latencies) / self.took

    def percentile(self, share: float) -> float:
        """The latency that this share of the answers did not exceed, in milliseconds."""
        found = sorted(self.latencies)
        return found[min(len(found) - 1, int(share * len(found)))] * 1000


class Caller(asyncio.Protocol):
    """One connection: sends the next request as soon as it has the whole answer to the last."""

    def __init__(
        self, job: Job, requests: Iterator[bytes], result: Result, window: tuple[float, float]
    ) -> None:
        self._job, self._requests, self._result = job, requests, result
        self._begins, self._ends = window
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        if self._first:
            self._first, self._marked = False, self._job.mark in data
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """The whole answer is here."""
        now = time.perf_counter()
        status = self._parser.get_status_code()
        if status != self._job.status or not self._marked:
            self._result.wrong[status] += 1
        self._result.answers += 1
        if self._sent >= self._begins:
            self._result.latencies.append(now - self._sent)
        if now < self._ends:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """It is over, by us or by the server."""
        if error is not None or time.perf_counter() < self._ends:
            self._result.wrong[0] += 1
        self.done.set_result(None)

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._first = True
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def press(job: Job) -> Result:
    """Do the job."""
    return uvloop.run(_press(job))


async def _press(job: Job) -> Result:
    loop, result, requests = asyncio.get_running_loop(), Result(), cycle(job.requests)
    begins = time.perf_counter() + job.warm_up
    window = begins, begins + job.seconds
    callers = []
    for _number in range(job.connections):
        _transport, caller = await loop.create_connection(
            lambda: Caller(job, requests, result, window), "127.0.0.1", job.port
        )
        callers.append(caller)
    await asyncio.gather(*(caller.done for caller in callers))
    result.took = time.perf_counter() - begins
    return result
