"""The code of a room opens its recordings: the code of today, of this room, tried a few times."""

import pytest
from sqlalchemy import update

from app.rooms.models import Room, Visibility
from app.rooms.service import delete_room
from tests.app.recordings.hall import ASKED_FOR_CODE, CODE, NOT_THERE, PLAYED, browser_of, met
from tests.app.recordings.rows import a_recording
from tests.conftest import new_person
from tests.factories import a_room, put_on_tier, signed_in

pytestmark = pytest.mark.slow


async def test_the_code_of_a_room_without_one_or_of_a_deleted_room_opens_nothing(site, hall, database):
    await hall.set(visibility=Visibility.CODE)
    async with browser_of(site, hall, "guest with the code") as guest:
        await hall.set(visibility=Visibility.CODE)
        assert await met(guest, hall, "presentation") == PLAYED
        async with database.transaction() as session:
            await session.execute(update(Room).values(access_code="1111-2222"))
        assert await met(guest, hall, "presentation") == ASKED_FOR_CODE, "the code of today counts"
        async with database.transaction() as session:
            await session.execute(update(Room).values(access_code=""))
        assert await met(guest, hall, "presentation") == NOT_THERE
        async with database.transaction() as session:
            await session.execute(update(Room).values(access_code=CODE))
            await delete_room(session, await session.get_one(Room, hall.room.id))
        assert await met(guest, hall, "presentation") == NOT_THERE
    async with signed_in(site, hall.people["host"]) as host:
        assert await met(host, hall, "presentation") == PLAYED


async def test_a_wrong_code_is_told_and_counted(site, hall):
    await hall.set(visibility=Visibility.CODE)
    async with new_person(site) as guest:
        await guest.open(hall.at)
        assert "The long evening" not in guest.page.text, "before the code nothing of it is told"
        for _ in range(10):
            assert (await guest.submit("/code", code="0000-0000")).status_code == 422
            assert "This is not the code of this room" in guest.words
        assert (await guest.submit("/code", code=CODE)).status_code == 429
        assert await met(guest, hall, "presentation") == ASKED_FOR_CODE


async def test_the_code_that_was_typed_at_the_rooms_door_opens_its_recordings(site, hall):
    await hall.set(visibility=Visibility.CODE)
    async with new_person(site) as guest:
        await guest.open("/r/hall")
        await guest.submit("/join", name="Gil", code=CODE)
        assert await met(guest, hall, "presentation") == PLAYED


async def test_a_code_opens_the_recordings_of_its_own_room_only(site, hall, database):
    await put_on_tier(database, hall.people["account"].holder_id, "session-organiser")
    other = await a_room(database, hall.people["account"], "Other", access_code=CODE)
    theirs = await a_recording(database, hall.people["account"], other, visibility=Visibility.CODE)
    async with browser_of(site, hall, "guest with the code") as guest:
        answer = await guest.client.get(f"/recordings/{theirs.key}/presentation")
        assert answer.headers["location"] == f"/recordings/{theirs.key}"
