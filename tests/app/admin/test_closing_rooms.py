"""One room can be closed; a ban closes a person's own rooms and none of an organisation's."""

import pytest

from app.admin.bans import ban
from app.admin.room_closing import close_room
from app.errors import GuildhallError
from app.meetings.models import Meeting, MeetingState
from app.memberships.refusals import RefusedError
from app.rooms.models import Room
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, meeting_by, signed_in, start, viewer


@pytest.fixture
async def olu(database):
    """An operator."""
    return await a_person(database, "olu@example.org", name="Olu", is_operator=True)


async def test_one_room_is_closed_with_a_reason_and_its_meeting_ends(site, database, olu):
    ada = await a_person(database, tier="session-organiser")
    room, other = await a_room(database, ada, "Hall"), await a_room(database, ada, "Attic")
    meeting = await start(site, room, ada)
    async with signed_in(site, olu) as at_olu_s:
        await at_olu_s.open(f"/admin/rooms/{room.id}/close")
        assert "Close “Hall”?" in at_olu_s.words
        await at_olu_s.submit("/close", reason="")
        assert at_olu_s.page.status_code == 422
        await at_olu_s.submit("/close", reason="Sold places.")
        assert "The room is closed, and its meeting ends in a moment." in at_olu_s.words
    assert (await meeting_by(database, meeting.id)).end_asked is not None
    async with database.transaction() as session:
        (await session.get_one(Meeting, meeting.id)).state = MeetingState.FAILED
    with pytest.raises(RefusedError):
        await start(site, room, ada)
    assert await start(site, other, ada)
    async with new_person(site) as guest, signed_in(site, ada) as host:
        await guest.open("/r/hall")
        assert "This room is closed." in guest.words
        assert "Sold places." not in guest.words
        await host.open("/r/hall")
        assert "Sold places." in host.words
    async with signed_in(site, olu) as at_olu_s:
        await at_olu_s.open("/admin/rooms")
        await at_olu_s.submit(f"/admin/rooms/{room.id}/open")
        assert "The room is open again." in at_olu_s.words


async def test_a_ban_leaves_an_organisation_s_rooms_open(site, database, olu):
    chidi = await a_person(database, "chidi@example.org")
    dolors = await a_person(database, "dolors@example.org")
    riverside = await an_organisation(database, "Riverside Housing", "consumer", chidi="host", dolors="admin")
    room = await a_room(database, chidi, "Assembly", holder_id=riverside.holder_id)
    own = await a_room(database, chidi, "Own")
    running = await start(site, room, chidi)
    async with database.transaction() as session:
        await ban(session, viewer(olu), chidi.id, "Rude.")
    assert (await meeting_by(database, running.id)).end_asked is None
    async with signed_in(site, dolors) as admin:
        await admin.open("/r/assembly")
        assert "This room is closed." not in admin.words
        await admin.open("/r/own")
        assert "This room is closed." in admin.words
    with pytest.raises(RefusedError):
        await start(site, own, chidi)


async def test_who_is_no_operator_any_more_closes_nothing(database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    with pytest.raises(GuildhallError):
        async with database.transaction() as session:
            await close_room(session, viewer(ada), room.id, "Mine now.")
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).closed_at is None
