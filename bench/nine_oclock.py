"""Nine o'clock: 500 hosts start and 10,000 people join within a minute, at two processes, also beside other load.

`python -m bench.nine_oclock` fills a small database of its own, clicks once for each of them at the moment that is
theirs (nobody waits for anybody: what is late stays late), and says what came of it. `--beside 2` lets two programs
spin from a quarter to three quarters of the time. It ends after a minute and a half at most.
"""

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools
import psutil
import psycopg
import uvloop

from app.settings import Settings
from bench import place
from bench.fill import Size
from bench.scenes import join, start

SIZE = Size(
    accounts=12_000,
    organisations=100,
    rooms=13_000,
    meetings=50_000,
    recordings=2_000,
    running=40,
    figures=100,
)
# A room's people come within this many seconds after its host has clicked.
COME_WITHIN = (0.5, 12.0)
PATIENCE = 60.0  # seconds that somebody waits for an answer
OPEN = 2_000  # connections at once: above that a click waits for one to be free
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105  of this bench alone


@dataclass(frozen=True)
class Click:
    """What somebody sends, and when, in seconds from the beginning."""

    at: float
    kind: str
    account: int
    raw: bytes


@dataclass
class Answers:
    """What came of the clicks of one kind: how often which answer, and the seconds from the click to each."""

    outcomes: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """how long after its moment a click was sent: this program's own want of a processor, and the way in"""

    def line(self) -> str:
        """In one line; times in milliseconds, of all answers."""
        late = f"; sent late by {_shares(self.late)}" if self.late else ""
        return f"{_shares(self.took)}  {dict(self.outcomes.most_common())}{late}"


def _shares(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    shares = {share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)}
    return "  ".join(f"p{share * 100:g} {each * 1000:.0f} ms" for share, each in shares.items())


class Browser(asyncio.Protocol):
    """One click on a connection of its own."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._parser = httptools.HttpResponseParser(self)
        self.location = b""
        self.sent_at = 0.0
        self.done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Click."""
        self.sent_at = asyncio.get_running_loop().time()
        self.transport = transport
        transport.write(self._raw)

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Where the answer leads."""
        if name.lower() == b"location":
            self.location = value

    def on_message_complete(self) -> None:
        """The whole answer is here."""
        status = str(self._parser.get_status_code())
        leads = "in" if b"checksum=" in self.location else self.location.rpartition(b"/")[2].decode()
        if not self.done.done():
            self.done.set_result(f"{status} {leads}".strip())
        self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Without an answer, this is one too."""
        if not self.done.done():
            self.done.set_result(f"cut off {type(error).__name__}")


def clicks(settings: Settings, asked: argparse.Namespace) -> list[Click]:
    """Everybody's, in order. Hosts are those whose meetings have 25 places."""
    chance = random.Random(9)  # noqa: S311  the same minute every time
    hosts = [account for account in SIZE.starters if account % 10 == 5][: asked.starts]  # noqa: PLR2004  see `fill`
    each = asked.joins // len(hosts)
    least, most = COME_WITHIN
    wanted = []
    for number, account in enumerate(hosts):
        at = (asked.seconds - most) * (number + chance.random()) / len(hosts)
        wanted.append(Click(at, "start", account, start(settings, account)))
        for visitor in range(each):
            form = join(settings, f"room-{account + 49}", number * each + visitor, consent="yes")
            wanted.append(Click(at + chance.uniform(least, most), "join", account, form))
    return sorted(wanted, key=lambda click: click.at)


async def press(port: int, wanted: Sequence[Click]) -> tuple[dict[str, Answers], dict[int, str]]:
    """Click and wait for the answers; besides, the answer that each host got."""
    loop = asyncio.get_running_loop()
    answers = {kind: Answers() for kind in ("start", "join")}
    hosts: dict[int, str] = {}
    began = loop.time()
    places = asyncio.Semaphore(OPEN)

    async def one(click: Click) -> None:
        async with places:
            outcome = "nobody answers"
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    _, browser = await loop.create_connection(lambda: Browser(click.raw), "127.0.0.1", port)
                    outcome = await browser.done
                    answers[click.kind].late.append(browser.sent_at - began - click.at)
        answers[click.kind].outcomes[outcome] += 1
        answers[click.kind].took.append(loop.time() - began - click.at)
        if click.kind == "start":
            hosts[click.account] = outcome

    async with asyncio.TaskGroup() as everybody:
        for click in wanted:
            await asyncio.sleep(began + click.at - loop.time())
            everybody.create_task(one(click))
    return answers, hosts


