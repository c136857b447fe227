"""Following BBB: what the round and the end callback agree on, and what neither may do."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.live import room_topic
from app.meetings.ending import end_meeting, mark_ended
from app.meetings.following import follow
from app.meetings.leaving import forget_consents
from app.meetings.models import Attendance, Consent, EndReason, Meeting, MeetingState
from app.rooms.models import Room
from app.rooms.service import delete_room
from app.servers.models import Server
from quotas.decisions import Granted
from tests.app.meetings.bbb import order
from tests.app.meetings.stories import enter, now
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, signed_in, start


@pytest.fixture
async def running(site, database):
    """A running meeting of Ada's."""
    ada = await a_person(database)
    return await start(site, await a_room(database, ada, address="the-place"), ada)


async def callback(site, meeting, token=None):
    async with new_person(site) as server:
        path = f"/callbacks/meetings/{meeting.external_id}/{token or meeting.callback_token}/ended"
        return await server.client.get(
            path, params={"meetingID": meeting.external_id, "recordingmarks": "false"}
        )


async def test_a_round_counts_the_people_and_keeps_the_peak(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=4)
    await follow(database, site.state.servers)
    assert (await now(database, running)).people_now == 4
    await order(simulator, "leave", meetingID=running.external_id, count=3)
    await simulator.advance(61)
    await follow(database, site.state.servers)
    meeting = await now(database, running)
    assert (meeting.people_now, meeting.peak_people) == (1, 4)


async def test_a_meeting_that_is_gone_from_an_answering_server_has_ended(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    await follow(database, site.state.servers)
    await order(simulator, "restart")
    await follow(database, site.state.servers)
    meeting = await now(database, running)
    assert (meeting.state, meeting.end_reason) == (MeetingState.ENDED, EndReason.GONE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["error-500", "nonsense", "dropped", "checksum-refused"])
async def test_a_server_that_does_not_answer_makes_meetings_unknown_and_never_ended(
    site, database, simulator, running, kind
):
    await order(simulator, "faults", kind=kind)
    await follow(database, site.state.servers)
    await follow(database, site.state.servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "Unknown" in guest.words
        assert "does not answer us" in guest.words
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "Running" in guest.words
    async with database.transaction() as session:
        server = await session.scalar(select(Server))
    assert (server.failing_since, server.failure) == (None, None)


@pytest.mark.parametrize("kind", ["broken-xml", "thousands"])
async def test_a_round_bears_what_servers_are_known_for(site, database, simulator, running, kind):
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    await order(simulator, "faults", kind=kind)
    await follow(database, site.state.servers)
    assert (await now(database, running)).people_now == 2


@pytest.mark.slow
async def test_one_round_asks_the_server_once(site, database, simulator):
    people = [await a_person(database, f"p{number}@example.org") for number in range(5)]
    for person in people:
        await start(site, await a_room(database, person, "Room"), person)
    asked = []
    from bbb_client.client import BBBClient

    class Counting(BBBClient):
        async def list_meetings(self):
            asked.append("getMeetings")
            return await super().list_meetings()

    kept = site.state.servers.client
    site.state.servers.client = Counting(kept.server)
    try:
        await follow(database, site.state.servers)
    finally:
        await site.state.servers.client.aclose()
        site.state.servers.client = kept
    assert asked == ["getMeetings"]


async def test_the_end_callback_ends_the_meeting_and_may_come_twice(site, database, running):
    for _ in range(2):
        assert (await callback(site, running)).status_code == 200
    meeting = await now(database, running)
    assert meeting.state == MeetingState.ENDED
    ended_at = meeting.ended_at
    assert (await callback(site, running)).status_code == 200
    assert (await now(database, running)).ended_at == ended_at


@pytest.mark.parametrize("token", ["wrong", "é", "x" * 2000])
async def test_a_forged_end_callback_changes_nothing(site, database, running, token):
    assert (await callback(site, running, token)).status_code == 404
    assert (await now(database, running)).state == MeetingState.RUNNING


async def test_the_callback_and_the_round_agree(site, database, simulator, running, move_clock):
    await order(simulator, "connect", meetingID=running.external_id, count=1)
    await follow(database, site.state.servers)
    await move_clock(minutes=60, seconds=2)
    await callback(site, running)
    first = await now(database, running)
    await follow(database, site.state.servers)
    assert (await now(database, running)).ended_at == first.ended_at
    assert first.end_reason == EndReason.TIME_UP


async def test_a_meeting_whose_callback_was_lost_ends_by_its_terms(
    site, database, simulator, running, move_clock
):
    await order(simulator, "connect", meetingID=running.external_id, count=1)
    await follow(database, site.state.servers)
    await move_clock(minutes=75)
    await follow(database, site.state.servers)
    meeting = await now(database, running)
    assert meeting.end_reason == EndReason.TIME_UP
    assert meeting.ended_at == meeting.started_at + timedelta(minutes=60)


async def test_the_room_says_why_it_ended_and_when_it_can_start_again(
    site, database, simulator, running, move_clock
):
    await order(simulator, "connect", meetingID=running.external_id, count=1)
    await follow(database, site.state.servers)
    await move_clock(minutes=61)
    await follow(database, site.state.servers)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "its time of 1 h was used up" in guest.words
        assert "It can start again" in guest.words
        assert "at any time" not in guest.words


@pytest.mark.slow
async def test_a_meeting_to_which_nobody_came_says_so(site, database, simulator, running, move_clock):
    for _ in range(7):
        await move_clock(seconds=52)
        await follow(database, site.state.servers)
    assert (await now(database, running)).end_reason == EndReason.NOBODY_CAME


async def test_what_is_started_while_the_server_is_asked_is_not_ended(site, database, simulator, running):
    async with database.transaction() as session:
        fresh = await session.get_one(Meeting, running.id)
        fresh.started_at = clock.now() + timedelta(seconds=1)
    await order(simulator, "restart")
    await follow(database, site.state.servers)
    assert (await now(database, running)).state == MeetingState.RUNNING


async def test_who_was_there_is_forgotten_when_the_meeting_ends(site, database, running):
    async with database.transaction() as session:
        session.add(
            Attendance(
                meeting_id=running.id, participant="g-1", name="Gil", is_host=False, sent_at=clock.now()
            )
        )
    async with database.transaction() as session:
        await mark_ended(session, running.external_id, at=clock.now())
        assert await session.scalar(select(func.count()).select_from(Attendance)) == 0


async def test_a_host_ends_the_meeting_for_everyone(site, database, simulator, running):
    async with database.transaction() as session:
        ada = await session.get_one(type(await a_person(database, "x@example.org")), running.started_by)
    async with signed_in(site, ada) as person:
        await person.open("/r/the-place")
        await person.submit("/end")
        assert "The host ended the meeting" in person.words
    await simulator.advance(2)
    assert await site.state.servers.client.get_meetings() == ()


@pytest.mark.slow
async def test_an_end_that_bbb_did_not_hear_is_asked_for_again(site, database, simulator, running):
    from app.meetings.starting import ServerSilentError

    await order(simulator, "faults", kind="error-500", call="end")
    with pytest.raises(ServerSilentError):
        await end_meeting(database, site.state.servers, running.id, EndReason.BY_HOST)
    assert (await now(database, running)).state == MeetingState.RUNNING
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    meeting = await now(database, running)
    assert (meeting.state, meeting.end_reason) == (MeetingState.ENDED, EndReason.BY_HOST)
    await simulator.advance(2)
    assert await site.state.servers.client.get_meetings() == ()


async def test_a_deleted_rooms_meeting_is_ended_by_the_next_round(site, database, simulator, running):
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, running.room_id))
    await follow(database, site.state.servers)
    meeting = await now(database, running)
    assert (meeting.room_id, meeting.end_reason) == (None, EndReason.ROOM_DELETED)
    await simulator.advance(2)
    assert await site.state.servers.client.get_meetings() == ()


