"""/rooms: list, make, show, change, delete."""

from datetime import datetime

import pytest

from app.web.pagination import PAGE_SIZE
from tests.app.api.conftest import error, program, token_of
from tests.factories import a_person, a_room, an_organisation

SETTINGS = {
    "name": "Board",
    "description": "Bring tea.\nAnd minutes.",
    "access_code": "2718-2818",
    "lobby": True,
    "who_may_start": "signed_in",
    "record": True,
}


async def test_a_new_room_is_answered_with_201_and_its_address(ada, ada_user):
    made = await ada.post("/rooms", {**SETTINGS, "address": "seed-board"})
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/rooms/seed-board"
    room = made.json()
    assert {name: room[name] for name in SETTINGS} == SETTINGS
    assert room["url"] == "http://127.0.0.1:8000/r/seed-board"
    assert room["holder"] == {"id": ada_user.holder_id, "name": "Ada"}
    assert datetime.fromisoformat(room["created_at"]).tzinfo is not None
    assert room["live"] == {
        "state": "not_started",
        "meeting_id": None,
        "people": 0,
        "recorded": False,
        "minutes": None,
        "ends_at": None,
        "ended_at": None,
        "end_reason": None,
    }
    assert (await ada.client.get(made.headers["location"])).json() == room


async def test_a_room_made_by_the_api_is_on_the_pages_too(ada, someone):
    room = await ada.room("Garden group")
    await someone.open(f"/r/{room['slug']}")
    assert "Garden group" in someone.words


async def test_the_address_is_made_from_the_name(ada):
    assert (await ada.room("Weekly assembly"))["slug"] == "weekly-assembly"
    assert (await ada.room("Weekly assembly"))["slug"] == "weekly-assembly-2"


async def test_an_address_that_is_taken_is_a_conflict_and_makes_no_room(ada, eve):
    await ada.room(address="our-hall")
    error(await eve.post("/rooms", {"name": "Mine", "address": "our-hall"}), 409, "address_taken")
    assert (await eve.get("/rooms")).json()["total"] == 0


@pytest.mark.slow
async def test_rooms_are_listed_newest_used_first_fifty_a_page_with_their_state(site, database):
    emeka = await a_person(database, "emeka@example.org")
    cloud = await an_organisation(database, "Commons Cloud", "co-producer", emeka="admin")
    for number in range(PAGE_SIZE + 2):
        await a_room(database, emeka, f"Room {number:02}", holder_id=cloud.holder_id)
    async with program(site, await token_of(database, emeka)) as his:
        await his.post("/rooms/room-07/start")
        first = (await his.get("/rooms")).json()
        second = (await his.get("/rooms?page=2")).json()
        beyond = (await his.get("/rooms?page=9")).json()
    assert [first[name] for name in ("page", "pages", "total")] == [1, 2, PAGE_SIZE + 2]
    assert len(first["items"]) == PAGE_SIZE
    running = first["items"][0]
    assert (running["slug"], running["live"]["state"], running["live"]["minutes"]) == (
        "room-07",
        "running",
        1440,
    )
    assert running["holder"]["name"] == "Commons Cloud"
    assert [room["slug"] for room in second["items"]] == ["room-01", "room-00"]
    assert (beyond["items"], beyond["total"], beyond["page"]) == ([], PAGE_SIZE + 2, 9)


async def test_a_search_looks_into_names_and_addresses_and_takes_signs_literally(ada):
    await ada.room("Board", address="seed-board")
    await ada.room("100 % garden")

    async def found(search: str) -> list[str]:
        return [room["name"] for room in (await ada.get("/rooms", params={"search": search})).json()["items"]]

    assert await found("SEED") == ["Board"]
    assert await found("%") == ["100 % garden"]
    assert await found("_") == []
    assert await found("\0") == []


async def test_a_listed_room_is_the_same_as_the_room_itself(ada):
    await ada.room("Board", **{name: SETTINGS[name] for name in ("access_code", "lobby")})
    await ada.post("/rooms/board/start", {"record": False})
    assert (await ada.get("/rooms")).json()["items"] == [(await ada.get("/rooms/board")).json()]


async def test_only_what_is_sent_is_changed(ada):
    before = await ada.room(**SETTINGS)
    changed = (await ada.call("PATCH", "/rooms/board", {"description": "Bring cake."})).json()
    assert changed == {**before, "description": "Bring cake."}
    assert (await ada.call("PATCH", "/rooms/board", {})).json() == changed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Other"),
        ("access_code", ""),
        ("lobby", False),
        ("who_may_start", "anyone"),
        ("record", False),
    ],
)
async def test_every_field_can_be_changed_by_itself(ada, field, value):
    before = await ada.room(**SETTINGS)
    assert (await ada.call("PATCH", "/rooms/board", {field: value})).json() == {**before, field: value}
    assert (await ada.get("/rooms/board")).json() == {**before, field: value}


async def test_a_room_with_a_new_address_is_found_at_the_old_one_too(ada):
    before = await ada.room("Board")
    changed = (await ada.call("PATCH", "/rooms/board", {"address": "council"})).json()
    assert (changed["slug"], changed["url"]) == ("council", "http://127.0.0.1:8000/r/council")
    for slug in ("board", "council"):
        assert (await ada.get(f"/rooms/{slug}")).json() == changed
    assert changed["id"] == before["id"]


async def test_whose_room_it_is_cannot_be_changed(ada):
    await ada.room("Board")
    wrong = error(await ada.call("PATCH", "/rooms/board", {"holder_id": 1}), 422, "invalid")
    assert wrong["fields"] == {"holder_id": "There is no field of this name here."}


async def test_a_deleted_room_is_gone_and_its_place_is_free(eve):
    await eve.room("Board")
    error(await eve.post("/rooms", {"name": "Second"}), 409, "limit.rooms")
    deleted = await eve.call("DELETE", "/rooms/board")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        error(await eve.call(method, "/rooms/board"), 410, "gone")
    await eve.room("Second")


async def test_a_host_makes_rooms_for_an_organisation_and_its_admin_keeps_them(site, database):
    chidi = await a_person(database, "chidi@example.org")
    dolors = await a_person(database, "dolors@example.org")
    riverside = await an_organisation(database, "Riverside", "consumer", chidi="host", dolors="admin")
    async with program(site, await token_of(database, chidi)) as his:
        room = await his.room("Assembly", holder_id=riverside.holder_id)
        assert room["holder"] == {"id": riverside.holder_id, "name": "Riverside"}
    async with program(site, await token_of(database, dolors)) as hers:
        assert [each["slug"] for each in (await hers.get("/rooms")).json()["items"]] == ["assembly"]
        assert (await hers.call("PATCH", "/rooms/assembly", {"lobby": True})).status_code == 200
        await hers.room("Own admin room", holder_id=riverside.holder_id)
    async with program(site, await token_of(database, chidi)) as his:
        error(await his.get("/rooms/own-admin-room"), 403, "not_the_host")


async def test_nobody_makes_rooms_for_a_holder_they_do_not_host_for(ada_user, eve):
    for holder_id in (ada_user.holder_id, 10**30):
        error(await eve.post("/rooms", {"name": "Mine", "holder_id": holder_id}), 403, "not_your_holder")
