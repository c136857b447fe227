"""Recordings when a room or an account goes, and in an export."""

import json

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.deletion import delete_account
from app.recordings.models import Recording
from app.recordings.telling import tell_all
from app.rooms.models import Visibility
from tests.app.recordings.rows import a_recording, addresses
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, put_on_tier, signed_in

pytestmark = pytest.mark.slow


async def named(database) -> dict[str, Recording]:
    async with database.transaction() as session:
        return {one.key: one for one in await session.scalars(select(Recording))}


async def test_a_deleted_rooms_recordings_stay_with_their_host(site, database):
    ada = await a_person(database, tier="session-organiser")
    room = await a_room(database, ada, "Hall")
    made = await a_recording(database, ada, room, key="one", name="Evening", visibility=Visibility.PUBLIC)
    async with signed_in(site, ada) as person:
        await person.open("/r/hall/delete")
        assert "Its recording stays: you find it among your recordings." in person.words
        await person.submit("/delete")
        await person.open("/recordings")
        assert "Evening" in person.words
        assert "Its room is deleted" in person.words
    assert (await named(database))["one"].room_id is None
    async with new_person(site) as guest:
        page = await guest.open("/recordings/one")
        assert "Evening" in page.text
        assert not any(secret in page.text for secret in addresses(made))


async def test_who_deletes_the_account_is_told_what_goes_and_it_opens_to_nobody_from_then_on(site, database):
    await site.state.servers.choose(database)  # its row is there first: the recordings are on this server
    ada = await a_person(database, tier="session-organiser")
    await a_recording(database, ada, key="one", name="Evening", visibility=Visibility.PUBLIC)
    await a_recording(database, ada, key="two", trashed_at=clock.now())
    await a_recording(database, ada, key="gone", state="gone", bytes=0)
    async with signed_in(site, ada) as person:
        await person.open("/account/delete")
        assert "2 recordings are deleted for good (680 MB)." in person.words
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    found = await named(database)
    for key in ("one", "two"):
        assert (found[key].wanted, found[key].name, found[key].host_id) == ("deleted", "", None)
        async with new_person(site) as guest:
            assert (await guest.open(f"/recordings/{key}")).status_code == 404
    assert found["gone"].wanted is None
    # BBB has none of them here: what it does not know is deleted as well, with its row.
    await tell_all(database, site.state.servers)
    assert set(await named(database)) == {"gone"}


async def test_an_organisations_recordings_go_to_its_longest_serving_admin(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin")
    alone = await an_organisation(database, "Alone", "consumer", ada="host")
    await a_recording(database, ada, key="theirs", holder_id=made.holder_id)
    await a_recording(database, ada, key="nobodys", holder_id=alone.holder_id)
    async with signed_in(site, ada) as person:
        await person.open("/account/delete")
        assert "One recording is deleted for good (340 MB)." in person.words
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    found = await named(database)
    assert (found["theirs"].host_id, found["theirs"].wanted) == (bela.id, None)
    assert found["nobodys"].wanted == "deleted"


async def test_an_export_lists_ones_recordings_without_keys_to_the_meeting_server(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    await put_on_tier(database, ada.holder_id, "session-organiser")
    made = await a_recording(database, ada, await a_room(database, ada, "Hall"), name="Evening", key="one")
    await a_recording(database, bela, name="Not hers")
    async with signed_in(site, ada) as person:
        answer = await person.open("/account/data.json")
    (shown,) = json.loads(answer.text)["recordings"]
    assert (shown["name"], shown["room"], shown["address"]) == ("Evening", "Hall", "/recordings/one")
    assert (shown["bytes"], sorted(shown["formats"])) == (340_000_000, ["podcast", "presentation"])
    assert not any(secret in answer.text for secret in addresses(made))


async def test_nobody_is_warned_of_recordings_they_do_not_have(site, database):
    async with signed_in(site, await a_person(database)) as person:
        await person.open("/account/delete")
        assert "deleted for good" not in person.words