async def test_a_recording_callback_is_verified(site, database, simulator):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    meeting = await start(site, await a_room(database, bela, record=True), bela)
    path = f"/callbacks/meetings/{meeting.external_id}/{meeting.callback_token}/recording"
    async with new_person(site) as server:
        forged = await server.client.post(path, data={"signed_parameters": "a.b.c"})
        missing = await server.client.post(path)
        elsewhere = await server.client.post(path.replace(meeting.callback_token, "wrong"))
    assert forged.status_code in {400, 401}
    assert missing.status_code in {400, 401}
    assert elsewhere.status_code == 404


async def test_consents_go_when_nothing_is_recorded_and_stay_while_something_is(site, database, move_clock):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    for name in ("Kept", "Gone"):
        meeting = await start(site, await a_room(database, bela, name, record=True), bela)
        await move_clock(minutes=1)
        await end_meeting(database, site.state.servers, meeting.id, EndReason.BY_HOST)
        async with database.transaction() as session:
            session.add(
                Consent(
                    meeting_id=meeting.id, participant="g-1", name=name, language="en", agreed_at=clock.now()
                )
            )
            if name == "Gone":
                (await session.get_one(Meeting, meeting.id)).reserved_bytes = 0
    await move_clock(days=31)
    async with database.transaction() as session:
        await forget_consents(session)
        assert [*await session.scalars(select(Consent.name))] == ["Kept"]


@pytest.mark.slow
async def test_who_waits_for_a_place_hears_when_someone_never_came(site, database, running, move_clock):
    for number in range(9):
        await enter(database, running, number)
    await follow(database, site.state.servers)
    with site.state.switchboard.audience.subscribed(room_topic(running.room_id)) as ear:
        while not site.state.switchboard.is_listening:
            await asyncio.sleep(0.02)
        await ear.wait(0.3)
        await move_clock(seconds=61)
        await follow(database, site.state.servers)
        assert await ear.wait(2)
    assert isinstance(await enter(database, running, "late"), Granted)


async def test_only_hosts_end_a_meeting(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    chidi = await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin", chidi="host")
    room = await a_room(database, ada, address="the-place", holder_id=made.holder_id)
    meeting = await start(site, room, ada)
    for person, status in ((chidi, 403), (bela, 303)):
        async with signed_in(site, person) as browser:
            await browser.open("/rooms/new")
            token = browser.form("/rooms/new").fields["form_token"]
            page = await browser.client.post("/r/the-place/end", data={"form_token": token})
            assert page.status_code == status
    async with database.transaction() as session:
        ended = await session.get_one(type(meeting), meeting.id)
    assert (ended.state, ended.end_reason) == ("ended", "by_host")
