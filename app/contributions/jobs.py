"""By the clock: every night the rules are asked about everyone, every hour the ends of memberships are spoken of."""

from datetime import UTC, datetime

from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.contributions import granting, telling
from app.contributions.models import Grant, GrantRule, GrantState, LedgerEntry
from app.contributions.readers import Post
from app.contributions.reminding import remind
from app.db import Database
from app.mail import Mailer
from app.memberships.limits import HeldLimits
from app.memberships.rounds import for_each_holder

AT_MINUTE = 11  # of each hour; in demo mode every minute, since its clock is moved

tasks = Blueprint()


@tasks.periodic(cron="23 3 * * *")
@tasks.task(name="ask_rules", pass_context=True, queue=jobs.QUEUE, queueing_lock="ask_rules")
async def ask_rules(context: JobContext, timestamp: int) -> None:
    """Ask: a membership has ended, a rule was changed, a proposal has grown too old."""
    del timestamp
    await ask_everyone(jobs.surroundings(context).database)


@tasks.periodic(cron="* * * * *")
@tasks.task(name="remind", pass_context=True, queue=jobs.QUEUE, lock="remind", queueing_lock="remind")
async def remind_all(context: JobContext, timestamp: int) -> None:
    """Every hour: remind holders of the ends of their memberships."""
    around = jobs.surroundings(context)
    if around.settings.demo or datetime.fromtimestamp(timestamp, UTC).minute == AT_MINUTE:
        mailer: Mailer = context.additional_context["mailer"]
        await remind(around.database, Post(mailer, around.settings.public_url + "/membership"))


@tasks.task(
    name="tell_of_grant",
    pass_context=True,
    queue=jobs.QUEUE,
    retry=RetryStrategy(max_attempts=5, exponential_wait=3),
)
async def tell_of_grant(context: JobContext, grant_id: int) -> None:
    """Write to whoever has earned a membership, once."""
    around = jobs.surroundings(context)
    mailer: Mailer = context.additional_context["mailer"]
    async with around.database.transaction() as session:
        await telling.tell_of_grant(session, mailer, around.settings.public_url, grant_id)


async def ask_everyone(database: Database) -> int:
    """Ask about each holder in a transaction of its own; returns how many were asked about."""
    async with database.transaction() as session:
        holders = await _worth_asking(session)
    return await for_each_holder(database, holders, _ask, name="grants.asking.put_off")


async def _ask(session: AsyncSession, held: HeldLimits) -> bool:
    await granting.ask(session, held)
    return True


async def _worth_asking(session: AsyncSession) -> list[int]:
    """Who has an open proposal, or has given enough for the smallest rule that no grant has used up."""
    found: set[int] = set(
        await session.scalars(select(Grant.holder_id).where(Grant.state == GrantState.PROPOSED).distinct())
    )
    for rule in await session.scalars(select(GrantRule).where(GrantRule.retired_at.is_(None))):
        enough = (
            select(LedgerEntry.contributor_id)
            .where(*granting.counting(rule), LedgerEntry.booked_on > granting.oldest_day(rule))
            .group_by(LedgerEntry.contributor_id)
            # A later year may cost less than the rule says: any sum is worth asking about then.
            .having(func.sum(LedgerEntry.cents) >= (1 if rule.first_year_only else rule.cents))
        )
        found |= set(await session.scalars(enough))
    return sorted(found)
