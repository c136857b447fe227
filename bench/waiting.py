"""(h): five thousand pages wait, meetings start, and meanwhile honest pages are asked for.

`python -m bench.waiting` fills a small database, serves it in two processes and says what it found. The pages do what
`live.js` does: they keep a stream of events, fetch themselves again on news, and join when their meeting runs.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psutil
import uvloop

from app.settings import Settings
from app.web.browser import signer
from bench import place
from bench.browsers import Proxy, forwarded
from bench.fill import Size
from bench.scenes import get, join, session_of, start

SIZE = Size(
    accounts=1_400, organisations=2, rooms=2_000, meetings=2_000, recordings=300, running=40, figures=10
)
IN_EACH = 8  # that wait in a usual room
POPULAR = 1_000  # that wait in the popular one
STARTS_A_SECOND = 4
HONEST_EVERY = 0.05
CHANGED = re.compile(rb'data: (\{"changed".*\})')
PATIENCE = 60.0
BUSY, AGAIN_SECONDS = {429, 503}, 5.0  # as live.js does it
AIM = 300.0  # milliseconds within which honest pages are to be answered


@dataclass(frozen=True)
class Crowd:
    """How many wait, for how long it is measured."""

    settings: Settings
    port: int
    pages: int
    seconds: float
    newcomers: int
    """seconds in which all of them come"""


@dataclass
class Found:
    """What came of it: milliseconds of honest pages, of the waiting pages' own fetches, and their statuses."""

    honest: list[float] = field(default_factory=list)
    fetched: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """by how much a timer of the load's own process was late: what else this machine did"""
    statuses: Counter[str] = field(default_factory=Counter)
    streams: int = 0


class Page(asyncio.Protocol):
    """A browser on the waiting page of a room."""

    def __init__(self, crowd: "Waiting", number: int, slug: str, account: int) -> None:
        self._crowd, self.slug, self.number = crowd, slug, number
        visit = signer(crowd.settings, "visit").dumps([account + 49, f"Wren {number}", "", False])
        cookies = f"browser=visitor-{number}; visit={visit}"
        self._page = forwarded(number, get(f"/r/{slug}/waiting", cookies))
        self._stream = forwarded(number, get(f"/r/{slug}/events?for=waiting", cookies))
        self.open: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._due: asyncio.TimerHandle | None = None
        self.goes_in = False

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        self.transport = transport
        transport.write(self._stream)

    def data_received(self, data: bytes) -> None:
        """The stream's beginning, a comment, or news."""
        if not self.open.done() and (data.startswith(b"HTTP/1.1 ")):
            status = data[9:12].decode()
            self._crowd.found.statuses[f"stream {status}"] += 1
            self.open.set_result(status == "200")
        if found := CHANGED.search(data):
            self._crowd.found.statuses["news"] += 1
            if clicked := self._crowd.clicks.get(self.slug):
                self._crowd.found.told.append((time.perf_counter() - clicked) * 1000)
            spread = json.loads(found[1]).get("spread", 0) / 1000
            self.look_within(spread)

    def look_within(self, spread: float, after: float = 0.0) -> None:
        """Fetch the page at some moment, once for all news until then."""
        if self._due is None and not self.goes_in:
            loop = asyncio.get_running_loop()
            delay = after + random.random() * spread  # noqa: S311  a wait
            self._due = loop.call_later(delay, self._crowd.begin, self.fetch)

    async def fetch(self) -> None:
        """The page itself, and the way in if the meeting runs."""
        self._due = None
        began = time.perf_counter()
        status, body = await self._crowd.proxy.ask(self._page)
        found = self._crowd.found
        found.fetched.append((time.perf_counter() - began) * 1000)
        found.statuses[f"page {status}"] += 1
        if status in BUSY:
            self.look_within(AGAIN_SECONDS, after=AGAIN_SECONDS)
        if b'data-state="running"' in body and not self.goes_in:
            self.goes_in = True
            status, _body = await self._crowd.proxy.ask(
                forwarded(self.number, join(self._crowd.settings, self.slug, self.number))
            )
            found.statuses[f"join {status}"] += 1
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """Let in, or lost."""
        if not self.open.done():
            self.open.set_result(False)
        if not self.goes_in:
            self._crowd.found.statuses["streams lost"] += 1


