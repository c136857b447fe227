"""The bench: fills a database, serves it, presses on it, and writes the table of docs/performance.md.

`make bench` measures everything; `python -m bench.run --only a --runs 1 --keep` one scene, on the database that
is there.
"""

import argparse
import asyncio
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

import httpx
import psutil
import psycopg

from app.settings import Settings
from bench import place, report, rounds
from bench.fill import FULL, SMALL, Size
from bench.measure import Press, Side
from bench.report import Line
from bench.scenes import Scene, scenes, start
from bench.statements import statements

SIMULATOR = 18_055  # a port that stays: the address stands in the database that is kept


@dataclass
class House:
    """Everything that runs, for one size of database."""

    settings: Settings
    size: Size
    ours: Side
    bare: Side
    filled_in: float

    def prepare(self, scene: Scene) -> None:
        """Each run begins with the same rows: who was let in by the last one has left, what it started is over."""
        with psycopg.connect(self.settings.dsn(), autocommit=True) as connection:
            if scene.key.startswith("b"):
                connection.execute("DELETE FROM attendances WHERE participant LIKE 'g-%'")
                connection.execute("VACUUM attendances")
        if scene.key == "e":
            httpx.post(f"http://127.0.0.1:{SIMULATOR}/sim/restart", trust_env=False).raise_for_status()


@contextmanager
def house(maintenance: str, size: Size, *, anew: bool) -> Iterator[House]:
    """The database of this size, and the servers on it."""
    bbb = f"http://127.0.0.1:{SIMULATOR}/bigbluebutton"
    name = "bench_full" if size is FULL else "bench_small"
    url, took = place.filled(maintenance, name, size, bbb, anew=anew)
    ports = place.free_port(), place.free_port()
    environment = {
        "GUILDHALL_DATABASE_URL": url,
        "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "GUILDHALL_BBB_URL": bbb,
        "GUILDHALL_BBB_SECRET": place.SECRET,
        "GUILDHALL_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
    }
    told = {name.removeprefix("GUILDHALL_").lower(): value for name, value in environment.items()}
    words = ["--port", str(SIMULATOR), "--secret", place.SECRET]
    serve = ["app", "serve", "--port", str(ports[0]), "--processes", str(place.PROCESSES)]
    bare = {"BARE_DATABASE": url.replace("postgresql:", "postgresql+asyncpg:"), "BARE_PORT": str(ports[1])}
    with (
        place.running("simulator", ["bbb_client.simulator", *words], f"{bbb}/api"),
        place.running("serve", serve, f"http://127.0.0.1:{ports[0]}/health", **environment) as ours,
        place.running("bare", ["bench.bare"], f"http://127.0.0.1:{ports[1]}/health", **bare) as other,
    ):
        postmaster = psutil.Process(place.postmaster())
        sides = [
            Side(port, program.servers(), postmaster)
            for port, program in zip(ports, (ours, other), strict=True)
        ]
        yield House(Settings(**told), size, *sides, took)


def pages(at: House, asked: argparse.Namespace, levels: Sequence[int], only: str) -> list[Line]:
    """The scenes, each at every number of connections."""
    found = [scene for scene in scenes(at.settings, at.size) if not only or scene.key in only.split(",")]
    counted = statements(at.settings, found)
    press = Press(at.ours, at.bare, asked.seconds, asked.runs, at.prepare)
    lines = []
    try:
        for scene in found:
            for connections in levels:
                ours, bare = press.both(scene, counted[scene.key], connections)
                lines.append(Line(scene.key, scene.name, connections, counted[scene.key], ours, bare))
                print(lines[-1], flush=True)
    finally:
        press.close()
    return lines


def follow_up(at: House, runs: int) -> list[rounds.Round]:
    """(f): rounds over all running meetings."""
    asyncio.run(rounds.tell_simulator(at.settings, at.size))
    return asyncio.run(rounds.rounds(at.settings, runs))


def tell(at: House, runs: int) -> list[rounds.Told]:
    """(g): many wait in one room, its host starts the meeting; each time another room."""
    told = []
    for account in at.size.starters[-runs - 10 : -10]:
        click = start(at.settings, account)
        told.append(asyncio.run(rounds.tell_all(at.ours.port, f"room-{account + 49}", click)))
    return told


def memory(at: House) -> list[int]:
    """Megabytes that each server process has in memory."""
    return [process.memory_info().rss // 1_000_000 for process in at.ours.processes]


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser("python -m bench.run")
    parser.add_argument("--only", default="", help="scenes, with commas: a,b,c; nothing is written then")
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connections", default="1,8,32")
    parser.add_argument("--keep", action="store_true", help="use the databases that are there")
    return parser.parse_args()


def main() -> None:
    """Measure and say."""
    asked = arguments()
    levels = [int(level) for level in asked.connections.split(",")]
    with place.postgres() as maintenance:
        if asked.only:
            with house(maintenance, FULL, anew=not asked.keep) as full:
                pages(full, asked, levels, asked.only)
            return
        with house(maintenance, SMALL, anew=True) as small:
            few = pages(small, asked, [8], "a,b,c,d")
        with house(maintenance, FULL, anew=not asked.keep) as full:
            followed = follow_up(full, asked.runs)
            lines = pages(full, asked, levels, "")
            told = tell(full, asked.runs)
            found = report.Found(
                lines, few, followed, told, memory(full), full.filled_in, versions(maintenance)
            )
    report.write(found)


def versions(maintenance: str) -> dict[str, str]:
    """What it was measured with."""
    with psycopg.connect(maintenance) as connection:
        postgres = connection.execute("SHOW server_version").fetchone()
    names = ("fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg", "jinja2")
    return {"Python": platform.python_version(), "PostgreSQL": str((postgres or [""])[0])} | {
        name: metadata.version(name) for name in names
    }


if __name__ == "__main__":
    main()
