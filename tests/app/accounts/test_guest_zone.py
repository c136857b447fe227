"""Guests read times where they are, as their browser says in a cookie."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from app import clock
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start


@pytest.fixture
async def ended(site, database):
    """A room whose meeting has ended, and when."""
    ada = await a_person(database)
    room = await a_room(database, ada, address="open-house")
    await start(site, room, ada)
    async with signed_in(site, ada) as host:
        await host.open("/r/open-house")
        await host.submit("/end")
    return clock.now()


@pytest.mark.parametrize("said", ["", "UTX", "../../etc/passwd", "x" * 5000])
async def test_a_guest_whose_zone_is_not_known_reads_utc_by_name(site, ended, said):
    async with new_person(site) as guest:
        guest.client.cookies.set("zone", said)
        await guest.open("/r/open-house")
        assert f"{ended.astimezone(UTC):%H:%M} UTC" in guest.words


async def test_a_guest_reads_the_time_of_the_own_zone_without_its_name(site, ended):
    async with new_person(site) as guest:
        guest.client.cookies.set("zone", "Asia/Kolkata")
        await guest.open("/r/open-house")
        assert f"at {ended.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M}" in guest.words
        assert "UTC" not in guest.words


async def test_the_zone_that_a_person_chose_counts_more_than_their_browsers(site, database, ended):
    eve = await a_person(database, "eve@example.org", time_zone="America/St_Johns")
    async with signed_in(site, eve) as person:
        person.client.cookies.set("zone", "Asia/Kolkata")
        await person.open("/r/open-house")
        assert f"at {ended.astimezone(ZoneInfo('America/St_Johns')):%H:%M}" in person.words
