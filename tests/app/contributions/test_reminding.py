"""Reminders of a membership's end: each step once, by whoever works, in the reader's language and zone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import clock, jobs
from app.alerts import Alerts
from app.contributions.jobs import AT_MINUTE
from app.contributions.readers import Post
from app.contributions.reminding import remind
from app.mail import OutgoingMail
from app.memberships.ending import end_membership
from app.memberships.granting import put_on_tier, renew_or_begin
from app.memberships.models import MembershipReminder, PolicyRow
from app.memberships.suspending import suspend
from app.organisations.models import OrganisationHost
from app.worker import TASKS, mailer_of
from tests.factories import a_person, an_organisation

START = datetime(2027, 1, 10, 22, 59, tzinfo=UTC)  # 23:59 in Madrid
DAY = timedelta(days=1)
YEAR = 365 * DAY
ENDS = START + YEAR
BY = {"granted_by": "Olu", "reason": "a test"}


@pytest.fixture(autouse=True)
async def madrid(database):
    clock.stand_at(START)
    async with database.transaction() as session:
        await session.execute(update(PolicyRow).values(time_zone="Europe/Madrid"))
    yield
    clock.stand_at(None)


@pytest.fixture
def post(settings):
    return Post(mailer_of(settings), "http://127.0.0.1:8000/membership")


@pytest.fixture
async def ada(database):
    made = await a_person(database, time_zone="Europe/Madrid")
    await member(database, made.holder_id)
    return made


async def member(database, holder_id, tier="session-organiser", ends_at=ENDS, **terms):
    async with database.transaction() as session:
        return await put_on_tier(session, holder_id, tier, ends_at=ends_at, **BY, **terms)


async def letters(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


async def hour_by_hour(database, post, since, until, step=timedelta(hours=3)):
    """Every round of the worker between two moments; the subjects with the moment they were written at."""
    found = []
    now = since
    while now <= until:
        clock.stand_at(now)
        before = len(await letters(database))
        await remind(database, post)
        found += [(now, letter.subject) for letter in (await letters(database))[before:]]
        now += step
    return found


@pytest.mark.slow
async def test_five_reminders_come_in_a_year_each_in_the_morning_of_its_day(database, post, ada):
    del ada
    told = await hour_by_hour(database, post, START, ENDS - 32 * DAY, step=20 * DAY)
    assert told == []
    # From an hour that meets 8:00 in Madrid, which is 7:00 in UTC in winter.
    first = datetime(2027, 12, 9, 7, tzinfo=UTC)
    told = await hour_by_hour(database, post, first, ENDS + 60 * DAY)
    assert told == [
        (datetime(2027, 12, 11, 7, tzinfo=UTC), "“Session organiser” ends on 10 January 2028"),
        (datetime(2027, 12, 27, 7, tzinfo=UTC), "“Session organiser” ends on 10 January 2028"),
        (datetime(2028, 1, 7, 7, tzinfo=UTC), "“Session organiser” ends on 10 January 2028"),
        (datetime(2028, 1, 10, 7, tzinfo=UTC), "“Session organiser” ends today"),
        (datetime(2028, 1, 24, 7, tzinfo=UTC), "“Session organiser” works until 24 January 2028"),
    ]
    texts = [letter.text for letter in await letters(database)]
    assert "give €120.00 by then, and it goes on for another year." in texts[0]
    assert "RF" in texts[0]
    assert "http://127.0.0.1:8000/membership" in texts[0]
    assert "hold from 24 January 2028 on. Nothing is deleted" in texts[0]
    assert "ended on 10 January 2028 and works until 24 January 2028: give €120.00" in texts[4]


async def test_who_was_away_says_once_that_it_has_ended(database, post, ada):
    del ada
    told = await hour_by_hour(database, post, ENDS + 15 * DAY, ENDS + 50 * DAY, step=DAY)
    assert [subject for _at, subject in told] == ["“Session organiser” has ended"]
    (letter,) = await letters(database)
    assert (
        "ended on 10 January 2028 and “Free” holds: give €120.00, and everything comes back." in letter.text
    )


async def test_admins_of_an_organisation_are_written_to_in_their_own_language_and_zone(database, post):
    await a_person(database, "dolors@example.org", language="ca", time_zone="Pacific/Auckland")
    await a_person(database, "emeka@example.org")
    await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Printers", "free", dolors="admin", emeka="admin", chidi="host")
    await member(database, made.holder_id, "consumer")
    clock.stand_at(ENDS - 20 * DAY)
    assert await remind(database, post) == 1
    catalan, english = await letters(database)
    assert (catalan.to, english.to) == ("dolors@example.org", "emeka@example.org")
    assert "11 de gener del 2028" in catalan.subject
    assert english.subject == "Printers: “Consumer organisation” ends on 10 January 2028"
    assert f"/membership?holder={made.holder_id}" in english.text


@pytest.mark.slow
@pytest.mark.parametrize("why", ["renewed", "suspended", "free", "banned", "no end"])
async def test_nobody_is_reminded_of_an_end_that_is_none(database, post, ada, why):
    async with database.transaction() as session:
        if why == "renewed":
            await renew_or_begin(
                session, ada.holder_id, "session-organiser", lambda start: start + YEAR, **BY
            )
        elif why == "suspended":
            await suspend(session, ada.holder_id, by="Olu", reason="a test")
        elif why == "free":
            await put_on_tier(session, ada.holder_id, "free", **BY)
        elif why == "no end":
            await put_on_tier(session, ada.holder_id, "session-organiser", **BY)
        else:
            (await session.merge(ada)).banned_at = START
    told = await hour_by_hour(database, post, ENDS - 35 * DAY, ENDS + 20 * DAY, step=DAY)
    assert told == []


async def test_an_end_that_is_moved_is_reminded_of_anew(database, post, ada):
    clock.stand_at(ENDS - 2 * DAY)
    assert await remind(database, post) == 1
    async with database.transaction() as session:
        (given,) = (await session.scalars(select(MembershipReminder.membership_id))).all()
        await end_membership(session, ada.holder_id, given, ENDS + 20 * DAY, by="Olu", reason="a gift")
    assert await remind(database, post) == 1
    assert (await letters(database))[-1].subject == "“Session organiser” ends on 30 January 2028"
    assert await remind(database, post) == 0


async def test_several_workers_at_once_write_each_once(database, post):
    for number in range(6):
        made = await a_person(database, f"host{number}@example.org")
        await member(database, made.holder_id)
    clock.stand_at(ENDS - DAY)
    told = await asyncio.gather(*(remind(database, post) for _ in range(4)))
    assert sum(told) == 6
    assert len(await letters(database)) == 6


async def test_a_renewal_while_the_end_is_swept_is_the_last_word(database, post, ada):
    """Whichever comes first, nobody is reminded after the renewal stands."""
    clock.stand_at(ENDS - DAY)

    async def renew():
        async with database.transaction() as session:
            await renew_or_begin(
                session, ada.holder_id, "session-organiser", lambda start: start + YEAR, **BY
            )

    told, _none = await asyncio.gather(remind(database, post), renew())
    assert told == len(await letters(database)) <= 1
    clock.stand_at(ENDS + 13 * DAY)
    assert await remind(database, post) == 0


async def test_an_organisation_without_admins_is_told_as_soon_as_there_is_one(database, post):
    await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Printers", "free", chidi="host")
    await member(database, made.holder_id, "consumer")
    clock.stand_at(ENDS - DAY)
    assert await remind(database, post) == 0
    async with database.transaction() as session:
        await session.execute(update(OrganisationHost).values(role="admin"))
    assert await remind(database, post) == 1


async def test_the_worker_does_it(database, settings, ada):
    del ada
    clock.stand_at(ENDS - DAY)
    async with database.transaction() as session:
        await jobs.defer(session, "contributions:remind", timestamp=AT_MINUTE * 60)
    context = {
        "surroundings": jobs.Surroundings(settings, database, Alerts(database)),
        "mailer": mailer_of(settings),
    }
    with jobs.runner(settings, TASKS) as app:
        async with app.open_async():
            await app.run_worker_async(
                queues=[jobs.QUEUE],
                wait=False,
                install_signal_handlers=False,
                delete_jobs="successful",
                additional_context=context,
            )
    assert [letter.subject for letter in await letters(database)] == [
        "“Session organiser” ends on 10 January 2028"
    ]
