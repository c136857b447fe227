"""When no worker is at work, one of the server processes says so to the operators, once."""

import asyncio
from datetime import timedelta

import pytest

from app import clock
from app.admin.worker_watch import WorkerWatch
from app.heartbeats import note_round
from app.jobs import Surroundings
from tests.app.mail.post_office import post_office
from tests.factories import a_person, signed_in


@pytest.fixture
async def operator(database):
    return await a_person(database, "olu@example.org", is_operator=True)


@pytest.fixture
async def house(site, settings, operator, database):
    """An installation with a mail server, and the watches of its processes."""
    await a_person(database, "ada@example.org")
    async with post_office() as office:
        mailing = settings.model_copy(update={"smtp_url": office.url()})
        around = Surroundings(mailing, database, site.state.alerts)
        yield office, [WorkerWatch(around, site.state.mailer) for _ in range(3)]


async def look(watches, times=1):
    for _ in range(times):
        await asyncio.gather(*(watch.look() for watch in watches))


def after(**delta):
    clock.set_offset(clock.offset() + timedelta(**delta))


async def test_operators_are_told_once_by_one_process_and_without_the_worker(house, database, someone):
    office, watches = house
    await note_round(database)
    await look(watches, 2)
    after(minutes=4)
    await look(watches, 2)
    assert office.letters == []
    after(minutes=2)
    await look(watches, 4)
    assert len(office.letters) == 1
    assert b"\r\nTo: olu@example.org\r\n" in office.letters[0]
    assert b"the worker has stopped" in office.letters[0]
    assert await someone.mails("olu@example.org") == [], "it was sent, not left for the worker"
    after(hours=3)
    await look(watches, 4)
    assert len(office.letters) == 1, "once for each outage"
    await note_round(database)
    await look(watches, 2)
    after(minutes=6)
    await look(watches, 2)
    assert len(office.letters) == 2, "the next outage is another one"


async def test_a_worker_that_never_ran_is_missed_too(house):
    office, watches = house
    await look(watches, 3)
    assert office.letters == []
    after(minutes=6)
    await look(watches, 3)
    assert len(office.letters) == 1


async def test_a_clock_that_is_moved_is_no_outage(house, database):
    office, watches = house
    for _ in range(3):
        await note_round(database)
        await look(watches)
        after(minutes=61)
        await look(watches)
    assert office.letters == []


async def test_a_mail_server_that_is_away_too_leaves_the_mail_to_the_worker(house, database, someone):
    office, watches = house
    office.answers["RCPT"] = ["451 4.3.0 later"]
    await note_round(database)
    after(minutes=6)
    await look(watches, 3)
    assert len(await someone.mails("olu@example.org")) == 1


async def test_the_start_page_says_since_when(site, database, operator):
    await note_round(database)
    async with signed_in(site, operator) as browser:
        await browser.open("/admin")
        assert "The worker has done nothing" not in browser.words
        after(seconds=70)
        await browser.open("/admin")
        assert "Needs a look" in browser.words
        assert "The worker has done nothing since" in browser.words
