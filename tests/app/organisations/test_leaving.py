"""An organisation's rooms survive their host, who leaves, is removed or deletes their account: also in a meeting."""

import asyncio

import pytest

from app import clock
from app.accounts.deletion import StillNeededError, delete_account
from app.accounts.models import User
from app.meetings.models import MeetingState
from app.memberships.limits import standing_of
from app.organisations.leaving import let_go
from app.organisations.models import HostRole, OrganisationHost
from app.organisations.service import change_role, find_organisation
from app.organisations.shares import share_of
from app.recordings.models import Recording
from app.rooms.models import Room
from tests.app.recordings.rows import a_recording
from tests.factories import a_room, meeting_by, signed_in, start

A_MOMENT = 0.3
HOUR = 500_000_000


async def test_a_running_meeting_goes_on_when_its_host_is_removed_and_is_the_heir_s(
    site, database, ada, bea, riverside
):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    meeting = await start(site, room, bea, record=True, minutes=60)
    async with database.transaction() as session:
        await let_go(session, await find_organisation(session, riverside.id), bea.id, ada.id)
    after = await meeting_by(database, meeting.id)
    assert (after.state, after.holder_id) == (MeetingState.RUNNING, riverside.holder_id)
    async with database.transaction() as session:
        share = await share_of(session, await standing_of(session, riverside.holder_id), ada.id)
        assert share.share.reserved_bytes == HOUR
    async with signed_in(site, bea) as person:
        await person.open(f"/r/{room.slug}")
        assert "End the meeting" not in person.words
    async with signed_in(site, ada) as person:
        await person.open(f"/r/{room.slug}")
        assert "End the meeting" in person.words


async def test_rooms_and_recordings_survive_the_account_of_their_host(database, ada, bea, riverside):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    recording = await a_recording(database, bea, room, bytes=HOUR)
    async with database.transaction() as session:
        await delete_account(session, bea.id)
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).host_id == ada.id
        kept = await session.get_one(Recording, recording.id)
        assert (kept.host_id, kept.wanted) == (ada.id, None)
        assert (await session.get_one(OrganisationHost, (riverside.id, ada.id))).stored_bytes == HOUR


async def test_a_banned_admin_is_none_to_leave_everything_to(at_ada_s, database, ada, bea, riverside):
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).role = "admin"
        (await session.get_one(User, bea.id)).banned_at = clock.now()
    await at_ada_s.open("/organisations/riverside-housing/leave")
    await at_ada_s.submit("/leave")
    assert "You are its only admin. Make someone else an admin first." in at_ada_s.words
    with pytest.raises(StillNeededError):
        async with database.transaction() as session:
            await delete_account(session, ada.id)


@pytest.mark.slow
async def test_an_account_stays_while_the_last_other_admin_steps_down(database, ada, bea, riverside):
    async with database.transaction() as session:
        await change_role(session, await find_organisation(session, riverside.id), bea.id, HostRole.ADMIN)

    async def goodbye() -> None:
        async with database.transaction() as session:
            await delete_account(session, ada.id)

    async with database.transaction() as session:
        await change_role(session, await find_organisation(session, riverside.id), bea.id, HostRole.HOST)
        going = asyncio.create_task(goodbye())
        await asyncio.sleep(A_MOMENT)
        assert not going.done()
    with pytest.raises(StillNeededError):
        await going