class Waiting:
    """All of them, in one process."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self.settings = crowd, crowd.settings
        self.found, self.proxy = Found(), Proxy(crowd.port)
        self.clicks: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.pages: list[Page] = []

    def begin(self, what: Any) -> None:
        """Start something that nobody waits for."""
        task = asyncio.ensure_future(what())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def come(self) -> None:
        """Every page is opened: the page itself, its stream, and the look that it takes when its stream is there."""
        gate = asyncio.Semaphore(64)
        await asyncio.gather(*(self._comes(gate, number) for number in range(self._crowd.pages)))
        self.found.streams = sum(not page.transport.is_closing() for page in self.pages)

    async def _comes(self, gate: asyncio.Semaphore, number: int) -> None:
        await asyncio.sleep(self._crowd.newcomers * number / self._crowd.pages)
        account = SIZE.starters[0 if number < POPULAR else 1 + (number - POPULAR) // IN_EACH]
        async with gate:
            page = Page(self, number, f"room-{account + 49}", account)
            await page.fetch()
            await asyncio.get_running_loop().create_connection(lambda: page, "127.0.0.1", self._crowd.port)
            await asyncio.wait_for(page.open, PATIENCE)
            self.pages.append(page)

    async def watch_machine(self) -> None:
        """How late a timer is that has nothing to do with the site."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.01)
            self.found.late.append((time.perf_counter() - began - 0.01) * 1000)

    async def ask_honestly(self, ends: float) -> None:
        """A guest's page and a host's dashboard in turn, over connections of their own."""
        asks = [forwarded(-1, get(f"/r/room-{n}")) for n in range(60, 100)]
        asks += [forwarded(-2, get("/rooms", session_of(7)))] * 10
        random.shuffle(asks)
        proxy, number = Proxy(self._crowd.port), 0
        while time.perf_counter() < ends:
            began = time.perf_counter()
            status, _body = await proxy.ask(asks[number % len(asks)])
            self.found.honest.append((time.perf_counter() - began) * 1000)
            self.found.statuses[f"honest {status}"] += 1
            number += 1
            await asyncio.sleep(HONEST_EVERY)

    async def start_meetings(self, ends: float) -> None:
        """The usual rooms one after the other, the popular one in the middle."""
        usual = iter(range(1, 1 + (self._crowd.pages - POPULAR) // IN_EACH))
        popular_at = time.perf_counter() + self._crowd.seconds / 3
        popular_done = False
        while time.perf_counter() < ends - self._crowd.seconds / 4:
            if not popular_done and time.perf_counter() > popular_at:
                popular_done = True
                self.begin(lambda: self._start(SIZE.starters[0]))
            number = next(usual, None)
            if number is not None:
                self.begin(lambda chosen=number: self._start(SIZE.starters[chosen]))
            await asyncio.sleep(1 / STARTS_A_SECOND)

    async def _start(self, account: int) -> None:
        slug = f"room-{account + 49}"
        self.clicks[slug] = time.perf_counter()
        status, _body = await self.proxy.ask(start(self.settings, account))
        self.found.statuses[f"start {status}"] += 1


def wait(crowd: Crowd, processes: Sequence[int]) -> tuple[Found, dict[str, list[float]], dict[str, float]]:
    """Do it all; also the memory (MB) of the server processes, and their CPU (seconds of one core in a second)."""
    servers = [psutil.Process(number) for number in processes]
    return uvloop.run(_wait(crowd, servers))


def _memory(servers: Sequence[psutil.Process]) -> list[float]:
    return [server.memory_info().rss / 1e6 for server in servers]


def _cpu(servers: Sequence[psutil.Process]) -> float:
    return sum(sum(server.cpu_times()[:2]) for server in servers)


async def _wait(
    crowd: Crowd, servers: Sequence[psutil.Process]
) -> tuple[Found, dict[str, list[float]], dict[str, float]]:
    waiting, memory, cpu = Waiting(crowd), {"at start": _memory(servers)}, {}

    async def measured(name: str, doing: Any) -> None:
        began, used = time.perf_counter(), _cpu(servers)
        await doing
        took = time.perf_counter() - began
        cpu[name] = (_cpu(servers) - used) / took
        memory[name] = _memory(servers)
        honest = sorted(waiting.found.honest)
        print(
            f"{name}: {took:.0f} s, memory {[f'{each:.0f}' for each in memory[name]]}, CPU {cpu[name]:.2f}",
            f"streams {waiting.found.streams}, honest so far max {honest[-1] if honest else 0:.0f} ms",
            flush=True,
        )

    await measured("all have come", waiting.come())
    watching = asyncio.create_task(waiting.watch_machine())
    await measured("they wait", waiting.ask_honestly(time.perf_counter() + 10))
    ends = time.perf_counter() + crowd.seconds
    await measured("meetings start", asyncio.gather(waiting.ask_honestly(ends), waiting.start_meetings(ends)))
    watching.cancel()
    for page in waiting.pages:
        page.goes_in = True
        page.transport.close()
    await measured("all have left", asyncio.sleep(20))
    return waiting.found, memory, cpu


def say(found: Found) -> None:
    """The figures, for people: milliseconds."""
    for name in ("honest", "fetched", "told", "late"):
        values = sorted(getattr(found, name))
        if values:
            shares = [
                values[min(len(values) - 1, int(share * len(values)))] for share in (0.5, 0.95, 0.99, 1)
            ]
            print(f"{name}: {len(values)}, p50 p95 p99 max ms:", *(f"{each:.0f}" for each in shares))
    print(dict(sorted(found.statuses.items())))
    slow = sum(took > AIM for took in found.honest)
    print(f"{slow} of {len(found.honest)} honest pages took longer than {AIM:.0f} ms")


def main() -> None:
    """Fill, serve, wait, say."""
    parser = argparse.ArgumentParser("python -m bench.waiting")
    parser.add_argument("--pages", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--newcomers", type=int, default=30)
    asked = parser.parse_args()
    ports = place.free_port(), place.free_port()
    bbb = f"http://127.0.0.1:{ports[1]}/bigbluebutton"
    with place.postgres() as maintenance:
        url, _took = place.filled(maintenance, "bench_waiting", SIZE, bbb, anew=True)
        environment = {
            "GUILDHALL_DATABASE_URL": url,
            "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
            "GUILDHALL_BBB_URL": bbb,
            "GUILDHALL_BBB_SECRET": place.SECRET,
            "GUILDHALL_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
        }
        settings = Settings(
            **{key.removeprefix("GUILDHALL_").lower(): value for key, value in environment.items()}
        )
        simulator = ["bbb_client.simulator", "--port", str(ports[1]), "--secret", place.SECRET]
        serve = ["app", "serve", "--port", str(ports[0]), "--processes", str(place.PROCESSES)]
        with (
            place.running("simulator", simulator, f"{bbb}/api"),
            place.running("serve", serve, f"http://127.0.0.1:{ports[0]}/health", **environment) as ours,
            ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        ):
            crowd = Crowd(settings, ports[0], asked.pages, asked.seconds, asked.newcomers)
            pids = [server.pid for server in ours.servers()]
            found, _memory_found, _cpu_found = pool.submit(wait, crowd, pids).result()
    say(found)


if __name__ == "__main__":
    main()
