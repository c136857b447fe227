"""Starting: reserve, call, confirm; the limits hold under concurrency and faults."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select

from app import clock
from app.meetings.ending import end_meeting
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.meetings.starting import ServerRefusedError, ServerSilentError
from app.memberships.refusals import RefusedError
from tests.factories import a_person, a_room, an_organisation, meeting_by, put_on_tier, start


async def fault(simulator, **order):
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        (await control.post("faults", json=order)).raise_for_status()


async def bbb_meetings(simulator):
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        return (await control.get("state")).json()["meetings"]


async def states(database):
    async with database.transaction() as session:
        return [*await session.scalars(select(Meeting.state).order_by(Meeting.id))]


async def test_the_granted_terms_go_to_bbb_and_are_kept_with_the_meeting(site, database, simulator):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    assert (meeting.state, meeting.minutes, meeting.people) == (MeetingState.RUNNING, 60, 10)
    assert (meeting.tier, meeting.recorded, meeting.started_by) == ("free", False, ada.id)
    info = await site.state.servers.client.get_meeting_info(meeting.external_id)
    assert (info.duration_minutes, info.max_users, info.recording) == (60, 10, False)
    assert info.create_time == meeting.create_time
    assert info.metadata["endcallbackurl"].endswith(f"/{meeting.callback_token}/ended")
    assert "recording-ready" not in str(dict(info.metadata))


async def test_a_recorded_meeting_keeps_its_space_free_and_is_as_long_as_fits(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    meeting = await start(site, await a_room(database, bela, record=True), bela)
    assert meeting.recorded
    assert (meeting.minutes, meeting.reserved_bytes) == (120, 1_000_000_000)
    info = await site.state.servers.client.get_meeting_info(meeting.external_id)
    assert "/recording" in info.metadata["bbb-recording-ready-url"]


async def test_recording_on_the_free_tier_is_refused_and_can_be_left_out(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, record=True)
    with pytest.raises(RefusedError) as refused:
        await start(site, room, ada)
    assert refused.value.code == "limit.recording_off"
    assert refused.value.explanation.helps[0][0] == "Start without recording"
    assert not (await start(site, room, ada, record=False)).recorded


async def test_two_recorded_meetings_are_never_promised_the_same_gigabyte(site, database):
    people = [await a_person(database, f"p{number}@example.org") for number in range(2)]
    made = await an_organisation(database, "Riverside", "consumer", p0="host", p1="host")
    rooms = [
        await a_room(database, people[number % 2], f"Room {number}", holder_id=made.holder_id, record=True)
        for number in range(4)
    ]
    results = await asyncio.gather(*(start(site, room) for room in rooms), return_exceptions=True)
    granted = [result for result in results if isinstance(result, Meeting)]
    assert sum(meeting.reserved_bytes for meeting in granted) <= 6_000_000_000
    assert all(isinstance(result, Meeting | RefusedError) for result in results)


async def test_two_who_start_one_room_at_the_same_moment_get_one_meeting(site, database, simulator):
    ada = await a_person(database)
    room = await a_room(database, ada)
    meetings = await asyncio.gather(*(start(site, room, ada) for _ in range(10)))
    assert len({meeting.id for meeting in meetings}) == 1
    assert all(meeting.state == MeetingState.RUNNING for meeting in meetings)
    assert len(await bbb_meetings(simulator)) == 1


@pytest.mark.slow
async def test_fifty_simultaneous_starts_end_exactly_at_the_limit_of_meetings_at_once(site, database):
    hosts = {f"p{number}": "host" for number in range(3)}
    for first in hosts:
        await a_person(database, f"{first}@example.org")
    made = await an_organisation(database, "Riverside", "consumer", **hosts)
    async with database.transaction() as session:
        from app.accounts.models import User

        people = [*await session.scalars(select(User).order_by(User.id))]
    rooms = [
        await a_room(database, people[number % 3], f"Room {number}", holder_id=made.holder_id)
        for number in range(50)
    ]
    results = await asyncio.gather(*(start(site, room) for room in rooms), return_exceptions=True)
    assert sum(isinstance(result, Meeting) for result in results) == 6
    refused = [result for result in results if isinstance(result, RefusedError)]
    assert len(refused) == 44
    assert {error.code for error in refused} == {"limit.at_once"}
    assert all(error.refused.frees_at is not None for error in refused)


async def test_a_guest_who_starts_a_room_draws_on_its_holders_limits(site, database):
    ada = await a_person(database)
    await put_on_tier(database, ada.holder_id, "session-organiser")
    first = await a_room(database, ada, "First", who_may_start="anyone")
    second = await a_room(database, ada, "Second", who_may_start="anyone")
    await start(site, first, None)
    with pytest.raises(RefusedError) as refused:
        await start(site, second, await a_person(database, "stranger@example.org"))
    assert refused.value.code == "limit.at_once"


@pytest.mark.slow
async def test_ending_at_minute_59_and_starting_again_does_not_buy_another_hour(
    site, database, simulator, move_clock
):
    ada = await a_person(database)
    room = await a_room(database, ada)
    first = await start(site, room, ada)
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        await control.post("connect", json={"meetingID": first.external_id, "name": "Ada"})
    await move_clock(minutes=58)
    await end_meeting(database, site.state.servers, first.id, EndReason.BY_HOST)
    second = await start(site, room, ada)
    assert (second.minutes, second.sitting_id) == (1, first.sitting_id)
    await move_clock(minutes=1, seconds=5)
    await follow(database, site.state.servers)
    assert (await meeting_by(database, second.id)).end_reason == EndReason.TIME_UP
    with pytest.raises(RefusedError) as refused:
        await start(site, room, ada)
    assert refused.value.code == "limit.sitting_spent"
    frees_at = refused.value.refused.frees_at
    assert timedelta(minutes=8) < frees_at - clock.now() <= timedelta(minutes=10)
    await move_clock(minutes=10, seconds=1)
    third = await start(site, room, ada)
    assert (third.minutes, third.sitting_id) == (60, third.external_id)


async def test_a_failed_start_gives_the_place_and_the_sitting_back(site, database, simulator):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="checksum-refused", call="create", times=1)
    with pytest.raises(ServerRefusedError):
        await start(site, room, ada)
    assert await states(database) == [MeetingState.FAILED]
    assert (await start(site, room, ada)).minutes == 60


async def test_a_server_that_cannot_be_reached_frees_the_place_at_once(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    servers = site.state.servers
    from bbb_client.client import BBBClient, Retries
    from bbb_client.server import Server

    kept, servers.client = (
        servers.client,
        BBBClient(Server("http://127.0.0.1:9/", "x"), retries=Retries(attempts=1)),
    )
    try:
        with pytest.raises(ServerSilentError):
            await start(site, room, ada)
    finally:
        servers.client = kept
    assert await states(database) == [MeetingState.FAILED]


@pytest.mark.slow
async def test_a_meeting_that_bbb_made_without_our_hearing_of_it_is_adopted(site, database, simulator):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="answer-lost", call="create")
    with pytest.raises(ServerSilentError):
        await start(site, room, ada)
    assert await states(database) == [MeetingState.STARTING]
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    assert await states(database) == [MeetingState.RUNNING]
    assert (await start(site, room, ada)).minutes == 60


@pytest.mark.slow
async def test_a_start_whose_process_died_is_given_up_after_a_minute(site, database, simulator, move_clock):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="error-500", call="create")
    with pytest.raises(ServerSilentError):
        await start(site, room, ada)
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    assert await states(database) == [MeetingState.STARTING]
    await move_clock(seconds=61)
    await follow(database, site.state.servers)
    assert await states(database) == [MeetingState.FAILED]


async def test_a_banned_hosts_room_is_not_started(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    async with database.transaction() as session:
        (await session.get_one(type(ada), ada.id)).banned_at = clock.now()
    with pytest.raises(RefusedError) as refused:
        await start(site, room, None)
    assert refused.value.code == "limit.holder_banned"


async def reserved(database):
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Meeting))


@pytest.mark.slow
async def test_no_connection_is_held_while_bbb_is_asked(site, database, simulator):
    people = [await a_person(database, f"p{number}@example.org") for number in range(12)]
    rooms = [await a_room(database, person, f"Room {number}") for number, person in enumerate(people)]
    await fault(simulator, kind="slow", call="create", seconds=4.0)
    # Twelve starts wait for BBB at once, on a pool of eight connections: others are served meanwhile.
    starts = [asyncio.create_task(start(site, room)) for room in rooms]
    async with asyncio.timeout(3.5):
        while await reserved(database) < 12:
            await asyncio.sleep(0.05)
    assert not any(task.done() for task in starts)
    meetings = await asyncio.gather(*starts)
    assert {meeting.state for meeting in meetings} == {MeetingState.RUNNING}


async def test_a_room_above_the_cap_after_a_downgrade_rests(site, database, move_clock):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    old = await a_room(database, bela, "Old")
    await move_clock(minutes=1)
    new = await a_room(database, bela, "New")
    await move_clock(minutes=1)
    await put_on_tier(database, bela.holder_id, "free")
    with pytest.raises(RefusedError) as refused:
        await start(site, old, bela)
    assert refused.value.code == "limit.room_read_only"
    assert (await meeting_by(database, (await start(site, new, bela)).id)).minutes == 60
