"""The site, its database and a BBB in one process and one loop, with one clock that moves only when it is told to."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
from procrastinate import JobContext
from procrastinate.jobs import Job
from sqlalchemy import text

from app import clock, jobs
from app.alerts import Alerts
from app.main import make_app
from app.settings import Settings
from app.worker import TASKS
from bbb_client.client import BBBClient
from bbb_client.server import Server
from bbb_client.signing import Algorithm
from bbb_client.simulator.config import Config
from bbb_client.simulator.server import LOOPBACK, InProcessServer, create_app, listen
from tests.conftest import empty

SECRET = "the shared secret of the model"
SITE = "http://127.0.0.1:8000"
BEGINS = datetime(2026, 3, 27, 9, tzinfo=UTC)  # days before the end of a month, and before clocks change
MINUTE = timedelta(minutes=1)

FOLLOW = "meetings:follow"
# What the worker does by the clock here. Not the nightly check of totals: it would hide what the checks look for.
WORKER = (FOLLOW, "recordings:sync", "keeping:")
Result = TypeVar("Result")


class OneClock:
    """The simulator's clock, which the site's follows: `skew` is how far BBB's is ahead of the site's."""

    speed = 1.0

    def __init__(self) -> None:
        self.skew = timedelta(0)
        self.moment = BEGINS

    def now(self) -> int:
        """BBB's moment, in milliseconds."""
        return round((self.moment + self.skew).timestamp() * 1000)

    def move_to(self, moment: int) -> None:
        """Go forward to a moment in milliseconds, site and BBB together; never back."""
        there = datetime.fromtimestamp(moment / 1000, UTC) - self.skew
        self.moment = max(self.moment, there)
        clock.stand_at(self.moment)


class Town:
    """Everything that runs. `do` is the only way in: what is not done by it stands still."""

    def __init__(self, database_url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = OneClock()
        self.closing = contextlib.AsyncExitStack()
        self.failures: list[str] = []  # of jobs, which the worker tries again
        self.do(self._open(database_url))

    def do(self, work: Coroutine[Any, Any, Result] | Awaitable[Result]) -> Result:
        """Let the loop run as long as this takes."""
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        """Close everything."""
        self.do(self.closing.aclose())
        self.loop.close()
        clock.stand_at(None)

    async def _open(self, database_url: str) -> None:
        sock = self.closing.enter_context(listen(LOOPBACK, 0))
        root = f"http://{LOOPBACK}:{sock.getsockname()[1]}"
        self.settings = Settings(
            database_url=database_url,
            secret_key="0123456789abcdefghijklmnopqrstuvwxyz",
            bbb_url=f"{root}/bigbluebutton/api/",
            bbb_secret=SECRET,
            public_url=SITE,
            demo=True,
            log_json=False,
        )
        self.site = make_app(self.settings)
        self.database = self.site.state.database
        self.closing.push_async_callback(self.database.close)
        self.servers = self.site.state.servers
        address = Server(self.settings.bbb_url, SECRET, Algorithm.SHA256)
        # Attempts are repeated as ever; only the waiting between them is left out.
        self.servers.client = await self.closing.enter_async_context(BBBClient(address, sleep=_at_once))

        # BBB's callbacks come in through the site's own routes.
        door = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.site), base_url=SITE)
        await self.closing.enter_async_context(door)
        bbb = create_app(Config(secret=SECRET), clock=self.clock, http=door)
        self.bbb = bbb.state.world
        server = InProcessServer(bbb)
        server.config.lifespan = "off"  # its pulse would let time pass: here only `pass_time` does
        serving = self.loop.create_task(server.serve([sock]))

        async def stop() -> None:
            server.should_exit = True
            await serving

        self.closing.push_async_callback(stop)
        self.control = httpx.AsyncClient(base_url=f"{root}/sim/", trust_env=False)
        await self.closing.enter_async_context(self.control)

    async def begin_anew(self, skew: timedelta) -> None:
        """An empty installation, an empty BBB whose clock is off by so much, the first morning."""
        self.clock.skew, self.clock.moment = skew, BEGINS
        clock.stand_at(BEGINS)
        self.bbb.reset()
        await empty(self.database)
        self.servers.forget_rows()

    # Time

    async def pass_time(self, step: timedelta) -> None:
        """All that is due at BBB on the way, callbacks too, happens at its own moment."""
        await self.order("clock", advance_seconds=step.total_seconds())
        # The simulator may stop a moment earlier than the site's clock is to stand.
        clock.stand_at(self.clock.moment)

    # BBB

    async def order(self, what: str, method: str = "POST", **body: Any) -> dict[str, Any]:
        """An order at the simulator's control address."""
        answer = await self.control.request(method, what, json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        said: dict[str, Any] = answer.json()
        for sent in self.bbb.outbox.sent:
            assert "status 5" not in sent.outcome, sent
            assert "could not" not in sent.outcome, sent
        self.bbb.outbox.sent.clear()
        return said

    # The worker

    async def work(self, *, only: str = "") -> None:
        """A turn of the worker: what comes by the clock (or one task of it), then every job that is due."""
        for periodic in list(TASKS.periodic_registry.periodic_tasks.values()):
            if periodic.task.name.startswith(only or WORKER):
                await self._run(periodic.task.name, {"timestamp": int(clock.now().timestamp())})
        for _turn in range(20):
            due = await self._take_due()
            if not due:
                return
            for number, name, args in due:
                await self._run_job(number, name, args)
        raise AssertionError(f"the worker never comes to an end: {due}")

    async def _take_due(self) -> list[Any]:
        found = text(
            "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo' "
            "AND (scheduled_at IS NULL OR scheduled_at <= :now) ORDER BY id"
        )
        async with self.database.transaction() as session:
            return list((await session.execute(found, {"now": clock.now()})).all())

    async def _run_job(self, number: int, name: str, args: dict[str, Any]) -> None:
        """Run one; what fails is tried again later, ten times, and then it is lost, as in the library."""
        try:
            await self._run(name, args)
            done = "DELETE FROM procrastinate_jobs WHERE id = :id"
        except Exception as error:  # noqa: BLE001  whatever it is: so does the library
            self.failures.append(f"{name}: {type(error).__name__}: {error}")
            done = (
                "UPDATE procrastinate_jobs SET attempts = attempts + 1, scheduled_at = :later, status = "
                "(CASE WHEN attempts >= 9 THEN 'failed' ELSE 'todo' END)::procrastinate_job_status "
                "WHERE id = :id"
            )
        async with self.database.transaction() as session:
            await session.execute(
                text(done), {"id": number} | ({"later": clock.now() + MINUTE} if "later" in done else {})
            )

    async def _run(self, name: str, args: dict[str, Any]) -> None:
        task = TASKS.tasks[name]
        context = JobContext(
            app=TASKS,
            job=Job(id=0, queue=jobs.QUEUE, task_name=name, lock=None, queueing_lock=None, task_kwargs=args),
            start_timestamp=time.time(),
            additional_context={
                "surroundings": jobs.Surroundings(self.settings, self.database, Alerts(self.database)),
                "servers": self.servers,
                "mailer": self.site.state.mailer,
            },
            abort_reason=lambda: None,
        )
        await task.func(context, **args)


async def _at_once(_seconds: float) -> None:
    """Not waited for."""
