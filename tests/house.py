"""The whole program as it runs for people: server processes, worker, simulator, each a process of its own."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from app import clock
from app.accounts import sessions
from app.accounts.models import User
from app.db import Database
from app.rooms.models import Room
from app.settings import ROOT, DatabaseSettings, Settings
from tests import factories
from tests.browser import forms_of

SECRET = "the shared secret of the journeys"
READY_WITHIN = 60.0
STOPPED_WITHIN = 10.0
PROCESSES = 2
PATIENCE = (
    20.0  # seconds a page may take to become what is expected: rounds and quiet looks are seconds apart
)


async def until(is_so: Callable[[], Awaitable[Any]], what: str, *, within: float = PATIENCE) -> Any:
    """Wait for something true and return it."""
    end = time.monotonic() + within
    while True:
        found = await is_so()
        if found:
            return found
        assert time.monotonic() < end, f"not in {within:g} s: {what}"
        await asyncio.sleep(0.05)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """One process of ours, in a group of its own, with its log in a file."""

    def __init__(
        self,
        name: str,
        words: list[str],
        environment: dict[str, str],
        folder: Path,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=descriptors,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Ask it to stop; what is left of it and of its children is killed, by their ids."""
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
        family = self._family()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPPED_WITHIN)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait()

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        return []

    def servers(self) -> list[psutil.Process]:
        """The server processes of `serve --processes 2`: the first starts them, and anew when they die."""
        children = psutil.Process(self.pid).children()
        return [child for child in children if "--channel" in child.cmdline()]


