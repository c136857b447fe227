"""The worker's part for recordings that are kept: tells BBB, empties the trash, warns, and removes at last."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.db import Database
from app.mail import Mailer
from app.memberships.limits import HeldLimits, Standing, standings
from app.memberships.models import Holder, PolicyRow
from app.memberships.rounds import Pace, for_each_holder
from app.recordings import telling
from app.recordings.fullness import warn_of_storage
from app.recordings.models import Recording
from app.recordings.retention import due_of, recordings_of, remove, what_is_due, write_down
from app.recordings.trash import empty_trash
from app.recordings.warnings import Post, warn, write_warned
from app.servers.pool import Servers
from app.settings import Settings
from quotas.retention import Step
from quotas.storage import warning_step

HOLDERS_AT_ONCE = 50
AT_MINUTE = 41  # of each hour; in demo mode every minute, since its clock is moved

tasks = Blueprint()


@tasks.task(name="tell", pass_context=True, queue=jobs.QUEUE)
async def tell_one(context: JobContext, recording_id: int) -> None:
    """Tell BBB at once what is wanted of a recording; if it does not answer, the round does it."""
    await telling.tell(jobs.surroundings(context).database, _servers(context), recording_id)


@tasks.periodic(cron="* * * * *")
@tasks.task(name="tell_all", pass_context=True, queue=jobs.QUEUE, lock="tell_all", queueing_lock="tell_all")
async def tell_all(context: JobContext, timestamp: int) -> None:
    """Every minute: tell BBB what it has not agreed to yet."""
    del timestamp
    await telling.tell_all(jobs.surroundings(context).database, _servers(context))


@tasks.periodic(cron="* * * * *")
@tasks.task(name="keep", pass_context=True, queue=jobs.QUEUE, lock="keep", queueing_lock="keep")
async def keep_all(context: JobContext, timestamp: int) -> None:
    """Every hour: what was long enough in the trash goes, holders are warned, what was warned of goes."""
    around = jobs.surroundings(context)
    if around.settings.demo or datetime.fromtimestamp(timestamp, UTC).minute == AT_MINUTE:
        await empty_trash(around.database)
        await keep(around.database, post_of(around.settings, context.additional_context["mailer"]))


@tasks.task(
    name="warned",
    pass_context=True,
    queue=jobs.QUEUE,
    retry=RetryStrategy(max_attempts=5, exponential_wait=3),
)
async def warned(context: JobContext, holder_id: int, step: str, removal: str, recordings: list[int]) -> None:
    """A warning was sent."""
    async with jobs.surroundings(context).database.transaction() as session:
        await write_warned(session, holder_id, Step(step), removal, recordings)


def post_of(settings: Settings, mailer: Mailer) -> Post:
    """What the mails about recordings are written with."""
    return Post(mailer, settings.public_url + "/recordings")


async def keep(database: Database, post: Post) -> None:
    """Look at every holder with recordings, some at a time; lock only those about whom something is due."""

    async def work(session: AsyncSession, held: HeldLimits) -> bool:
        await _keep_holder(session, post, held)
        return True

    after: int | None = 0
    pace = Pace()
    while after is not None:
        async with database.transaction() as session:
            holders = await _next_holders(session, after)
            due = await _with_something_due(session, holders)
        await pace.rest()
        await for_each_holder(database, due, work, name="recording.keeping.put_off", pace=pace)
        after = holders[-1].id if len(holders) == HOLDERS_AT_ONCE else None


async def _next_holders(session: AsyncSession, after: int) -> Sequence[Any]:
    """The next holders of whom there is anything to look at, by their numbers."""
    found = (
        select(Holder.id, Holder.stored_bytes, Holder.storage_warned, Holder.over_since)
        .where(
            Holder.id > after,
            or_(
                Holder.stored_bytes > 0,
                Holder.storage_warned > 0,
                Holder.over_since.is_not(None),
                exists().where(Recording.holder_id == Holder.id),
            ),
        )
        .order_by(Holder.id)
        .limit(HOLDERS_AT_ONCE)
    )
    return (await session.execute(found)).all()


async def _with_something_due(session: AsyncSession, holders: Sequence[Any]) -> list[int]:
    """Those about whom something is due, read without locks: it is looked at again under the lock."""
    ids = [holder.id for holder in holders]
    known = await standings(session, ids)
    rows = await recordings_of(session, ids)
    removal = (await session.get_one(PolicyRow, 1)).recording_removal
    return [holder.id for holder in holders if _is_due(known[holder.id], removal, holder, rows[holder.id])]


def _is_due(standing: Standing, removal: str, holder: Any, rows: Sequence[Any]) -> bool:
    due = what_is_due(
        standing, removal, stored_bytes=holder.stored_bytes, over_since=holder.over_since, rows=rows
    )
    return (
        not due.is_nothing
        or due.over_since != holder.over_since
        or warning_step(standing.limits.storage_bytes, holder.stored_bytes) != holder.storage_warned
    )


async def _keep_holder(session: AsyncSession, post: Post, held: HeldLimits) -> None:
    """Do what is due about one holder."""
    due = await due_of(session, held)
    await write_down(session, held, due)
    await warn_of_storage(session, post, held)
    for step in (Step.WARN_FIRST, Step.WARN_LAST):
        await warn(session, post, held.holder_id, due, step)
    for kept in due.of(Step.REMOVE):
        await remove(session, kept, due.removal)


def _servers(context: JobContext) -> Servers:
    found: Servers = context.additional_context["servers"]
    return found
