"""Different things to one room or one holder at the same moment: whatever the order, it ends in order."""

import itertools
from collections.abc import Awaitable

import httpx
import pytest

from app.meetings.models import UNFINISHED, EndReason, Meeting, MeetingState
from app.rooms.models import Room, RoomAddress
from tests.house import until
from tests.races.crowd import all_others_are_told, granted
from tests.races.doors import CROWD, TwoDoors, at_the_same_moment
from tests.races.test_limits import an_organisation, start_by_programs

pytestmark = pytest.mark.slow

# A start whose room is deleted meanwhile is told that the meeting could not be started.
UNAVAILABLE = frozenset({503})
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
        await browser.open(f"/admin/organisations/{organisation.id}")
        starts = [
            program.post(f"/rooms/{room.slug}/start", json={})
            for room, program in zip(rooms, itertools.cycle([one, two]), strict=False)
        ]

        async def lowered() -> httpx.Response:
            """In the middle of it."""
            await until(lambda: some_have_started(house, organisation.holder_id), "the first have started")
            return await browser.submit("/tier", tier="consumer", reason="a race", follow=False)

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
