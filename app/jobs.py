"""Background work: jobs and schedules in PostgreSQL, deferred inside the transaction that causes them."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, TypeVar

import procrastinate
from procrastinate import Blueprint, JobContext
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts import Alerts
from app.db import Database
from app.settings import Settings

QUEUE = "guildhall"
T = TypeVar("T")
# Longer than any statement of the library takes.
ANSWER_SECONDS = 20.0
# libpq's own: what a firewall has forgotten is found out within a minute, also by a connection that only listens.
KEPT_ALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

# The library's own function, called on our connection: the job exists if, and only if, its cause was committed.
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, NULL, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz))
    ]::procrastinate_job_to_defer_v1[])
""")


@dataclass(frozen=True)
class Surroundings:
    """What a job works with: the worker hands it over in the job's context."""

    settings: Settings
    database: Database
    alerts: Alerts


def surroundings(context: JobContext) -> Surroundings:
    """The settings and the database of the worker that runs this job."""
    found: Surroundings = context.additional_context["surroundings"]
    return found


async def defer(session: AsyncSession, task: str, *, at: datetime | None = None, **args: Any) -> None:
    """Let the worker do `task` with these arguments (small, JSON, never a secret), from `at` on."""
    await session.execute(_DEFER, {"queue": QUEUE, "task": task, "args": json.dumps(args), "at": at})


_WAITING = text("""
    SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing'))
""")


async def is_waiting(session: AsyncSession, task: str) -> bool:
    """Whether the worker has yet to do a job of this task, or is at it."""
    return bool(await session.scalar(_WAITING, {"task": task}))


def collect(blueprints: dict[str, Blueprint]) -> procrastinate.App:
    """Every feature's tasks, named `feature:task`. Once a process: the library renames the tasks it is given."""
    tasks = procrastinate.App(connector=procrastinate.PsycopgConnector())
    for namespace, blueprint in blueprints.items():
        tasks.add_tasks_from(blueprint, namespace=namespace)
    return tasks


class BoundedConnector(procrastinate.PsycopgConnector):
    """The library's connector, for which a database that does not answer in time is one that is gone.

    A connection may be dead without a word. The library would wait for it for ever, and the worker with it.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """A statement."""
        await _in_time(super().execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """A statement and its row."""
        return await _in_time(super().execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """A statement and its rows."""
        return await _in_time(super().execute_query_all_async(query, **arguments))


async def _in_time(answer: Coroutine[Any, Any, T]) -> T:
    try:
        return await asyncio.wait_for(answer, ANSWER_SECONDS)
    except TimeoutError:
        raise ConnectorException from TimeoutError("the database does not answer")


@contextmanager
def runner(settings: Settings, tasks: procrastinate.App) -> Iterator[procrastinate.App]:
    """The runner of these tasks, with connections of its own: new ones after each loss of the database."""
    connector = BoundedConnector(conninfo=settings.dsn(), kwargs=KEPT_ALIVE, max_size=4)
    with tasks.replace_connector(connector) as app:
        yield app
