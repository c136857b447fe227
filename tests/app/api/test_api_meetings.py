"""Start, join, end; meetings and their history."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from app.meetings.following import follow
from app.meetings.models import Attendance, Consent
from app.web.pagination import PAGE_SIZE
from tests.app.api.conftest import error, program, token_of
from tests.app.api.histories import past_meetings
from tests.factories import a_person, an_organisation

HALL = "/rooms/hall"


@pytest.fixture
async def hall(ada):
    """Ada's room."""
    return await ada.room("Hall")


def asked(answer: httpx.Response) -> dict[str, str]:
    """What a join address asks of BBB."""
    assert answer.status_code == 200, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["url"]).query).items()}


async def test_a_start_answers_201_with_the_terms_and_a_second_one_200_with_the_same_meeting(ada, hall):
    first = await ada.post(f"{HALL}/start", {"minutes": 45})
    assert (first.status_code, first.headers["location"]) == (201, "/api/v1/meetings/1")
    meeting = first.json()
    assert (meeting["room"], meeting["name"], meeting["state"]) == ("hall", "Hall", "running")
    assert (meeting["minutes"], meeting["people_limit"], meeting["recorded"]) == (45, 25, False)
    length = datetime.fromisoformat(meeting["ends_at"]) - datetime.fromisoformat(meeting["started_at"])
    assert length == timedelta(minutes=45)
    second = await ada.post(f"{HALL}/start", {"minutes": 20})
    assert (second.status_code, second.json()) == (200, meeting)
    assert (await ada.client.get(first.headers["location"])).json() == meeting
    live = (await ada.get(HALL)).json()["live"]
    assert (live["meeting_id"], live["state"], live["ends_at"]) == (1, "running", meeting["ends_at"])
    assert live["recorded"] is False
    assert hall["live"]["state"] == "not_started"


async def test_a_start_needs_no_body_and_gets_what_the_limits_allow(ada, hall):
    del hall
    assert (await ada.post(f"{HALL}/start")).json()["minutes"] == 180


@pytest.mark.parametrize(
    ("room", "wish", "recorded"), [(True, None, True), (True, False, False), (False, True, True)]
)
async def test_the_start_decides_about_recording_else_the_room_does(ada, room, wish, recorded):
    await ada.room("Choir", record=room)
    meeting = (await ada.post("/rooms/choir/start", {"record": wish})).json()
    assert meeting["recorded"] is recorded


async def test_the_terms_go_to_bbb_and_its_callbacks_come_back_here(ada, hall, site):
    del hall
    await ada.post(f"{HALL}/start", {"minutes": 45})
    (info,) = await site.state.servers.client.get_meetings()
    assert (info.duration_minutes, info.max_users) == (45, 25)
    assert info.metadata["endcallbackurl"].startswith("http://127.0.0.1:8000/callbacks/meetings/gh-")


@pytest.mark.slow
async def test_ten_starts_at_once_make_one_meeting(ada, hall, simulator):
    del hall
    starts = await asyncio.gather(*(ada.post(f"{HALL}/start") for _ in range(10)))
    assert sorted(each.status_code for each in starts) == [200] * 9 + [201]
    assert {each.json()["id"] for each in starts} == {1}
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        assert len((await control.get("state")).json()["meetings"]) == 1


@pytest.mark.slow
async def test_twenty_new_rooms_at_once_end_exactly_at_the_limit(ada):
    made = await asyncio.gather(*(ada.post("/rooms", {"name": f"Room {n}"}) for n in range(20)))
    assert sorted(each.status_code for each in made) == [201] * 5 + [409] * 15
    assert {each.json()["error"]["code"] for each in made if each.status_code == 409} == {"limit.rooms"}
    assert (await ada.get("/rooms")).json()["total"] == 5


async def test_a_guest_gets_a_signed_way_in_as_a_viewer_that_bbb_accepts(ada, hall):
    del hall
    await ada.post(f"{HALL}/start")
    answer = await ada.post(f"{HALL}/join", {"name": "  Wren   Díaz "})
    assert answer.headers["cache-control"] == "no-store"
    wanted = asked(answer)
    assert (wanted["fullName"], wanted["role"]) == ("Wren Díaz", "VIEWER")
    assert wanted["logoutURL"] == "http://127.0.0.1:8000/r/hall"
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(answer.json()["url"], follow_redirects=True)).status_code == 200


