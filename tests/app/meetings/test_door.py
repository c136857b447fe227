"""At a room's door: who may go in, what is typed there, the code, and waiting."""

import pytest

from app import clock
from app.accounts.models import User
from app.rooms.models import Room
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start


async def test_the_name_is_remembered_on_that_browser_only(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", follow=False)
        await guest.open("/r/the-place")
        assert guest.form("/join").fields["name"] == "Gil"
    async with new_person(site) as other:
        await other.open("/r/the-place")
        assert other.form("/join").fields.get("name", "") == ""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Type the name"),
        ("\u200b\u200d", "Type the name"),
        ("x" * 81, "at most 80"),
        ("a\x00b", "invisible"),
    ],
)
async def test_a_name_that_cannot_be_shown_is_refused_kindly(site, database, name, sentence):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name=name)
        assert guest.page.status_code == 422
        assert sentence in guest.words


@pytest.mark.slow
async def test_a_wrong_code_is_told_kindly_and_a_hundred_tries_are_too_many(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place", access_code="2718-2818"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", code="0000")
        assert guest.page.status_code == 422
        assert "This is not the code of this room" in guest.words
        page = await guest.submit("/join", name="Gil", code="27182818", follow=False)
        assert page.status_code == 303
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil", "code": "1111"}
        statuses = [(await guest.client.post("/r/the-place/join", data=data)).status_code for _ in range(100)]
        assert statuses.count(422) == 9
        assert set(statuses[9:]) == {429}


async def test_the_right_code_opens_nothing_to_whoever_has_guessed_too_often(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place", access_code="271828"), ada)
    async with new_person(site) as known, new_person(site) as guesser:
        await known.open("/r/the-place")
        assert (await known.submit("/join", name="Gil", code="271828", follow=False)).status_code == 303
        await guesser.open("/r/the-place")
        token = guesser.form("/join").fields["form_token"]
        for code in (*range(1000, 1010), 271828):
            data = {"form_token": token, "name": "Mal", "code": str(code)}
            answer = await guesser.client.post("/r/the-place/join", data=data)
        assert answer.status_code == 429
        # From the same network address, on a browser that was let in before: others who guess keep nobody out.
        await known.open("/r/the-place")
        assert (await known.submit("/join", name="Gil", code="271828", follow=False)).status_code == 303


async def test_a_code_that_was_typed_where_none_was_asked_for_earns_nothing(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    async with new_person(site) as guesser:
        await guesser.open("/r/the-place")
        token = guesser.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Mal", "code": "271828"}
        assert (await guesser.client.post("/r/the-place/join", data=data)).status_code == 303
        async with database.transaction() as session:
            (await session.get_one(Room, room.id)).access_code = "271828"
            await session.flush()
        for _ in range(10):
            await guesser.client.post("/r/the-place/join", data=data | {"code": "1111"})
        assert (await guesser.client.post("/r/the-place/join", data=data)).status_code == 429


async def test_who_comes_before_the_meeting_waits_with_what_they_typed(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    room = await a_room(database, bela, address="the-place", access_code="271828", record=True)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", code="271828", consent="yes")
        assert guest.page.url.path == "/r/the-place/waiting"
        assert "Bela is expected" in guest.words
        await start(site, room, bela)
        await guest.open("/r/the-place/waiting")
        assert "The meeting has started" in guest.words
        page = await guest.submit("/join", follow=False)
        assert "/join?" in page.headers["location"]


async def test_the_waiting_page_without_a_name_leads_back_to_the_door(site, database):
    await a_room(database, await a_person(database), address="the-place")
    async with new_person(site) as guest:
        assert (await guest.open("/r/the-place/waiting")).url.path == "/r/the-place"


@pytest.mark.parametrize(
    ("who_may_start", "guest_may", "account_may"),
    [("hosts", False, False), ("signed_in", False, True), ("anyone", True, True)],
)
async def test_the_room_says_who_may_start_it(site, database, who_may_start, guest_may, account_may):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place", who_may_start=who_may_start)
    stranger = await a_person(database, "stranger@example.org")
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil"}
        page = await guest.client.post("/r/the-place/start", data=data)
        assert ("/join?" in page.headers["location"]) is guest_may
        if not guest_may:
            assert page.headers["location"].startswith("/sign-in")
    async with signed_in(site, stranger) as person:
        await person.open("/r/the-place")
        token = person.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil"}
        page = await person.client.post("/r/the-place/start", data=data)
        assert page.status_code == (303 if account_may else 403)


async def test_a_banned_hosts_room_is_closed_to_everyone(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        async with database.transaction() as session:
            (await session.get_one(User, ada.id)).banned_at = clock.now()
        await guest.open("/r/the-place")
        assert "This room is closed" in guest.words
        for verb in ("join", "start"):
            page = await guest.client.post(f"/r/the-place/{verb}", data={"form_token": token, "name": "Gil"})
            assert page.status_code == 403
            assert "This room is closed" in page.text
