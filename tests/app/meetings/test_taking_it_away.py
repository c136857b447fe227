"""One anonymous person cannot take a room away from all: places, codes, and an hour that is bought back."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.meetings import code_guessing
from app.meetings.models import Attendance
from app.memberships.refusals import RefusedError
from app.rooms.models import Room
from app.rooms.service import delete_room
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start


async def joined(site, slug, address, **fields):
    """A guest with fresh cookies who comes from this network address; the answer to the form."""
    async with new_person(site, **{"X-Forwarded-For": address}) as guest:
        await guest.open(f"/r/{slug}")
        return await guest.submit("/join", **({"name": "Gil"} | fields), follow=False)


def is_in(answer):
    return "/join?" in answer.headers.get("location", "")


async def ways_taken(database):
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Attendance))


@pytest.mark.slow
async def test_one_address_holds_three_places_that_nobody_was_seen_on(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall"), ada)
    answers = [await joined(site, "hall", "198.51.100.7") for _ in range(6)]
    assert [is_in(answer) for answer in answers] == [True] * 3 + [False] * 3
    assert answers[-1].headers["location"] == "/r/hall/waiting"
    assert is_in(await joined(site, "hall", "198.51.100.8"))
    assert await ways_taken(database) == 4


async def test_fifty_at_once_from_one_address_hold_no_more(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall"), ada)
    answers = await asyncio.gather(*(joined(site, "hall", "198.51.100.7") for _ in range(20)))
    assert sum(map(is_in, answers)) == 3


@pytest.mark.slow
async def test_a_place_on_which_nobody_arrives_is_free_after_fifteen_seconds(site, database, move_clock):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall"), ada)
    for _ in range(3):
        await joined(site, "hall", "198.51.100.7")
    assert not is_in(await joined(site, "hall", "198.51.100.7"))
    await move_clock(seconds=16)
    assert is_in(await joined(site, "hall", "198.51.100.7"))


async def test_people_with_an_account_are_not_counted_by_their_address(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall"), ada)
    for number in range(5):
        person = await a_person(database, f"p{number}@example.org")
        async with signed_in(site, person) as someone:
            await someone.open("/r/hall")
            assert is_in(await someone.submit("/join", follow=False))


async def test_the_host_reads_how_many_are_on_the_way(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall"), ada)
    for number in range(2):
        await joined(site, "hall", f"198.51.100.{number}")
    async with signed_in(site, ada) as host:
        await host.open("/r/hall")
        assert "2 are on the way." in host.words


# Codes


@pytest.mark.slow
async def test_guessing_from_everywhere_keeps_nobody_out_is_slow_and_the_host_is_told(
    site, database, monkeypatch
):
    monkeypatch.setattr(code_guessing, "SLOWED_SECONDS", 0.01)
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall", access_code="271828")
    await start(site, room, ada)
    for number in range(102):
        answer = await joined(site, "hall", f"10.{number}.0.1", code="000000")
        assert answer.status_code == 422
    assert is_in(await joined(site, "hall", "192.0.2.1", code="271828"))
    async with signed_in(site, ada) as host:
        await host.open("/r/hall")
        assert "Somebody is guessing this room’s code." in host.words
        [mail] = [mail for mail in await host.mails("ada@example.org") if "guessing" in mail.subject]
        assert "/r/hall/settings" in mail.text
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).code_guessed_at is not None


@pytest.mark.slow
async def test_a_network_that_guesses_is_refused_and_others_are_not(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="hall", access_code="271828"), ada)
    answers = [
        (await joined(site, "hall", f"198.51.100.{number // 9}", code="000000")).status_code
        for number in range(45)
    ]
    assert answers == [422] * 40 + [429] * 5
    assert (await joined(site, "hall", "198.51.101.1", code="000000")).status_code == 422


async def test_a_code_has_six_signs(site, database):
    async with signed_in(site, await a_person(database)) as ada:
        await ada.open("/rooms/new")
        await ada.submit("/rooms/new", name="Hall", access_code="27182")
        assert "6 to 20 letters, digits or hyphens" in ada.words


# The hour


async def spent(site, database, room, host, move_clock, minutes):
    """The room's meeting has lasted so long and has ended."""
    await start(site, room, host)
    await move_clock(minutes=minutes)
    async with signed_in(site, host) as person:
        await person.open(f"/r/{room.slug}")
        await person.submit("/end")


async def deleted(database, room):
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, room.id))


@pytest.mark.parametrize("address", ["hall", "another-hall"])
async def test_deleting_a_room_and_making_one_anew_buys_no_hour(site, database, move_clock, address):
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall")
    await spent(site, database, room, ada, move_clock, 50)
    await deleted(database, room)
    again = await a_room(database, ada, address=address)
    meeting = await start(site, again, ada)
    assert meeting.minutes in {9, 10}


async def test_a_meeting_that_runs_as_its_room_is_deleted_counts_whole(site, database, move_clock):
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall")
    await start(site, room, ada)
    await move_clock(minutes=30)
    await deleted(database, room)
    again = await a_room(database, ada, address="hall")
    with pytest.raises(RefusedError):
        await start(site, again, ada)


async def test_after_the_gap_a_new_room_has_a_whole_hour(site, database, move_clock):
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall")
    await spent(site, database, room, ada, move_clock, 59)
    await move_clock(minutes=11)
    await deleted(database, room)
    again = await a_room(database, ada, address="hall")
    assert (await start(site, again, ada)).minutes == 60


async def test_each_left_sitting_goes_to_one_room(site, database, move_clock):
    bela = await a_person(database, tier="session-organiser")
    used = await a_room(database, bela, "Used")
    await spent(site, database, used, bela, move_clock, 100)
    fresh = await a_room(database, bela, "Fresh")
    await deleted(database, used)
    one = await a_room(database, bela, "One")
    other = await a_room(database, bela, "Other")
    async with database.transaction() as session:
        rooms = {room.id: room.inherited_sitting for room in await session.scalars(select(Room))}
    assert rooms[one.id] is not None
    assert (rooms[other.id], rooms[fresh.id]) == (None, None)