class House:
    """The running program, and ways to look at it and to prepare it from a test."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://127.0.0.1:{self.simulator_port}"
        self.clock_file = folder / "clock"
        self.processes: dict[str, Running] = {}
        self.database = Database(DatabaseSettings(database_url=database_url, database_pool=4), patience=30)
        self._people = 0

    # Running it

    def environment(self) -> dict[str, str]:
        return {
            "GUILDHALL_DEMO": "true",
            "GUILDHALL_DEMO_CLOCK": str(self.clock_file),
            "GUILDHALL_LOG_JSON": "false",
            "GUILDHALL_DATABASE_URL": self.database_url,
            # Fifty at once on a busy machine: a test is about what they get, not about how soon.
            "GUILDHALL_DATABASE_QUEUE_SECONDS": "30",
            "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
            "GUILDHALL_BBB_URL": f"{self.simulator_url}/bigbluebutton/",
            "GUILDHALL_BBB_SECRET": SECRET,
            "GUILDHALL_SIMULATOR_URL": self.simulator_url,
            "GUILDHALL_PUBLIC_URL": self.url,
            "GUILDHALL_MAIL_FROM": "Guildhall <hall@example.org>",
            "GUILDHALL_PRIVATE_PROVIDERS": "true",
        }

    def settings(self) -> Settings:
        """What the processes are told, for what a test calls by itself."""
        told = {name.removeprefix("GUILDHALL_").lower(): value for name, value in self.environment().items()}
        return Settings(**told)

    def start(self, name: str, *words: str, descriptors: Sequence[int] = ()) -> Running:
        """Start one of the program's processes; these file descriptors of ours are open in it too."""
        self.processes[name] = Running(name, list(words), self.environment(), self.folder, descriptors)
        return self.processes[name]

    def open(self) -> None:
        """Start everything as an installation does, and wait until it answers."""
        self.prepare()
        self.serve("serve", self.port, PROCESSES)
        self.work()

    def prepare(self) -> None:
        """What must be there before the site: its tables, and BBB."""
        self.start_simulator()
        migrate = self.start("migrate", "app", "migrate").process
        assert migrate.wait(READY_WITHIN) == 0, self.logs()
        self._answers(f"{self.simulator_url}/bigbluebutton/api")

    def serve(self, name: str, port: int, processes: int) -> None:
        """The site at a port. One process serves by itself; of more, the first looks after the others."""
        self.start(name, "app", "serve", "--port", str(port), "--processes", str(processes))
        self._answers(f"http://127.0.0.1:{port}/health")

    def work(self) -> None:
        """A worker."""
        log = self.folder / "worker.log"
        before = log.read_text().count("worker.started") if log.exists() else 0
        self.start("worker", "app", "worker")
        self.until(lambda: log.read_text().count("worker.started") > before, "the worker works")

    def kill(self, name: str) -> None:
        """Kill -9, as the machine's memory guard does: no last words, connections break."""
        killed = self.processes.pop(name)
        killed.signal(signal.SIGKILL)
        killed.process.wait()

    def start_simulator(self) -> None:
        words = ("--port", str(self.simulator_port), "--secret", SECRET)
        self.start("simulator", "bbb_client.simulator", *words)

    def close(self) -> None:
        """Stop what was started, by its id."""
        for running in reversed(list(self.processes.values())):
            running.stop()

    def logs(self) -> str:
        """The ends of the processes' logs."""
        return "\n".join(
            f"--- {running.name}\n" + running.log.read_text()[-6000:] for running in self.processes.values()
        )

    def _answers(self, url: str) -> None:
        def answers() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(url, timeout=2).status_code == httpx.codes.OK
            return False

        self.until(answers, f"{url} answers")

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for something of the processes, outside of any test's event loop."""
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if is_so():
                return
            for name, running in self.processes.items():
                if name != "migrate" and running.process.poll() is not None:
                    raise AssertionError(f"the {name} stopped\n{self.logs()}")
            time.sleep(0.05)
        raise AssertionError(f"not in {READY_WITHIN:g} s: {what}\n{self.logs()}")

    # Time

    async def move_clock(self, minutes: int) -> None:
        """Move the clock of the site and of the simulator at /demo, and this process's with them."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            shown = await client.get("/demo")
            form = next(form for form in forms_of(shown.text) if form.action.endswith("/demo/clock"))
            moved = await client.post(form.action, data={**form.fields, "minutes": str(minutes)})
        assert moved.status_code == httpx.codes.SEE_OTHER, moved.text
        self.follow_clock()

    def follow_clock(self) -> None:
        """This process's services live in the same time as the site's."""
        clock.set_offset(clock.read_offset(self.clock_file))

    # People and rooms, made by the program's own services in the same database

    async def person(self, name: str, **columns: object) -> User:
        """A verified account; its address is new in this database."""
        self._people += 1
        first = re.sub(r"\W", "", name.split(maxsplit=1)[0].lower())
        return await factories.a_person(
            self.database, f"{first}.{self._people}@example.org", name=name, **columns
        )

    async def room(self, host: User, name: str, **settings: object) -> Room:
        return await factories.a_room(self.database, host, name, **settings)

    async def session_of(self, user: User) -> str:
        """The cookie of a browser on which this person is signed in."""
        async with self.database.transaction() as session:
            return await sessions.open_session(session, user.id, "Mozilla/5.0 (X11; Linux) Chrome/150.0")

    # BigBlueButton

    async def bbb(self, method: str, order: str, **body: object) -> dict:
        """An order at the simulator's control address."""
        async with httpx.AsyncClient(timeout=20) as client:
            answer = await client.request(method, f"{self.simulator_url}/sim/{order}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    @contextlib.contextmanager
    def silent_bbb(self) -> Iterator[None]:
        """BBB is there and does not answer."""
        simulator = self.processes["simulator"]
        simulator.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            simulator.signal(signal.SIGCONT)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


AnyHouse = TypeVar("AnyHouse", bound=House)


@contextlib.asynccontextmanager
async def opened(kind: type[AnyHouse], database_url: str) -> AsyncIterator[AnyHouse]:
    """A house on that database, with a folder of its own, running as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="guildhall-house-", ignore_cleanup_errors=True) as folder:
        house = kind(database_url, Path(folder))
        try:
            house.open()
            yield house
        finally:
            house.close()
            await house.database.close()
