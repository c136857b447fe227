"""A form of any age joins, waits and signs in, also after a restart or without its cookies; no other site gets in."""

import pytest
from sqlalchemy import select

from app.main import make_app
from app.rooms.models import Room
from tests.app.accounts.conftest import ADA, PASSWORD, is_signed_in, make_user
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start

# What the browser itself says of where a form was sent from.
HERE = [{"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:8000"}]
ELSEWHERE = [
    {},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "https://127.0.0.1:8000"},
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "http://127.0.0.1:8000.evil.example"},
    {"origin": "http://["},
    {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8000"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
    {"sec-fetch-site": "none"},
]


@pytest.mark.parametrize("days", [1, 40])
async def test_a_sign_in_page_of_any_age_signs_in(site, database, move_clock, days):
    await make_user(database)
    async with new_person(site) as person:
        await person.open("/sign-in")
        await move_clock(days=days)
        await person.submit("/sign-in", email=ADA, password=PASSWORD)
        assert await is_signed_in(person)


@pytest.mark.parametrize("days", [1, 40])
async def test_a_rooms_page_of_any_age_joins_and_waits(site, database, move_clock, days):
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall", access_code="tulip-42")
    async with new_person(site) as guest:
        await guest.open("/r/hall")
        await move_clock(days=days)
        await guest.submit("/join", name="Wren", code="tulip-42")
        assert guest.page.url.path == "/r/hall/waiting"
        await move_clock(days=1)
        await guest.open("/r/hall/waiting")
        assert guest.page.url.path == "/r/hall/waiting"
        await move_clock(days=days)
        await start(site, room, ada)
        answer = await guest.submit("/join", follow=False)
        assert "/bigbluebutton/api/join?" in answer.headers["location"]


async def test_a_signed_in_hosts_page_of_any_age_joins(site, database, move_clock):
    ada = await a_person(database)
    room = await a_room(database, ada, address="hall")
    await start(site, room, ada)
    async with signed_in(site, ada) as host:
        await host.open("/r/hall")
        await move_clock(hours=13)
        answer = await host.submit("/join", follow=False)
    assert answer.status_code == 303


async def test_a_form_from_before_a_restart_is_taken_after_it(site, settings, database):
    await make_user(database)
    async with new_person(site) as person:
        await person.open("/sign-in")
        token, cookies = person.form("/sign-in").fields["form_token"], dict(person.client.cookies)
    again = make_app(settings)
    async with new_person(again) as person:
        person.client.cookies.update(cookies)
        typed = {"form_token": token, "email": ADA, "password": PASSWORD}
        answer = await person.client.post("/sign-in", data=typed)
        assert answer.headers["location"] == "/dashboard" or "session" in person.client.cookies
    await again.state.database.close()


@pytest.mark.parametrize("says", HERE)
async def test_after_its_cookies_are_gone_a_page_of_ours_still_signs_in_and_joins(site, database, says):
    ada = await make_user(database)
    await a_room(database, ada, address="hall")
    async with new_person(site) as person:
        await person.open("/sign-in")
        token = person.form("/sign-in").fields["form_token"]
        person.client.cookies.clear()
        typed = {"form_token": token, "email": ADA, "password": PASSWORD}
        await person.client.post("/sign-in", data=typed, headers=says)
        assert await is_signed_in(person)
    async with new_person(site) as guest:
        typed = {"form_token": token, "name": "Wren"}
        answer = await guest.client.post("/r/hall/join", data=typed, headers=says)
        assert answer.headers["location"] == "/r/hall/waiting"


@pytest.mark.parametrize("says", ELSEWHERE)
async def test_nobody_is_signed_in_or_let_in_by_another_site(site, database, says):
    """Whose account one is in is nothing that another page decides: not even its owner's own password helps it."""
    ada = await make_user(database)
    await a_room(database, ada, address="hall")
    async with new_person(site) as someone, new_person(site) as attacker:
        await attacker.open("/sign-in")
        await someone.open("/")
        for token in ({}, {"form_token": attacker.form("/sign-in").fields["form_token"]}):
            typed = {**token, "email": ADA, "password": PASSWORD, "name": "Wren"}
            for path in ("/sign-in", "/r/hall/join", "/sign-up", "/forgotten-password"):
                answer = await someone.client.post(path, data=typed, headers=says)
                assert answer.status_code == 403, path
        assert not await is_signed_in(someone)


@pytest.mark.parametrize("says", HERE)
async def test_who_is_signed_in_is_not_acted_for_without_the_token(site, database, says):
    ada = await a_person(database)
    async with signed_in(site, ada) as person:
        for path in ("/account", "/rooms/new", "/account/tokens"):
            answer = await person.client.post(path, data={"name": "Mallory"}, headers=says)
            assert answer.status_code == 403, path


async def test_an_old_form_of_someone_signed_in_is_looked_at_again(site, database, move_clock):
    ada = await a_person(database)
    async with signed_in(site, ada) as person:
        await person.open("/rooms/new")
        await move_clock(hours=13)
        await person.submit("/rooms/new", name="Weekly assembly", access_code="tulip-42")
        assert person.page.status_code == 409
        assert person.page.headers["cache-control"] == "no-store"
        await person.submit("/rooms/new")
        # The code of the room is not lost on the way, which would open it to everyone.
    async with database.transaction() as session:
        assert (await session.scalars(select(Room))).one().access_code == "tulip-42"


async def test_a_browser_that_keeps_no_cookies_is_told_so(site, database):
    await make_user(database)
    async with new_person(site) as person:
        headers = {"referer": "http://127.0.0.1:8000/sign-in"}
        person.page = await person.client.get("/sign-in", headers=headers)
        assert "doesn’t keep our cookies" in person.words
    for referer in ("https://elsewhere.example/", ""):
        async with new_person(site) as person:
            person.page = await person.client.get("/sign-in", headers={"referer": referer})
            assert "doesn’t keep our cookies" not in person.words
