"""Background work: jobs and schedules in PostgreSQL, deferred inside the transaction that causes them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate import Blueprint, JobContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts import Alerts
from app.db import Database
from app.settings import Settings

QUEUE = "guildhall"

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


@contextmanager
def runner(settings: Settings, tasks: procrastinate.App) -> Iterator[procrastinate.App]:
    """The runner of these tasks, with connections of its own: new ones after each loss of the database."""
    connector = procrastinate.PsycopgConnector(conninfo=settings.dsn(), max_size=4)
    with tasks.replace_connector(connector) as app:
        yield app
