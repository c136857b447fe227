"""kill -9 of the worker in the middle of everything: the next one does it all, once."""

import asyncio

import httpx
import pytest
from sqlalchemy import select

from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder
from app.recordings.models import Recording
from app.recordings.service import delete_recording, trash_recording
from app.recordings.syncing import ask_about
from app.rooms.models import Room
from tests.house import until
from tests.races.doors import TwoDoors
from tests.races.test_limits import an_organisation

pytestmark = pytest.mark.slow

# A worker that says nothing for 20 s is taken over by the next one, which looks every 10 s; some tasks come once a
# minute.
TAKEN_OVER = 90.0
IN_THE_MIDDLE_OF = ("getMeetings", "getRecordings", "deleteRecordings")


async def record_a_meeting(house: TwoDoors, program: httpx.AsyncClient, room: Room) -> Meeting:
    """A recorded meeting of two minutes, which has ended and which BBB has processed."""
    await program.post(f"/rooms/{room.slug}/start", json={"record": True, "minutes": 60})
    meeting = (await house.meetings(Meeting.room_id == room.id))[-1]
    await house.bbb("POST", "connect", meetingID=meeting.external_id, role="MODERATOR")
    await house.bbb("POST", "recording", meetingID=meeting.external_id)
    await house.move_clock(2)
    assert (await program.post(f"/rooms/{room.slug}/end")).status_code == httpx.codes.OK
    await house.move_clock(3)
    return (await house.meetings(Meeting.id == meeting.id))[0]


async def test_in_the_middle_of_a_round_of_a_sync_and_of_a_deletion(house: TwoDoors):
    ada, organisation, rooms = await an_organisation(house, "Printers", "co-producer", hosts=1, rooms=3)
    async with await house.program(ada, "door-1") as program:
        deleted = await record_a_meeting(house, program, rooms[0])
        await ask_about(house.database, house.servers, [deleted.external_id])
        async with house.database.transaction() as session:
            found = await session.scalar(select(Recording).where(Recording.meeting_id == deleted.id))
            await trash_recording(session, found)
            await delete_recording(session, found)
        arrives = await record_a_meeting(house, program, rooms[1])
        await program.post(f"/rooms/{rooms[2].slug}/start", json={})
        lost = (await house.meetings(Meeting.room_id == rooms[2].id))[-1]

    for call in IN_THE_MIDDLE_OF:
        await house.bbb("POST", "faults", kind="slow", call=call, seconds=60, times=1)
    await asyncio.to_thread(house.work)
    await until(lambda: all_are_asked(house), "the worker is in the middle of all three", within=TAKEN_OVER)
    house.kill("worker")
    assert (await house.meetings(Meeting.id == lost.id))[0].state == MeetingState.RUNNING
    await house.bbb("POST", "restart")
    await asyncio.to_thread(house.work)

    async def all_is_done() -> bool:
        meeting = (await house.meetings(Meeting.id == lost.id))[0]
        kept = await recordings_of(house, organisation.holder_id)
        return meeting.state == MeetingState.ENDED and [each.meeting_id for each in kept] == [arrives.id]

    await until(all_is_done, "the next worker has done all three", within=TAKEN_OVER)
    kept = await recordings_of(house, organisation.holder_id)
    async with house.database.transaction() as session:
        holder = await session.get_one(Holder, organisation.holder_id)
    assert holder.stored_bytes == sum(recording.bytes for recording in kept) > 0
    at_bbb = {each["meetingID"]: each for each in (await house.bbb("GET", "state"))["recordings"]}
    assert at_bbb[arrives.external_id]["size"] == holder.stored_bytes
    assert at_bbb.get(deleted.external_id, {"state": "deleted"})["state"] == "deleted"


async def all_are_asked(house: TwoDoors) -> bool:
    return not any(order["kind"] == "slow" for order in (await house.bbb("GET", "faults"))["faults"])


async def recordings_of(house: TwoDoors, holder_id: int) -> list[Recording]:
    async with house.database.transaction() as session:
        return list(await session.scalars(select(Recording).where(Recording.holder_id == holder_id)))
