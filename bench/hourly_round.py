"""The hourly round over ten thousand holders whose storage is full, while visitors open pages: who notices it?

`python -m bench.hourly_round` fills a small database of its own, opens guests' pages at a gentle pace for some
seconds without the round and for as long with it, and says how long they took. It ends after two minutes at most.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import psutil
import psycopg
import uvloop

from app.settings import ROOT, Settings
from bench import place
from bench.nine_oclock import PATIENCE, SECRET_KEY, SIZE, Answers, Browser, Meter
from bench.scenes import get

FULL = replace(SIZE, recordings=SIZE.meetings)
ROUND = """
import asyncio, os
from app.db import Database
from app.recordings.keeping import keep, post_of
from app.settings import Settings, read
from app import logs, worker
settings = read(Settings)
logs.configure(as_json=True)
getattr(worker, "yield_to_site", int)()
database = getattr(worker, "database_of", Database)(settings)
asyncio.run(keep(database, post_of(settings, worker.mailer_of(settings))))
"""


async def visits(port: int, requests: Sequence[bytes], seconds: float, each_second: float) -> Answers:
    """Guests who open pages, each at the moment that is theirs."""
    loop, answers = asyncio.get_running_loop(), Answers()
    began = loop.time()

    async def one(raw: bytes, at: float) -> None:
        outcome = "nobody answers"
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                _, browser = await loop.create_connection(lambda: Browser(raw), "127.0.0.1", port)
                outcome = await browser.done
        answers.outcomes[outcome] += 1
        answers.took.append(loop.time() - at)

    async with asyncio.TaskGroup() as everybody:
        for number in range(int(seconds * each_second)):
            at = began + number / each_second
            await asyncio.sleep(at - loop.time())
            everybody.create_task(one(requests[number % len(requests)], at))
    return answers


def warned(database: str) -> tuple[int, int]:
    """How many holders are full, and how many of them have been looked at."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT count(*) FILTER (WHERE stored_bytes > 0), count(*) FILTER (WHERE storage_warned > 0) FROM holders"
        ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def arguments() -> argparse.Namespace:
    """How much of it."""
    parser = argparse.ArgumentParser("python -m bench.hourly_round")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--pages", type=float, default=100.0, help="pages that are opened in a second")
    return parser.parse_args()


def measure(asked: argparse.Namespace, maintenance: str) -> None:
    """Without the round, and with it."""
    bbb = "http://127.0.0.1:9/bigbluebutton"
    url, _took = place.filled(maintenance, "bench_hourly", FULL, bbb, anew=True)
    port = place.free_port()
    environment = {
        "GUILDHALL_DATABASE_URL": url,
        "GUILDHALL_SECRET_KEY": SECRET_KEY,
        "GUILDHALL_BBB_URL": bbb,
        "GUILDHALL_BBB_SECRET": place.SECRET,
        "GUILDHALL_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    told = {name.removeprefix("GUILDHALL_").lower(): value for name, value in environment.items()}
    requests = [get(f"/r/room-{1 + number * 7919 % FULL.rooms}") for number in range(1000)]
    serve = ["app", "serve", "--port", str(port), "--processes", str(place.PROCESSES)]
    health = f"http://127.0.0.1:{port}/health"
    with place.running("serve", serve, health, **environment) as ours:
        servers = {f"serve {number}": [each] for number, each in enumerate(ours.servers(), 1)}
        postgres = [psutil.Process(place.postmaster())]
        for kind in ("without", "with"):
            programs = servers | {"postgres": postgres}
            work = None
            if kind == "with":
                work = subprocess.Popen(  # noqa: S603  our own
                    [sys.executable, "-c", ROUND],
                    cwd=ROOT,
                    env={**os.environ, **environment},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                programs["round"] = [psutil.Process(work.pid)]
            try:
                meter = Meter(programs)
                answers = uvloop.run(visits(port, requests, asked.seconds, asked.pages))
                print(f"{kind} the round: {answers.line()}")
                print("CPU:", meter.line())
            finally:
                if work is not None:
                    work.terminate()
                    work.wait()
        full, looked_at = warned(Settings(**told).dsn())
        print(f"holders that are full: {full}, looked at in {asked.seconds:g} s: {looked_at}")


if __name__ == "__main__":
    with place.postgres() as there:
        measure(arguments(), there)
