"""What a worker that was killed leaves behind is taken over by the next one."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from procrastinate.exceptions import ConnectorException
from pydantic import SecretStr
from sqlalchemy import text

from app import jobs
from app.alerts import Alerts
from app.worker import TASKS, take_over
from tests.road import Road

LEFT_BEHIND = text("""
    WITH worker AS (
        INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - :silent * interval '1 second')
        RETURNING id
    )
    INSERT INTO procrastinate_jobs (queue_name, task_name, status, lock, queueing_lock, args, worker_id)
    SELECT :queue, task, 'doing', lock, lock, '{}', id FROM worker,
        (VALUES ('meetings:follow', 'follow'), ('mail:deliver', NULL)) AS left_behind (task, lock)
""")
WAITING = text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
    VALUES (:queue, 'meetings:follow', 'follow', 'follow', '{}')
""")
STATES = text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY task_name")


async def after_taking_over(database, settings, *, silent):
    async with database.transaction() as session:
        await session.execute(LEFT_BEHIND, {"queue": jobs.QUEUE, "silent": silent})
        await session.execute(WAITING, {"queue": jobs.QUEUE})
    with jobs.runner(settings, TASKS) as app:
        async with app.open_async():
            await take_over(SimpleNamespace(app=app), 0)
    async with database.transaction() as session:
        found = [tuple(row) for row in await session.execute(STATES)]
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await session.execute(text("DELETE FROM procrastinate_workers"))
    return found


async def test_a_killed_workers_round_no_longer_keeps_the_lock_and_its_mail_is_sent_anew(database, settings):
    assert await after_taking_over(database, settings, silent=25) == [
        ("mail:deliver", "todo"),
        ("meetings:follow", "todo"),
    ]


async def test_what_a_living_worker_does_is_left_to_it(database, settings):
    assert await after_taking_over(database, settings, silent=10) == [
        ("mail:deliver", "doing"),
        ("meetings:follow", "doing"),
        ("meetings:follow", "todo"),
    ]


async def test_a_runner_that_is_made_again_does_its_jobs_and_its_rounds(site, database, settings):
    """As after each loss of the database, in one process."""
    around = {
        "surroundings": jobs.Surroundings(settings, database, Alerts(database)),
        "servers": site.state.servers,
    }
    for _ in range(2):
        async with database.transaction() as session:
            await jobs.defer(session, "recordings:ask", external_id="nothing-of-this-name")
        with jobs.runner(settings, TASKS) as app:
            async with app.open_async():
                assert "meetings:follow" in app.tasks
                await app.run_worker_async(
                    queues=[jobs.QUEUE],
                    wait=False,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    additional_context=around,
                )
        async with database.transaction() as session:
            left = await session.scalars(
                text("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'recordings:ask'")
            )
            assert left.all() == []


@pytest.mark.slow
async def test_a_worker_whose_connections_are_dead_without_a_word_ends_its_run_and_begins_anew(
    monkeypatch, settings, database
):
    """Else the library waits for ever for an answer, and the worker with it."""
    monkeypatch.setattr("app.jobs.ANSWER_SECONDS", 0.5)
    async with Road(settings.dsn()).open() as road, asyncio.timeout(40):
        theirs = settings.model_copy(update={"database_url": SecretStr(road.url)})
        for _ in range(2):
            with jobs.runner(theirs, TASKS) as app:
                async with app.open_async():
                    ask = app.connector.execute_query_one_async
                    assert await ask("SELECT 1 AS one") == {"one": 1}
                    road.forget()
                    began = time.monotonic()
                    with pytest.raises(ConnectorException):
                        await ask("SELECT 1 AS one")
                    assert time.monotonic() - began < 10
