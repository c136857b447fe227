"""The dashboard: rooms with their live state, meters that say what the rules enforce, few statements."""

import contextlib

import pytest
from sqlalchemy import update

from app import clock
from app.meetings.ending import mark_ended
from app.memberships.models import Holder, Tier
from app.rooms.models import Room
from tests.app.statements import counting
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, put_on_tier, signed_in, start


@contextlib.contextmanager
def nobody_asks_bbb(site):
    """BBB is not asked while the block lasts; a signed address is only made, not fetched."""
    calls = []

    class Silent:
        join_url = staticmethod(site.state.servers.client.join_url)

        def __getattr__(self, name):
            calls.append(name)
            raise AssertionError(name)

    kept, site.state.servers.client = site.state.servers.client, Silent()
    try:
        yield
    finally:
        site.state.servers.client = kept
    assert calls == []


async def many_rooms(database, host, holder_id, number):
    async with database.transaction() as session:
        session.add_all(
            Room(
                holder_id=holder_id,
                host_id=host.id,
                name=f"Room {index:03}",
                description="",
                slug=f"room-{index:03}",
                access_code="",
                lobby=False,
                who_may_start="hosts",
                record=False,
                created_at=clock.now(),
                last_used_at=clock.now(),
            )
            for index in range(number)
        )


async def test_an_empty_dashboard_teaches_the_next_step(site, database):
    async with signed_in(site, await a_person(database)) as ada:
        await ada.open("/rooms")
        assert "Make your first room" in ada.words
        assert "0 of 1 used." in ada.words
        assert "Not part of the tier “Free”" in ada.words


async def test_fifty_rooms_stand_on_a_page_and_the_rest_on_the_next(site, database):
    ada = await a_person(database, tier="co-producer")
    await many_rooms(database, ada, ada.holder_id, 120)
    async with signed_in(site, ada) as person:
        await person.open("/rooms")
        assert person.page.text.count('<li class="room') == 50
        assert "Page 1 of 3" in person.words
        await person.open("/rooms?page=3")
        assert person.page.text.count('<li class="room') == 20
        await person.open("/rooms?search=room%20007")
        assert person.page.text.count('<li class="room') == 1
        await person.open("/rooms?search=50%25_")
        assert "No room like “50%_”" in person.words


@pytest.mark.parametrize("bad", ["page=0", "page=x", "page=99999999999", "search=" + "x" * 101])
async def test_an_address_that_makes_no_sense_is_not_found(site, database, bad):
    async with signed_in(site, await a_person(database)) as ada:
        assert (await ada.open(f"/rooms?{bad}")).status_code == 404


async def test_a_page_too_far_is_empty_and_leads_back(site, database):
    ada = await a_person(database)
    await a_room(database, ada)
    async with signed_in(site, ada) as person:
        assert (await person.open("/rooms?page=9")).status_code == 200


async def test_the_meters_follow_what_happens(site, database, move_clock):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await start(site, room, ada)
    await move_clock(minutes=48)
    async with signed_in(site, ada) as person:
        await person.open("/rooms")
        assert "1 of 1 used." in person.words
        assert "Used up" in person.words
        assert "“Weekly assembly”: 11 min of 1 h left." in person.words
        assert "Nearly used up" in person.words


async def test_the_sitting_shown_is_that_of_the_meeting_that_runs_or_else_ended_last(
    site, database, move_clock
):
    bela = await a_person(database, "bela@example.org", tier="co-producer")
    async with database.transaction() as session:
        await session.execute(update(Tier).where(Tier.key == "co-producer").values(meeting_minutes=None))
    choir = await a_room(database, bela, "Choir")
    await a_room(database, bela, "Never met in")
    meeting = await start(site, choir, bela)
    await move_clock(minutes=5)
    other = await start(site, await a_room(database, bela, "Board"), bela)
    async with signed_in(site, bela) as person:
        for ends, shown in ((None, "Board"), (other, "Choir"), (meeting, "Choir")):
            await move_clock(minutes=1)
            if ends is not None:
                async with database.transaction() as session:
                    await mark_ended(session, ends.external_id, at=clock.now())
            await person.open("/rooms")
            assert f"“{shown}”: no limit." in person.words


