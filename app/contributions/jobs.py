"""Every night the rules are asked about everyone whom they might say something of."""

from procrastinate import Blueprint, JobContext
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.contributions import granting
from app.contributions.models import Grant, GrantRule, GrantState, LedgerEntry
from app.db import Database
from app.memberships.limits import hold

tasks = Blueprint()


@tasks.periodic(cron="23 3 * * *")
@tasks.task(name="ask_rules", pass_context=True, queue=jobs.QUEUE, queueing_lock="ask_rules")
async def ask_rules(context: JobContext, timestamp: int) -> None:
    """Ask: a membership has ended, a rule was changed, a proposal has grown too old."""
    del timestamp
    await ask_everyone(jobs.surroundings(context).database)


async def ask_everyone(database: Database) -> int:
    """Ask about each holder in a transaction of its own; returns how many were asked about."""
    async with database.transaction() as session:
        holders = await _worth_asking(session)
    for holder_id in holders:
        async with database.transaction() as session:
            await granting.ask(session, await hold(session, holder_id))
    return len(holders)


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
