"""The worker: sends mail, follows BigBlueButton, tidies up. Any number of them may run."""

import asyncio
import contextlib
import os
import signal
from typing import Any

import psycopg
import structlog
from procrastinate import Blueprint, JobContext
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from app import jobs, mail, skew
from app.accounts import reach, sessions
from app.accounts.reminders import unsubscribe_links
from app.accounts.service import forget_unverified
from app.alerts import Alerts, Kind
from app.alerts import forget_old as forget_old_alerts
from app.contributions import jobs as contribution_jobs
from app.db import Database
from app.joining import interests
from app.meetings import jobs as meeting_jobs
from app.meetings.leaving import forget_consents
from app.memberships import decision_log
from app.organisations import invitations
from app.recordings import jobs as recording_jobs
from app.recordings import keeping
from app.servers.pool import Servers
from app.settings import Settings
from app.templating import Templates
from app.web import kept_forms, rate_limits
from app.web.site import Site

log = structlog.get_logger()
housekeeping = Blueprint()

KEEP_FAILED_HOURS = 7 * 24
# Who is at the site goes first: the worker has few connections, queues for them for as long as it takes, and gets
# what the server processes leave of the processors.
CONNECTIONS, PATIENCE_SECONDS, NICENESS = 4, 60.0, 5
AGAIN_AFTER_SECONDS = 2.0
# A worker that has not said for so long that it lives was killed, or lost the database while it worked.
LIVES_EVERY_SECONDS, SILENT_SECONDS = 5.0, 20.0


# Without a lock: were it to be left behind itself, the next one would still run.
@housekeeping.periodic(cron="* * * * * */10")
@housekeeping.task(name="take_over", pass_context=True, queue=jobs.QUEUE, queueing_lock="take_over")
async def take_over(context: JobContext, timestamp: int) -> None:
    """Take over what a worker left half done: the library would keep it, and its lock, for ever.

    A mail is sent anew. What comes by the clock anyway is dropped: its next turn may wait for the lock already.
    """
    del timestamp
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        log.warning("worker.took_over", job=job.id, task=job.task_name)
        # Another worker may have been faster.
        with contextlib.suppress(ConnectorException):
            if job.queueing_lock:
                await manager.finish_job(job, Status.FAILED, delete_job=True)
            else:
                await manager.retry_job(job)


@housekeeping.periodic(cron="17 * * * *")
@housekeeping.task(name="tidy", pass_context=True, queue=jobs.QUEUE, queueing_lock="tidy")
async def tidy(context: JobContext, timestamp: int) -> None:
    """Every hour: forget what is over: sessions, counts of tries, unsent mails, unverified accounts, invitations."""
    del timestamp
    around = jobs.surroundings(context)
    async with around.database.transaction() as session:
        await sessions.forget_old(session)
        await rate_limits.forget_old(session)
        await kept_forms.forget_old(session)
        await forget_old_alerts(session)
        await mail.forget_old(session, around.settings)
        await forget_unverified(session)
        await reach.forget_strangers(session)
        await forget_consents(session)
        await decision_log.forget_old(session)
        await interests.forget_unconfirmed(session)
        await invitations.forget_old(session)
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_FAILED_HOURS, include_failed=True)


TASKS = jobs.collect(
    {
        "mail": mail.tasks,
        "contributions": contribution_jobs.tasks,
        "meetings": meeting_jobs.tasks,
        "recordings": recording_jobs.tasks,
        "keeping": keeping.tasks,
        "site": housekeeping,
    }
)


async def work(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM; a database that goes away is waited for."""
    database, servers = database_of(settings), Servers(settings)
    alerts = Alerts(database)
    stop = _stop_signal()
    async with alerts.kept(), servers.connected():
        log.info("worker.started")
        while not stop.is_set():
            # By a wrong clock nothing is done: it is looked at again until it is right.
            if not await skew.look(database, alerts):
                around = jobs.Surroundings(settings, database, alerts)
                running = asyncio.create_task(_run(around, servers))
                stopping = asyncio.create_task(stop.wait())
                wrong = asyncio.create_task(skew.until_wrong(database, alerts))
                await asyncio.wait({running, stopping, wrong}, return_when=asyncio.FIRST_COMPLETED)
                await _settle(alerts, running, stopping, wrong)
            if not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AGAIN_AFTER_SECONDS)
    await database.close()
    log.info("worker.stopped")


def yield_to_site() -> None:
    """Let this process wait for the processors behind those that answer browsers, on the same machine."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)


def database_of(settings: Settings) -> Database:
    """The worker's few connections: rounds over everybody and mails must not take those of the site."""
    few = min(CONNECTIONS, settings.database_pool)
    return Database(settings.model_copy(update={"database_pool": few}), patience=PATIENCE_SECONDS)


def mailer_of(settings: Settings) -> mail.Mailer:
    """Mails of the worker: their links are made of the site's address, since there are no routes here."""

    def no_routes(name: str) -> str:
        raise LookupError(f"a mail of the worker asks for the route {name}")

    return mail.Mailer(Templates(pattern=no_routes, site=Site.of(settings)), unsubscribe_links(settings))


def _stop_signal() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _run(around: jobs.Surroundings, servers: Servers) -> None:
    with jobs.runner(around.settings, TASKS) as app:
        async with app.open_async():
            await app.run_worker_async(
                queues=[jobs.QUEUE],
                concurrency=8,
                install_signal_handlers=False,
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=5.0,
                update_heartbeat_interval=LIVES_EVERY_SECONDS,
                stalled_worker_timeout=SILENT_SECONDS,
                delete_jobs="successful",
                worker_middleware=[_named_in_log],
                additional_context={
                    "surroundings": around,
                    "servers": servers,
                    "mailer": mailer_of(around.settings),
                },
            )


async def _named_in_log(call_next: AsyncCallNext, context: JobContext, _worker: Worker) -> object:
    """Every line of a job says of which."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job=context.job.id, task=context.job.task_name)
    return await call_next()


async def _settle(alerts: Alerts, running: asyncio.Task[None], *waiting: asyncio.Task[Any]) -> None:
    """Let the worker end what it is doing; say why it stopped if nobody asked it to."""
    for task in (*waiting, running):
        task.cancel()
    try:
        await running
    except asyncio.CancelledError:
        return
    except (ConnectorException, psycopg.Error, OSError) as error:
        alerts.note(Kind.DATABASE, "away")
        log.warning("worker.database_away", error=type(error).__name__)
