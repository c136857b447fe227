"""One figure: a scene at so many connections, ours and the bare route in turn, medians of the runs."""

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from statistics import median

import psutil

from bench.load import Job, Result, press
from bench.scenes import Scene, get, post

PERCENTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class Pace:
    """Medians: answers in a second, milliseconds of p50, p95 and p99, milliseconds of CPU for one answer."""

    throughput: float
    latencies: tuple[float, ...]
    cpu_server: float
    cpu_postgres: float


@dataclass
class Side:
    """A program that is measured: its port, its processes, and what it has done."""

    port: int
    processes: Sequence[psutil.Process]
    postgres: psutil.Process
    results: list[tuple[Result, float, float]] = field(default_factory=list)

    def used(self) -> tuple[float, float]:
        """Seconds of CPU so far: of the server processes, and of PostgreSQL's."""
        backends = [self.postgres, *self.postgres.children(recursive=True)]
        return _seconds(self.processes), _seconds(backends)

    def pace(self) -> Pace:
        """The medians of the runs since the last time."""
        results, self.results = self.results, []
        return Pace(
            median(result.throughput for result, *_ in results),
            tuple(median(result.percentile(share) for result, *_ in results) for share in PERCENTILES),
            median(server for _, server, _ in results),
            median(postgres for *_, postgres in results),
        )


def _seconds(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


class Press:
    """Presses on both sides in turn, from a process that does nothing else."""

    def __init__(
        self, ours: Side, bare: Side, seconds: float, runs: int, prepare: Callable[[Scene], None]
    ) -> None:
        self._ours, self._bare = ours, bare
        self._seconds, self._runs, self._prepare = seconds, runs, prepare
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self._sent = 0

    def close(self) -> None:
        """The process ends."""
        self._pool.shutdown()

    def both(self, scene: Scene, reads: int, connections: int) -> tuple[Pace, Pace]:
        """The pace of our page, and of the bare route with so many reads."""
        path = scene.bare.format(reads=reads)
        bare = [post(path, {"name": "Wren", "consent": "yes"}) if scene.bare_body else get(path)]
        for _run in range(self._runs):
            self._prepare(scene)
            requests = scene.ours[self._sent :] if scene.once else scene.ours
            done = self._one(self._ours, requests, connections, scene.status, scene.mark)
            self._sent += done if scene.once else 0
            self._one(self._bare, bare, connections, scene.status, scene.mark)
        return self._ours.pace(), self._bare.pace()

    def _one(self, side: Side, requests: Sequence[bytes], connections: int, status: int, mark: bytes) -> int:
        job = Job(side.port, requests, connections, self._seconds, status, mark)
        before = side.used()
        result = self._pool.submit(press, job).result()
        after = side.used()
        if result.wrong:
            raise RuntimeError(f"{requests[0][:80]!r} was answered wrongly: {dict(result.wrong)}")
        per_answer = [(end - begin) * 1000 / result.answers for begin, end in zip(before, after, strict=True)]
        side.results.append((result, per_answer[0], per_answer[1]))
        return result.answers + connections
