"""The pages of rooms: what may be set, by whom, and what bad input is told."""

import pytest
from sqlalchemy import select

from app.rooms.models import Room
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, signed_in


async def the_room(database):
    async with database.transaction() as session:
        return await session.scalar(select(Room))


async def test_a_person_makes_a_room_and_finds_its_link(site, database):
    async with signed_in(site, await a_person(database)) as ada:
        await ada.open("/rooms/new")
        await ada.submit(
            "/rooms/new", name="Weekly assembly", description="All of us.", access_code="2718-2818"
        )
        assert ada.page.url.path == "/r/weekly-assembly"
        assert "The room is ready" in ada.words
        assert "http://127.0.0.1:8000/r/weekly-assembly" in ada.page.text
        assert "2718-2818" in ada.page.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Give the room a name"),
        ({"name": "   "}, "Give the room a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"name": "🎉🎊🥳"}, "at least one letter or digit"),
        ({"name": "Board\x07room"}, "invisible character"),
        ({"name": "Board\u202eroom"}, "invisible character"),
        ({"name": "Board", "address": "ab"}, "3 to 60 characters"),
        ({"name": "Board", "address": "Not Good!"}, "small letters, digits and single hyphens"),
        ({"name": "Board", "address": "admin"}, "kept for the site"),
        ({"name": "Board", "address": "taken-place"}, "This address is taken"),
        ({"name": "Board", "access_code": "a b"}, "6 to 20 letters"),
        ({"name": "Board", "description": "x" * 1001}, "at most 1000 characters"),
    ],
)
async def test_bad_input_is_explained_and_what_was_typed_is_kept(site, database, fields, sentence):
    await a_room(database, await a_person(database, "other@example.org"), address="taken-place")
    async with signed_in(site, await a_person(database)) as ada:
        await ada.open("/rooms/new")
        await ada.submit("/rooms/new", **{"description": "What it is for"} | fields)
        assert ada.page.status_code == 422
        assert sentence in ada.words
        typed = ada.form("/rooms/new").fields
        assert typed["description"] == fields.get("description", "What it is for")
        if "address" in fields:
            assert typed["address"] == fields["address"]


async def test_a_refused_room_is_explained_with_the_tiers_that_have_more(site, database):
    ada = await a_person(database)
    await a_room(database, ada)
    async with signed_in(site, ada) as person:
        await person.open("/rooms/new")
        await person.submit("/rooms/new", name="One too many")
        assert person.page.status_code == 409
        assert "All your rooms are in use" in person.words
        assert "5 rooms. Give 120 EUR in a year" in person.words


async def test_the_host_changes_a_room_and_the_old_link_keeps_working(site, database):
    ada = await a_person(database)
    await a_room(database, ada, address="old-place", record=True, lobby=True)
    async with signed_in(site, ada) as person:
        await person.open("/r/old-place/settings")
        assert person.form("/settings").fields["lobby"] == "yes"
        await person.submit("/settings", name="New name", address="new-place", lobby=None)
        assert person.page.url.path == "/r/new-place"
        room = await the_room(database)
        assert (room.name, room.lobby) == ("New name", False)
        page = await person.open("/r/old-place", follow=False)
        assert (page.status_code, page.headers["location"]) == (301, "/r/new-place")


async def test_a_deleted_rooms_link_says_so_and_stays_kept(site, database):
    ada = await a_person(database)
    await a_room(database, ada, address="old-place")
    async with signed_in(site, ada) as person:
        await person.open("/r/old-place/delete")
        assert "This cannot be undone" in person.words
        await person.submit("/delete")
        assert "The room is deleted" in person.words
    async with new_person(site) as guest:
        await guest.open("/r/old-place")
        assert guest.page.status_code == 410
        assert "Its host deleted it" in guest.words


@pytest.mark.parametrize("path", ["/r/the-place/settings", "/r/the-place/delete"])
async def test_only_the_hosts_change_or_delete_a_room(site, database, path):
    await a_room(database, await a_person(database), address="the-place")
    stranger = await a_person(database, "stranger@example.org")
    async with new_person(site) as guest:
        page = await guest.open(path, follow=False)
        assert (page.status_code, page.headers["location"]) == (303, f"/sign-in?next={path}")
    async with signed_in(site, stranger) as person:
        assert (await person.open(path)).status_code == 403
        await person.open("/rooms/new")
        token = person.form("/rooms/new").fields["form_token"]
        posted = await person.client.post(path, data={"form_token": token, "name": "Mine now"})
        assert posted.status_code == 403
    assert (await the_room(database)).name == "Weekly assembly"


async def test_an_organisations_admin_may_change_its_rooms_and_another_host_may_not(site, database):
    ada = await a_person(database)
    bela = await a_person(database, "bela@example.org")
    chidi = await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin", chidi="host")
    await a_room(database, ada, address="the-place", holder_id=made.holder_id)
    async with signed_in(site, bela) as person:
        assert (await person.open("/r/the-place/settings")).status_code == 200
    async with signed_in(site, chidi) as person:
        assert (await person.open("/r/the-place/settings")).status_code == 403


async def test_a_form_sets_only_what_it_may_set(site, database):
    ada = await a_person(database)
    other = await a_person(database, "other@example.org")
    async with signed_in(site, ada) as person:
        await person.open("/rooms/new")
        token = person.form("/rooms/new").fields["form_token"]
        await person.client.post(
            "/rooms/new",
            data={"form_token": token, "name": "Mine", "host_id": other.id, "id": 99, "slug": "hijacked"},
        )
    room = await the_room(database)
    assert (room.host_id, room.holder_id, room.slug) == (ada.id, ada.holder_id, "mine")


async def test_someone_who_is_not_verified_makes_no_room(site, database):
    async with signed_in(site, await a_person(database, verified=False, verified_at=None)) as person:
        assert (await person.open("/rooms/new")).status_code == 403


async def test_an_address_that_never_was_is_not_found(site):
    async with new_person(site) as guest:
        assert (await guest.open("/r/nowhere-at-all")).status_code == 404
        await guest.open("/")
        await guest.submit("/", address="https://elsewhere.example/r/nowhere-at-all?x=1")
        assert guest.page.status_code == 422
        assert "We can’t find that room" in guest.words


async def test_a_room_is_found_from_the_landing_page_by_its_link(site, database):
    await a_room(database, await a_person(database), address="the-place")
    async with new_person(site) as guest:
        await guest.open("/")
        await guest.submit("/", address=" http://127.0.0.1:8000/r/The-Place/ ")
        assert guest.page.url.path == "/r/the-place"