async def test_the_owner_goes_in_as_a_host_under_their_own_name(ada, hall, ada_user):
    del hall
    await ada.post(f"{HALL}/start")
    wanted = asked(await ada.post(f"{HALL}/join", {"as_host": True}))
    assert (wanted["fullName"], wanted["role"]) == ("Ada", "MODERATOR")
    assert wanted["userID"] == f"u-{ada_user.id}"


async def test_the_same_user_id_is_the_same_person_and_never_an_account_of_ours(
    ada, hall, database, ada_user
):
    del hall
    await ada.post(f"{HALL}/start")
    ids = [
        asked(await ada.post(f"{HALL}/join", {"name": "Wren", **more}))["userID"]
        for more in (
            {"user_id": f"u-{ada_user.id}"},
            {"user_id": f"u-{ada_user.id}"},
            {"user_id": "7"},
            {},
            {},
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
    assert all(each.startswith("a-") for each in ids)
    async with database.transaction() as session:
        assert len((await session.scalars(select(Attendance))).all()) == 4


async def test_a_guest_of_a_room_with_a_lobby_waits_there_and_its_host_does_not(ada):
    await ada.room("Hall", lobby=True, access_code="1234-5678")
    await ada.post(f"{HALL}/start")
    assert asked(await ada.post(f"{HALL}/join", {"name": "Wren"}))["guest"] == "true"
    assert "guest" not in asked(await ada.post(f"{HALL}/join", {"as_host": True}))


async def test_a_recorded_meeting_wants_consent_and_keeps_it(ada, database):
    await ada.room("Hall", record=True)
    await ada.post(f"{HALL}/start")
    error(await ada.post(f"{HALL}/join", {"name": "Wren"}), 409, "consent_needed")
    asked(await ada.post(f"{HALL}/join", {"name": "Wren", "consent": True}))
    async with database.transaction() as session:
        assert [*await session.scalars(select(Consent.name))] == ["Wren"]


async def test_nobody_joins_what_has_not_started_or_is_over(ada, hall):
    del hall
    for body in ({"name": "Wren"}, {"as_host": True}):
        error(await ada.post(f"{HALL}/join", body), 409, "not_running")
    await ada.post(f"{HALL}/start")
    await ada.post(f"{HALL}/end")
    error(await ada.post(f"{HALL}/join", {"name": "Wren"}), 409, "not_running")


async def test_a_full_meeting_refuses_guests_and_keeps_the_place_of_its_host(eve):
    await eve.room("Hall")
    await eve.post(f"{HALL}/start")
    for number in range(9):
        asked(await eve.post(f"{HALL}/join", {"name": f"Guest {number}"}))
    full = error(await eve.post(f"{HALL}/join", {"name": "One more"}), 409, "limit.group_full")
    assert (full["limit"], full["used"]) == (10, 9)
    assert "This meeting has places for 10 people, one of them the host’s." in full["explanation"]
    asked(await eve.post(f"{HALL}/join", {"as_host": True}))


async def test_the_last_place_goes_to_one(eve):
    await eve.room("Hall")
    await eve.post(f"{HALL}/start")
    joins = await asyncio.gather(*(eve.post(f"{HALL}/join", {"name": f"Guest {n}"}) for n in range(20)))
    assert sorted(each.status_code for each in joins) == [200] * 9 + [409] * 11


async def test_the_end_is_for_everyone_and_twice_is_no_error(ada, hall, site):
    del hall
    await ada.post(f"{HALL}/start")
    ended = await ada.post(f"{HALL}/end")
    assert ended.status_code == 200
    assert (ended.json()["state"], ended.json()["end_reason"], ended.json()["ends_at"]) == (
        "ended",
        "by_host",
        None,
    )
    assert (await ada.post(f"{HALL}/end")).json() == ended.json()
    assert await site.state.servers.client.get_meetings() == ()
    live = (await ada.get(HALL)).json()["live"]
    assert (live["state"], live["end_reason"], live["ended_at"]) == (
        "ended",
        "by_host",
        ended.json()["ended_at"],
    )


async def test_a_room_that_never_met_has_nothing_to_end(ada, hall):
    del hall
    error(await ada.post(f"{HALL}/end"), 409, "not_running")


async def test_a_spent_sitting_is_refused_until_it_frees_up(eve, move_clock):
    await eve.room("Hall")
    await eve.post(f"{HALL}/start")
    await move_clock(minutes=60)
    await eve.post(f"{HALL}/end")
    refused = error(await eve.post(f"{HALL}/start"), 409, "limit.sitting_spent")
    assert (refused["limit"], refused["used"]) == (60, 60)
    assert datetime.fromisoformat(refused["frees_at"]).tzinfo is not None
    await move_clock(minutes=10)
    assert (await eve.post(f"{HALL}/start")).status_code == 201


@pytest.mark.slow
async def test_meetings_are_listed_newest_first_by_room_and_state(ada):
    await ada.room("Hall")
    await ada.room("Board")
    for slug in ("hall", "board", "hall"):
        await ada.post(f"/rooms/{slug}/start", {"minutes": 10})
        await ada.post(f"/rooms/{slug}/end")
    await ada.post("/rooms/board/start")
    await ada.call("PATCH", "/rooms/board", {"address": "council"})

    async def listed(query: str) -> list[tuple[int, str]]:
        answer = (await ada.get(f"/meetings{query}")).json()
        assert answer["total"] == len(answer["items"])
        return [(each["id"], each["room"]) for each in answer["items"]]

    assert await listed("") == [(4, "council"), (3, "hall"), (2, "council"), (1, "hall")]
    assert await listed("?state=running") == [(4, "council")]
    assert await listed("?state=ended&room=hall") == [(3, "hall"), (1, "hall")]
    assert await listed("?room=board") == [(4, "council"), (2, "council")]
    assert await listed("?state=starting") == await listed("?room=nowhere") == []


async def test_a_meeting_outlives_its_room(ada, hall):
    del hall
    await ada.post(f"{HALL}/start")
    await ada.post(f"{HALL}/end")
    await ada.call("DELETE", HALL)
    meeting = (await ada.get("/meetings/1")).json()
    assert (meeting["room"], meeting["name"], meeting["state"]) == (None, "Hall", "ended")


async def test_a_long_history_comes_in_pages(eve, site):
    await eve.room("Hall")
    async with site.state.database.transaction() as session:
        await past_meetings(session, room_id=1, count=PAGE_SIZE + 3)
    first, second = [(await eve.get(f"/meetings?page={n}")).json() for n in (1, 2)]
    assert (first["pages"], first["total"], len(first["items"]), len(second["items"])) == (2, 53, 50, 3)
    assert (await eve.get("/meetings?page=3")).json()["total"] == PAGE_SIZE + 3


async def test_the_admin_of_the_holder_and_the_host_of_the_room_see_its_meetings_others_do_not(
    site, database
):
    people = {name: await a_person(database, f"{name}@example.org") for name in ("chidi", "dolors", "noor")}
    await an_organisation(database, "Riverside", "consumer", chidi="host", dolors="admin", noor="host")
    tokens = {name: await token_of(database, user) for name, user in people.items()}
    async with program(site, tokens["chidi"]) as his:
        holder = (await his.get("/me")).json()["holders"][1]["id"]
        await his.room("Assembly", holder_id=holder)
        await his.post("/rooms/assembly/start")
    for name, sees in (("chidi", True), ("dolors", True), ("noor", False)):
        async with program(site, tokens[name]) as theirs:
            assert (await theirs.get("/meetings")).json()["total"] == int(sees)
            assert (await theirs.get("/meetings/1")).status_code == (200 if sees else 404)


@pytest.mark.slow
async def test_a_meeting_whose_server_does_not_answer_is_unknown_and_not_ended(
    ada, hall, site, database, simulator
):
    del hall
    await ada.post(f"{HALL}/start")
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        await control.post("faults", json={"kind": "error-500"})
    await follow(database, site.state.servers)
    assert (await ada.get(HALL)).json()["live"]["state"] == "unknown"
    assert (await ada.get("/meetings/1")).json()["state"] == "unknown"
    assert (await ada.get("/meetings?state=running")).json()["total"] == 1