@pytest.mark.parametrize(
    ("stored", "title"),
    [
        (799_999_999, None),
        (800_000_000, "The space for recordings is nearly full"),
        (10**9, "The space for recordings is full"),
        (2 * 10**9, "More is stored than the tier has"),
    ],
)
async def test_storage_that_runs_out_is_said_with_the_way_to_make_room(site, database, stored, title):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    await fill_storage(database, bela.holder_id, stored)
    async with signed_in(site, bela) as person:
        with counting(database) as said:
            await person.open("/rooms")
        assert len(said) <= 8
        assert title is None or title in person.words
        assert ("Nothing more can be recorded." in person.words) is (stored >= 10**9)
        assert (f'href="/recordings?holder={bela.holder_id}"' in person.page.text) is (title is not None)


async def fill_storage(database, holder_id, stored):
    async with database.transaction() as session:
        await session.execute(update(Holder).where(Holder.id == holder_id).values(stored_bytes=stored))


async def test_a_room_that_cannot_be_started_now_says_why(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    await start(site, await a_room(database, bela, "One"), bela)
    await a_room(database, bela, "Two")
    async with signed_in(site, bela) as person:
        await person.open("/rooms")
        assert "Another meeting is running." in person.words


async def test_a_host_sees_their_own_rooms_and_an_admin_those_of_the_organisation(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    chidi = await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin", chidi="host")
    await a_room(database, ada, "Assembly", holder_id=made.holder_id)
    for person, sees in ((ada, True), (bela, True), (chidi, False)):
        async with signed_in(site, person) as browser:
            await browser.open("/rooms")
            assert ("Assembly" in browser.words) is sees


async def test_a_host_sees_what_is_left_of_the_organisation_and_of_their_own(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="host")
    other = await an_organisation(database, "Others", "co-producer")
    await a_room(database, ada, "Assembly", holder_id=made.holder_id)
    async with signed_in(site, ada) as person:
        await person.open("/rooms")
        assert "1 of 20 used." in person.words
        assert "Consumer organisation" in person.words
        await person.open(f"/rooms?holder={ada.holder_id}")
        assert "0 of 1 used." in person.words
        await person.open(f"/rooms?holder={other.holder_id}")
        assert "1 of 20 used." in person.words, "nobody looks into the limits of others"


async def test_the_dashboard_takes_the_same_few_statements_for_two_rooms_and_for_fifty(site, database):
    counts = []
    for number, rooms in ((1, 2), (2, 50)):
        person = await a_person(database, f"p{number}@example.org", tier="co-producer")
        async with database.transaction() as session:
            session.add_all(
                Room(
                    holder_id=person.holder_id,
                    host_id=person.id,
                    name=f"Room {index}",
                    description="",
                    slug=f"room-{number}-{index}",
                    access_code="",
                    lobby=False,
                    who_may_start="hosts",
                    record=False,
                    created_at=clock.now(),
                    last_used_at=clock.now(),
                )
                for index in range(rooms)
            )
        async with signed_in(site, person) as browser:
            with counting(database) as said:
                await browser.open("/rooms")
            counts.append(len(said))
    assert counts[0] == counts[1]
    assert counts[0] <= 8


async def test_a_guests_page_and_join_take_at_most_four_statements_and_no_call_of_bbb(
    site, database, simulator
):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    with nobody_asks_bbb(site):
        async with new_person(site) as guest:
            with counting(database) as said:
                await guest.open("/r/the-place")
            assert len(said) <= 4, said
            with counting(database) as said:
                page = await guest.submit("/join", name="Gil", follow=False)
            assert page.status_code == 303
            assert len(said) <= 4, said


@pytest.mark.parametrize("address", ["/rooms", "/recordings", "/r/the-place"])
async def test_no_page_of_a_host_asks_bbb(site, database, address):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    with nobody_asks_bbb(site):
        async with signed_in(site, ada) as person:
            assert (await person.open(address)).status_code == 200


async def test_raising_the_tier_shows_and_holds_at_once(site, database):
    ada = await a_person(database)
    await a_room(database, ada)
    await put_on_tier(database, ada.holder_id, "session-organiser")
    async with signed_in(site, ada) as person:
        await person.open("/rooms")
        assert "1 of 5 used." in person.words
        assert "Session organiser" in person.words


async def test_a_stranger_is_asked_to_sign_in_and_led_back(site):
    async with new_person(site) as guest:
        page = await guest.open("/rooms", follow=False)
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/rooms")
