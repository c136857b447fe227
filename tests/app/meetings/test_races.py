"""What happens when a start meets a deletion, an end, or a round that has given it up."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from app import clock
from app.errors import NotFoundError
from app.meetings.ending import end_meeting
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.meetings.reservation import Start, reserve
from app.meetings.starting import EndedMeanwhileError
from app.rooms.models import Room
from app.rooms.service import delete_room
from tests.factories import ADDRESSES, a_person, a_room, meeting_by, signed_in, start

A_MOMENT = 0.3


async def deleted(database, room):
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, room.id))


async def at_bbb(site, simulator):
    await simulator.advance(2)
    return await site.state.servers.client.get_meetings()


@pytest.mark.slow
async def test_a_room_that_is_deleted_while_its_meeting_is_reserved_takes_the_meeting_along(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    server_id = (await site.state.servers.choose(database)).id
    async with database.transaction() as session:
        reserved = await reserve(session, server_id, Start(room.id, ada.id), ADDRESSES)
        deletion = asyncio.create_task(deleted(database, room))
        await asyncio.sleep(A_MOMENT)
        assert not deletion.done()
    await deletion
    meeting = await meeting_by(database, reserved.id)
    assert (meeting.room_id, meeting.end_asked) == (None, EndReason.ROOM_DELETED)


@pytest.mark.slow
async def test_a_start_that_waited_for_the_rooms_deletion_finds_nothing(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, room.id))
        starting = asyncio.create_task(start(site, room, ada))
        await asyncio.sleep(A_MOMENT)
        assert not starting.done()
    with pytest.raises(NotFoundError):
        await starting


async def test_of_two_deletions_at_the_same_moment_one_finds_nothing(database):
    room = await a_room(database, await a_person(database))
    done = await asyncio.gather(*(deleted(database, room) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["NoneType", "NotFoundError"]


@pytest.mark.slow
async def test_what_is_ended_while_bbb_makes_it_does_not_run_on_there(site, database, simulator):
    ada = await a_person(database)
    room = await a_room(database, ada)
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        await control.post("faults", json={"kind": "slow", "call": "create", "seconds": 1})
    starting = asyncio.create_task(start(site, room, ada))
    await asyncio.sleep(A_MOMENT)
    async with database.transaction() as session:
        meeting_id = await session.scalar(select(Meeting.id).where(Meeting.state == MeetingState.STARTING))
    await end_meeting(database, site.state.servers, meeting_id, EndReason.BY_HOST)
    with pytest.raises(EndedMeanwhileError):
        await starting
    assert (await meeting_by(database, meeting_id)).state == MeetingState.ENDED
    assert await at_bbb(site, simulator) == ()


@pytest.mark.slow
async def test_whoever_starts_what_is_ended_meanwhile_is_told_so_and_so_is_who_waits_for_it(
    site, database, simulator
):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        await control.post("faults", json={"kind": "slow", "call": "create", "seconds": 1})
    async with signed_in(site, ada) as first, signed_in(site, ada) as second:
        for person in (first, second):
            await person.open("/r/the-place")
        starting = asyncio.create_task(first.submit("/start"))
        await asyncio.sleep(A_MOMENT)
        waiting = asyncio.create_task(second.submit("/start"))
        await asyncio.sleep(A_MOMENT)
        async with database.transaction() as session:
            meeting_id = await session.scalar(select(Meeting.id).where(Meeting.room_id == room.id))
        await end_meeting(database, site.state.servers, meeting_id, EndReason.BY_HOST)
        for answer, person in ((await starting, first), (await waiting, second)):
            assert answer.status_code == 409
            assert "The meeting was ended while it was starting" in person.words
            assert "does not answer" not in person.words


async def became(database, meeting, state, **columns):
    async with database.transaction() as session:
        over = clock.now() - timedelta(seconds=20)
        await session.execute(
            update(Meeting).where(Meeting.id == meeting.id).values(state=state, ended_at=over, **columns)
        )


@pytest.mark.parametrize(
    ("state", "asked", "left"),
    [(MeetingState.FAILED, None, 0), (MeetingState.ENDED, "by_host", 0), (MeetingState.ENDED, None, 1)],
)
async def test_what_bbb_made_after_it_was_given_up_is_ended_there(
    site, database, simulator, state, asked, left
):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    await became(database, meeting, state, end_asked=asked)
    await follow(database, site.state.servers)
    assert len(await at_bbb(site, simulator)) == left
