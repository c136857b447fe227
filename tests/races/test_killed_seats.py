"""kill -9 in the middle of a change of an organisation's hosts: a seat is free or taken, never half of both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from app.accounts.models import User
from app.memberships.decision_log import Question
from app.memberships.models import LoggedDecision
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room
from tests.browser import Person
from tests.house import until
from tests.races.crowd import granted
from tests.races.doors import TwoDoors
from tests.races.test_killed import no_lock_stays, waiting
from tests.races.test_limits import an_organisation, give_seats

pytestmark = pytest.mark.slow

SEATS = 3


class Seats:
    """An organisation of three seats, and the page on which an operator gives them."""

    def __init__(self, house: TwoDoors, organisation: Organisation, operator: User) -> None:
        self.house, self.organisation, self.operator = house, organisation, operator
        self.page = f"/admin/organisations/{organisation.id}"

    @asynccontextmanager
    async def at(self, door: str) -> AsyncIterator[Person]:
        """The page at this door."""
        browser = await self.house.browser(door, self.operator)
        async with browser.client:
            await browser.open(self.page)
            yield browser

    async def taken(self, *which: object) -> int:
        """How many hosts there are, of these."""
        return await self.house.count(OrganisationHost.organisation_id == self.organisation.id, *which)

    async def granted(self) -> int:
        """How many hosts were added by what was written down."""
        return await self.house.count(
            LoggedDecision.holder_id == self.organisation.holder_id,
            LoggedDecision.question == Question.ADD_HOST,
            LoggedDecision.granted,
        )

    async def fill(self) -> list[httpx.Response]:
        """Three more people are added at the door that is left, one after the other."""
        answers = []
        async with self.at("door-1") as browser:
            for number in range(SEATS):
                person = await self.house.person(f"Later {number}")
                await browser.open(self.page)
                answers.append(await browser.submit("/hosts/add", email=person.email, follow=False))
        return answers


async def three_seats(house: TwoDoors, hosts: int) -> tuple[Seats, list[Room]]:
    _ada, organisation, rooms = await an_organisation(house, "Bakers", "co-producer", hosts=hosts, rooms=1)
    await give_seats(house, organisation.holder_id, SEATS)
    return Seats(house, organisation, await house.person("Olu", is_operator=True)), rooms


async def kill_while_it_waits_for(house: TwoDoors, table: str, browser: Person, *form: str, **fields: str):
    """Send the form at door 2, and kill its process while it waits to write into this table, all else written.

    Its last statements reach PostgreSQL, its commit does not.
    """
    async with house.database.transaction() as session:
        await session.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        asked = asyncio.create_task(browser.submit(*form, **fields, follow=False))
        await until(lambda: waiting(house, 1), f"it waits to write into {table}")
        house.kill("door-2")
        with pytest.raises(httpx.HTTPError):
            await asked
    await until(lambda: no_lock_stays(house), "PostgreSQL has let go of what was begun")


async def test_adding_a_host_at_the_last_seat_and_killed_before_the_commit(house: TwoDoors):
    seats, _rooms = await three_seats(house, hosts=2)
    bela = await house.person("Bela")
    async with seats.at("door-2") as browser:
        await kill_while_it_waits_for(house, "decisions", browser, "/hosts/add", email=bela.email)
    assert (await seats.taken(), await seats.granted()) == (2, 0)
    assert [answer.status_code for answer in await seats.fill()] == [303, 409, 409]
    assert (await seats.taken(), await seats.granted()) == (SEATS, 1)


async def test_removing_a_host_and_killed_before_the_commit(house: TwoDoors):
    """The seat stays theirs, and so do their rooms."""
    seats, rooms = await three_seats(house, hosts=SEATS)
    leaving = rooms[0].host_id
    async with seats.at("door-2") as browser:
        await kill_while_it_waits_for(house, "rooms", browser, f"/hosts/{leaving}/remove")
    assert await seats.taken(OrganisationHost.user_id == leaving) == 1
    assert await house.count(Room.id == rooms[0].id, Room.host_id == leaving) == 1
    assert granted(await seats.fill()) == []
    assert await seats.taken() == SEATS


async def test_killed_at_the_moment_of_the_commit_it_is_one_or_the_other(house: TwoDoors):
    seats, _rooms = await three_seats(house, hosts=2)
    bela = await house.person("Bela")
    async with seats.at("door-2") as browser:
        async with house.database.transaction() as session:
            await session.execute(text("LOCK TABLE decisions IN SHARE MODE"))
            asked = asyncio.create_task(browser.submit("/hosts/add", email=bela.email, follow=False))
            await until(lambda: waiting(house, 1), "it is about to be written down")
        house.kill("door-2")
        await asyncio.gather(asked, return_exceptions=True)
    await until(lambda: no_lock_stays(house), "PostgreSQL has let go of what was begun")
    added = await seats.taken(OrganisationHost.user_id == bela.id)
    assert (await seats.taken(), await seats.granted()) == (2 + added, added)
    # Free again for exactly one, or for nobody.
    assert len(granted(await seats.fill())) == 1 - added
    assert (await seats.taken(), await seats.granted()) == (SEATS, 1)
