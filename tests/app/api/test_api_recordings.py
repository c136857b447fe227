"""/recordings: list, show, change, trash, restore."""

from datetime import timedelta

import pytest

from app import clock
from tests.app.api.conftest import error, program, token_of
from tests.app.recordings.rows import a_recording, addresses
from tests.factories import a_person, a_room, an_organisation


async def test_a_recording_is_shown_with_where_it_is_played(ada, ada_user, database):
    room = await a_room(database, ada_user, "Choir practice", address="choir")
    made = await a_recording(database, ada_user, room, key="one", hidden=("podcast",), keep_days=30)
    shown = (await ada.get("/recordings/one")).json()
    assert shown["url"] == "http://127.0.0.1:8000/recordings/one"
    assert (shown["room"], shown["state"], shown["visibility"]) == ("choir", "published", "hosts")
    assert (shown["bytes"], shown["estimated"], shown["minutes"], shown["keep_days"]) == (
        340_000_000,
        False,
        45,
        30,
    )
    assert shown["holder"] == {"id": ada_user.holder_id, "name": "Ada"}
    assert [(one["type"], one["hidden"]) for one in shown["formats"]] == [
        ("presentation", False),
        ("podcast", True),
    ]
    assert all(made.record_id in one["url"] for one in shown["formats"])
    assert (await ada.get("/recordings")).json()["items"] == [shown]


@pytest.mark.parametrize(
    "closed",
    [{"visibility": "nobody"}, {"state": "unpublished"}, {"trashed_at": True}, {"wanted": "deleted"}],
)
async def test_an_address_is_not_told_as_long_as_nobody_may_play_it(ada, ada_user, database, closed):
    columns = {name: clock.now() if value is True else value for name, value in closed.items()}
    made = await a_recording(database, ada_user, key="one", **columns)
    for path in ("/recordings/one", "/recordings", "/recordings?shown=trash"):
        answer = await ada.get(path)
        assert not any(secret in answer.text for secret in addresses(made)), path


@pytest.mark.slow
async def test_lists_are_paged_searched_sorted_and_of_one_holder(site, database):
    emeka = await a_person(database, "emeka@example.org")
    cloud = await an_organisation(database, "Commons Cloud", "co-producer", emeka="admin")
    for number in range(52):
        at = clock.now() - timedelta(hours=number)
        await a_recording(database, emeka, name=f"Take {number:02}", recorded_at=at, bytes=number, formats=())
    await a_recording(database, emeka, name="Theirs", holder_id=cloud.holder_id, host_id=None)
    await a_recording(database, emeka, name="Thrown", trashed_at=clock.now())
    async with program(site, await token_of(database, emeka)) as his:

        async def names(**query) -> list[str]:
            return [one["name"] for one in (await his.get("/recordings", params=query)).json()["items"]]

        first = (await his.get("/recordings")).json()
        assert [first[name] for name in ("page", "pages", "total")] == [1, 2, 53]
        assert len(first["items"]) == 50
        assert len(await names(page=2)) == 3
        assert (await names(sort="largest"))[:2] == ["Theirs", "Take 51"]
        assert await names(search="take 07") == ["Take 07"]
        assert await names(holder_id=cloud.holder_id) == ["Theirs"]
        assert await names(shown="trash") == ["Thrown"]
        error(await his.get("/recordings?shown=x"), 422, "invalid")


async def test_only_what_is_sent_is_changed(ada, ada_user, database):
    await a_recording(database, ada_user, key="one", hidden=("podcast",), keep_days=30, visibility="link")
    before = (await ada.get("/recordings/one")).json()
    changed = (await ada.call("PATCH", "/recordings/one", {"name": "Evening"})).json()
    assert changed == {**before, "name": "Evening"}
    for field, value in (("visibility", "public"), ("keep_days", 7)):
        changed = (await ada.call("PATCH", "/recordings/one", {field: value})).json()
        assert changed[field] == value
        assert changed["name"] == "Evening"
    shown = (await ada.call("PATCH", "/recordings/one", {"hidden": ["presentation"]})).json()
    assert {one["type"]: one["hidden"] for one in shown["formats"]} == {
        "presentation": True,
        "podcast": False,
    }
    assert (await ada.call("PATCH", "/recordings/one", {"keep_days": None})).json()["keep_days"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 201), ("visibility", "all"), ("keep_days", 0), ("bytes", 0), ("key", "x")],
)
async def test_what_makes_no_sense_is_refused_by_its_field(ada, ada_user, database, field, value):
    await a_recording(database, ada_user, key="one")
    wrong = error(await ada.call("PATCH", "/recordings/one", {field: value}), 422, "invalid")
    assert set(wrong["fields"]) == {field}


async def test_a_trashed_recording_can_be_taken_back_once(ada, ada_user, database):
    await a_recording(database, ada_user, key="one")
    error(await ada.post("/recordings/one/restore"), 409, "recording_not_in_trash")
    deleted = await ada.call("DELETE", "/recordings/one")
    assert (deleted.status_code, deleted.content) == (204, b"")
    shown = (await ada.get("/recordings/one")).json()
    assert shown["deleted_at"] > shown["trashed_at"]
    error(await ada.call("DELETE", "/recordings/one"), 409, "recording_in_trash")
    error(await ada.call("PATCH", "/recordings/one", {"name": "x"}), 409, "recording_in_trash")
    assert (await ada.post("/recordings/one/restore")).json()["trashed_at"] is None


async def test_a_room_says_what_its_new_recordings_begin_with_and_a_change_of_others_keeps_it(ada):
    made = await ada.room("Board", recording_visibility="nobody", recording_days=30)
    assert (made["recording_visibility"], made["recording_days"]) == ("nobody", 30)
    changed = (await ada.call("PATCH", "/rooms/board", {"name": "Council"})).json()
    assert changed == {**made, "name": "Council"}
    assert (await ada.get("/rooms")).json()["items"] == [changed]
    cleared = (await ada.call("PATCH", "/rooms/board", {"recording_days": None})).json()
    assert cleared["recording_days"] is None