def started_all_the_same(database: str, hosts: dict[int, str]) -> int:
    """How many were told that it did not work (5xx, or nothing), although their meeting runs or starts."""
    told = [account for account, outcome in hosts.items() if not outcome.startswith(("2", "3", "4"))]
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT count(*) FROM meetings WHERE state IN ('starting', 'running') AND room_id = ANY(%s)",
            [[account + 49 for account in told]],
        ).fetchone()
    return int(found[0]) if found else 0


def too_many(database: str) -> int:
    """Meetings with more people sent in than they have places for."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT count(*) FROM meetings m "
            "WHERE m.people < (SELECT count(*) FROM attendances WHERE meeting_id = m.id)"
        ).fetchone()
    return int(found[0]) if found else 0


@contextlib.contextmanager
def beside(number: int) -> Iterator[None]:
    """So many programs that do nothing but use a processor."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _each in range(number)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


async def spin(number: int, seconds: float) -> None:
    """Other load, from a quarter to three quarters of the time."""
    await asyncio.sleep(seconds / 4)
    with beside(number):
        await asyncio.sleep(seconds / 2)


class Meter:
    """Seconds of CPU since the beginning, by program."""

    def __init__(self, programs: dict[str, list[psutil.Process]]) -> None:
        self._programs = programs
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, processes in self._programs.items():
            found[name] = 0.0
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    family = [process, *(process.children(recursive=True) if name == "postgres" else [])]
                    found[name] += sum(sum(each.cpu_times()[:2]) for each in family)
        return found

    def line(self) -> str:
        """In one line."""
        return "  ".join(f"{name} {now - self._before[name]:.1f} s" for name, now in self._now().items())


def arguments() -> argparse.Namespace:
    """How much of it."""
    parser = argparse.ArgumentParser("python -m bench.nine_oclock")
    parser.add_argument("--starts", type=int, default=500)
    parser.add_argument("--joins", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--beside", type=int, default=0, help="programs that spin beside it")
    parser.add_argument("--worker", action="store_true", help="a worker runs, too")
    return parser.parse_args()


def measure(asked: argparse.Namespace, maintenance: str) -> None:
    """Everything, once."""
    simulator = place.free_port()
    bbb = f"http://127.0.0.1:{simulator}/bigbluebutton"
    url, _took = place.filled(maintenance, "bench_nine", SIZE, bbb, anew=True)
    port = place.free_port()
    environment = {
        "GUILDHALL_DATABASE_URL": url,
        "GUILDHALL_SECRET_KEY": SECRET_KEY,
        "GUILDHALL_BBB_URL": bbb,
        "GUILDHALL_BBB_SECRET": place.SECRET,
        "GUILDHALL_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    settings = Settings(
        **{name.removeprefix("GUILDHALL_").lower(): value for name, value in environment.items()}
    )
    words = ["bbb_client.simulator", "--port", str(simulator), "--secret", place.SECRET]
    serve = ["app", "serve", "--port", str(port), "--processes", str(place.PROCESSES)]
    health = f"http://127.0.0.1:{port}/health"
    with contextlib.ExitStack() as stack:
        bbb_server = stack.enter_context(place.running("simulator", words, f"{bbb}/api"))
        ours = stack.enter_context(place.running("serve", serve, health, **environment))
        programs = {f"serve {number}": [each] for number, each in enumerate(ours.servers(), 1)}
        if asked.worker:
            worker = stack.enter_context(place.running("worker", ["app", "worker"], health, **environment))
            programs["worker"] = [psutil.Process(worker.process.pid)]
        programs |= {
            "postgres": [psutil.Process(place.postmaster())],
            "simulator": [psutil.Process(bbb_server.process.pid)],
            "clicks": [psutil.Process()],
        }
        wanted = clicks(settings, asked)
        time.sleep(2)
        meter = Meter(programs)
        answers, hosts = uvloop.run(minute(port, wanted, asked))
        print("CPU:", meter.line())
        for kind, each in answers.items():
            print(f"{kind}: {each.line()}")
        print("told that it did not work, and started:", started_all_the_same(settings.dsn(), hosts))
        print("meetings above their places:", too_many(settings.dsn()))


async def minute(
    port: int, wanted: Sequence[Click], asked: argparse.Namespace
) -> tuple[dict[str, Answers], dict[int, str]]:
    """The minute itself, with what else is going on."""
    other = asyncio.create_task(spin(asked.beside, asked.seconds))
    try:
        return await press(port, wanted)
    finally:
        other.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await other


if __name__ == "__main__":
    with place.postgres() as there:
        measure(arguments(), there)
