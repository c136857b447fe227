"""kill -9 of the worker among its reminders: each was written whole or not at all; the next one writes the rest."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock, jobs
from app.mail import OutgoingMail
from app.memberships.granting import put_on_tier
from app.memberships.models import MembershipReminder
from tests import factories
from tests.house import until
from tests.races.doors import TwoDoors

pytestmark = pytest.mark.slow

MEMBERS = 150
# A worker that says nothing for 20 s is taken over by the next one, which looks every 10 s.
TAKEN_OVER = 90.0


async def counted(house: TwoDoors) -> tuple[int, int, int]:
    """Reminders that are noted, their mails, and to how many people."""
    mails = OutgoingMail.to.like("reminded%")
    async with house.database.transaction() as session:
        return (
            await session.scalar(select(func.count()).select_from(MembershipReminder)) or 0,
            await session.scalar(select(func.count()).where(mails)) or 0,
            await session.scalar(select(func.count(OutgoingMail.to.distinct())).where(mails)) or 0,
        )


async def test_a_reminder_and_the_note_that_it_was_written_are_one(house: TwoDoors):
    ends_at = clock.now() + timedelta(days=9)
    for number in range(MEMBERS):
        user = await factories.a_person(house.database, f"reminded{number}@example.org")
        async with house.database.transaction() as session:
            given = {"reason": "a test", "granted_by": "a test", "ends_at": ends_at}
            await put_on_tier(session, user.holder_id, "session-organiser", **given)
    async with house.database.transaction() as session:
        await jobs.defer(session, "contributions:remind", timestamp=0)
    await asyncio.to_thread(house.work)

    async def is_in_the_middle() -> bool:
        return (await counted(house))[0] > 0

    await until(is_in_the_middle, "the first are reminded", within=TAKEN_OVER)
    house.kill("worker")
    noted, mails, people = await counted(house)
    assert noted == mails == people
    await asyncio.to_thread(house.work)
    async with house.database.transaction() as session:
        await jobs.defer(session, "contributions:remind", timestamp=0)

    async def all_are_reminded() -> bool:
        return (await counted(house))[0] == MEMBERS

    await until(all_are_reminded, "the next worker reminds the rest", within=TAKEN_OVER)
    assert await counted(house) == (MEMBERS, MEMBERS, MEMBERS)
