"""Different things to one room or one holder at the same moment: whatever the order, it ends in order."""

import asyncio
import itertools
from collections.abc import Awaitable, Iterable, Sequence

import httpx
import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.meetings.queries import use_of
from app.memberships.models import Holder
from app.recordings.models import Recording
from app.recordings.syncing import ask_about
from app.rooms.models import Room, RoomAddress
from tests.house import until
from tests.races.crowd import all_others_are_told, granted
from tests.races.doors import CROWD, TwoDoors, at_the_same_moment
from tests.races.test_limits import GIGABYTE, an_organisation, start_by_programs

pytestmark = pytest.mark.slow

# A start whose room is deleted meanwhile is told that the meeting could not be started.
UNAVAILABLE = frozenset({503})
STORAGE = 5 * GIGABYTE  # of a co-producer with one host
KIND = {200, 201, 204, 404, 409, 410} | UNAVAILABLE


async def ended(house: TwoDoors, meeting: Meeting, door: str) -> httpx.Response:
    """BBB's own end callback, at either door."""
    async with httpx.AsyncClient(base_url=house.address(door)) as bbb:
        path = f"/callbacks/meetings/{meeting.external_id}/{meeting.callback_token}/ended"
        return await bbb.get(path, params={"meetingID": meeting.external_id})


async def test_starts_a_deletion_ends_and_callbacks_of_one_room(house: TwoDoors):
    """Ten rooms, each started, ended, called back about and deleted by five at the same moment."""
    ada, organisation, rooms = await an_organisation(house, "Potters", "co-producer", hosts=1, rooms=10)
    await start_by_programs(house, ada, rooms)
    running = {meeting.room_id: meeting for meeting in await house.unfinished(organisation.holder_id)}
    assert len(running) == len(rooms)
    async with await house.program(ada, "door-1") as one, await house.program(ada, "door-2") as two:
        asked: list[Awaitable[httpx.Response]] = []
        for room, (first, second) in zip(rooms, itertools.cycle([(one, two), (two, one)]), strict=False):
            here = f"/rooms/{room.slug}"
            asked += [
                first.post(f"{here}/end"),
                ended(house, running[room.id], "door-2"),
                second.post(f"{here}/start", json={}),
                first.delete(here),
                second.post(f"{here}/start", json={}),
            ]
        answers = await at_the_same_moment(asked, but=UNAVAILABLE)
    assert {answer.status_code for answer in answers} <= KIND
    for _sweep in range(2):  # what came to BBB after the first one had looked is ended by the second
        await house.move_clock(1)
        await house.sweep()
    everything = await house.meetings(Meeting.holder_id == organisation.holder_id)
    left = {meeting.room_id: meeting for meeting in everything if meeting.state in UNFINISHED}
    gone = [room for room in rooms if not await house.count(Room.id == room.id)]
    # A deleted room has no meeting, here or there, and its link is nobody else's.
    assert not left.keys() - {room.id for room in rooms if room not in gone}
    at_bbb = {name for name in await house.at_bbb() if name in {each.external_id for each in everything}}
    assert at_bbb == {meeting.external_id for meeting in left.values()}
    for room in gone:
        assert await house.count(RoomAddress.slug == room.slug, RoomAddress.room_id.is_(None)) == 1
    for meeting in everything:
        assert meeting.state in {*UNFINISHED, MeetingState.ENDED, MeetingState.FAILED}
        if meeting.state == MeetingState.ENDED:
            assert meeting.started_at <= meeting.ended_at
            assert meeting.end_reason in set(EndReason)


