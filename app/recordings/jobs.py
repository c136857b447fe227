"""The worker's part when recordings arrive: asks BBB for them, keeps the web-hook, checks the totals at night."""

import contextlib

from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import select

from app import jobs
from app.accounts.models import User
from app.mail import Mailer
from app.meetings.jobs import servers_of
from app.recordings.renaming import unite_all
from app.recordings.syncing import ask_about, ask_for_due, reread
from app.recordings.totals import check_totals
from app.recordings.webhooks import keep_hook
from app.servers.pool import NotSetUpError

tasks = Blueprint()


@tasks.task(
    name="ask",
    pass_context=True,
    queue=jobs.QUEUE,
    retry=RetryStrategy(max_attempts=5, exponential_wait=3),
)
async def ask(context: JobContext, external_id: str) -> None:
    """BBB has said that something is new about a meeting's recordings: ask what."""
    # On a server that is not set up any more nobody can be asked: the round does it once it is again.
    with contextlib.suppress(NotSetUpError):
        await ask_about(jobs.surroundings(context).database, servers_of(context), [external_id])


@tasks.periodic(cron="* * * * *")
@tasks.task(name="sync", pass_context=True, queue=jobs.QUEUE, lock="sync", queueing_lock="sync")
async def sync(context: JobContext, timestamp: int) -> None:
    """Every minute: what stands on a server's other rows, meetings whose recordings are due, recordings in turn."""
    del timestamp
    database, servers = jobs.surroundings(context).database, servers_of(context)
    await unite_all(database, servers)
    await ask_for_due(database, servers)
    await reread(database, servers)


@tasks.periodic(cron="*/5 * * * *")
@tasks.task(name="hook", pass_context=True, queue=jobs.QUEUE, lock="hook", queueing_lock="hook")
async def hook(context: JobContext, timestamp: int) -> None:
    """Every five minutes: the web-hook is registered again, where the operator wants it."""
    del timestamp
    settings = jobs.surroundings(context).settings
    if settings.bbb_webhooks:
        await keep_hook(settings, servers_of(context))


@tasks.periodic(cron="23 3 * * *")
@tasks.task(name="totals", pass_context=True, queue=jobs.QUEUE, lock="totals", queueing_lock="totals")
async def totals(context: JobContext, timestamp: int) -> None:
    """Every night: compare each holder's kept total with its recordings, repair it, tell the operators."""
    del timestamp
    around = jobs.surroundings(context)
    repaired = await check_totals(around.database)
    if not repaired:
        return
    mailer: Mailer = context.additional_context["mailer"]
    async with around.database.transaction() as session:
        operators = await session.execute(
            select(User.email, User.language).where(User.is_operator, User.banned_at.is_(None))
        )
        for operator in operators.all():
            await mailer.send(
                session, operator.email, "totals_repaired", language=operator.language, repaired=repaired
            )