async def test_a_tier_that_is_lowered_while_fifty_start(house: TwoDoors):
    """Whoever was granted before is kept; from the moment the tier is lowered, its limit decides."""
    ada, organisation, rooms = await an_organisation(house, "Smiths", "co-producer", hosts=3, rooms=CROWD)
    operator = await house.person("Olu", is_operator=True)
    browser = await house.browser("door-2", operator)
    async with (
        browser.client,
        await house.program(ada, "door-1") as one,
        await house.program(ada, "door-2") as two,
    ):
        await browser.open(f"/admin/holders/{organisation.holder_id}/membership/give")
        are_first = asyncio.Event()

        async def begun(number: int, program: httpx.AsyncClient) -> httpx.Response:
            """Half of them come when the first have started: who has come before goes first."""
            if number >= CROWD // 2:
                await are_first.wait()
            return await program.post(f"/rooms/{rooms[number].slug}/start", json={})

        starts = [
            begun(number, program)
            for number, program in zip(range(CROWD), itertools.cycle([one, two]), strict=False)
        ]

        async def lowered() -> httpx.Response:
            """In the middle of it."""
            await until(lambda: some_have_started(house, organisation.holder_id), "the first have started")
            are_first.set()
            return await browser.submit("/membership/give", tier="consumer", reason="a race", follow=False)

        answer, *answers = await at_the_same_moment([lowered(), *starts])
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text[:300]
    running = await house.unfinished(organisation.holder_id)
    assert len(granted(answers)) == len(running)
    all_others_are_told(answers, "at_once", "Another meeting is running")
    # In the order of their locks: as many as came before, then up to the six of the lower tier.
    before = sum(meeting.tier == "co-producer" for meeting in running)
    tiers = ["co-producer"] * before + ["consumer"] * max(0, 2 * 3 - before)
    assert [meeting.tier for meeting in running] == tiers
    assert 0 < before < CROWD


async def some_have_started(house: TwoDoors, holder_id: int) -> bool:
    return len(await house.unfinished(holder_id)) > 0


async def test_recordings_that_arrive_while_fifty_start(house: TwoDoors):
    """Ten meetings' recordings come in twice, in opposite orders; their storage is charged or free, never both."""
    ada, organisation, rooms = await an_organisation(house, "Dyers", "co-producer", hosts=1, rooms=10 + CROWD)
    recorded = await ended_recordings(house, ada, rooms[:10])
    reserved = sum(meeting.reserved_bytes for meeting in recorded)
    asked = {"record": True, "minutes": 20}

    async def arriving(meetings: Iterable[Meeting]) -> None:
        """One by one, so that they come between the starts."""
        for meeting in meetings:
            await ask_about(house.database, house.servers, [meeting.external_id])

    answers, *_done = await asyncio.gather(
        start_by_programs(house, ada, rooms[10:], **asked), arriving(recorded), arriving(recorded[::-1])
    )
    all_others_are_told(answers, "storage_full", "The recording would not fit")
    stored, kept_free = await storage_of(house, organisation.holder_id)
    ids = [meeting.id for meeting in recorded]
    # The last one was never recorded: it keeps its storage free.
    assert [each.reserved_bytes > 0 for each in await house.meetings(Meeting.id.in_(ids))] == [False] * 9 + [
        True
    ]
    assert await house.count(Recording.meeting_id.in_(ids)) == 9
    assert 0 < stored < reserved
    assert stored + kept_free <= STORAGE
    # What they had kept free and do not need is there for others, to the last recording that fits.
    each = max(meeting.reserved_bytes for meeting in await house.unfinished(organisation.holder_id))
    assert len(granted(answers)) >= (STORAGE - reserved) // each
    fits = (STORAGE - stored - kept_free) // each
    left = [room for room, answer in zip(rooms[10:], answers, strict=True) if answer.status_code == 409]
    assert len(left) > fits
    assert len(granted(await start_by_programs(house, ada, left, **asked))) == fits


async def ended_recordings(house: TwoDoors, host: User, rooms: Sequence[Room]) -> list[Meeting]:
    """Half an hour in each room, which BBB has recorded, but for the last one; the site does not know of it yet."""
    await start_by_programs(house, host, rooms, record=True, minutes=60)
    running = await house.meetings(Meeting.room_id.in_([room.id for room in rooms]))
    for meeting in running:
        await house.bbb("POST", "connect", meetingID=meeting.external_id, role="MODERATOR")
    for meeting in running[:-1]:
        await house.bbb("POST", "recording", meetingID=meeting.external_id)
    await house.move_clock(30)
    async with await house.program(host, "door-1") as program:
        await at_the_same_moment(program.post(f"/rooms/{room.slug}/end") for room in rooms)
    await house.move_clock(30)
    return await house.meetings(Meeting.id.in_([meeting.id for meeting in running]))


async def storage_of(house: TwoDoors, holder_id: int) -> tuple[int, int]:
    """What the holder's recordings take and what its meetings keep free; the kept total is the sum."""
    async with house.database.transaction() as session:
        holder = await session.get_one(Holder, holder_id)
        theirs = await session.scalars(select(Recording.bytes).where(Recording.holder_id == holder_id))
        use = await use_of(session, holder_id)
    assert holder.stored_bytes == use.stored_bytes == sum(theirs)
    return use.stored_bytes, use.reserved_bytes
