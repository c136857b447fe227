"""A BBB that was restarted, or whose list lacks a meeting."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.meetings.following import follow
from app.meetings.missing import APART
from app.meetings.models import EndReason, Meeting, MeetingState
from app.memberships.models import Tier
from bbb_client.simulator import running_simulator
from tests.app.meetings.bbb import order
from tests.app.meetings.stories import MINUTE, foreign_meeting, now, server_of
from tests.conftest import SECRET
from tests.factories import a_person, a_room, start

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["nonsense", "checksum-refused"])
async def test_after_a_restart_a_meeting_ended_when_it_was_first_missed(
    site, database, simulator, running, move_clock, kind
):
    await move_clock(minutes=4)
    await follow(database, site.state.servers)
    await move_clock(seconds=30)
    await order(simulator, "restart")
    await order(simulator, "faults", kind=kind, call="getMeetingInfo")
    before = clock.now()
    await follow(database, site.state.servers)
    missed = await now(database, running)
    assert (missed.state, missed.missing_since >= before) == (MeetingState.RUNNING, True)
    simulator.world.faults.clear()
    await move_clock(minutes=3)
    await follow(database, site.state.servers)
    ended = await now(database, running)
    assert (ended.state, ended.ended_at) == (MeetingState.ENDED, missed.missing_since)


async def test_a_sitting_is_not_charged_for_the_time_in_which_nobody_saw_its_meeting(
    site, database, simulator, running, move_clock
):
    await order(simulator, "connect", meetingID=running.external_id, count=1)
    for _ in range(5):
        await move_clock(minutes=1)
        await follow(database, site.state.servers)
    await order(simulator, "faults", kind="nonsense")
    await order(simulator, "restart")
    for _ in range(4):
        await move_clock(minutes=10)
        await follow(database, site.state.servers)
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    ended = await now(database, running)
    assert (ended.state, ended.end_reason) == (MeetingState.ENDED, EndReason.GONE)
    assert 5 * MINUTE <= ended.ended_at - ended.started_at <= 6 * MINUTE


async def test_a_list_that_lacks_a_meeting_does_not_end_it(database, simulator, running, astray):
    servers, detour = astray
    async with running_simulator(secret=SECRET) as empty:
        detour.lead(empty, "getMeetings")
        for _ in range(2):
            await follow(database, servers)
            assert (await now(database, running)).state == MeetingState.RUNNING
    assert detour.asked == ["getMeetings", "getMeetingInfo"] * 2
    assert (await now(database, running)).missing_since is None


class FakeSite:
    """What `start` takes of a site."""

    def __init__(self, database, servers):
        self.state = type("State", (), {"database": database, "servers": servers})


async def test_many_missing_meetings_are_asked_for_in_small_numbers(database, simulator, astray):
    servers, detour = astray
    ada = await a_person(database)
    async with database.transaction() as session:
        await session.execute(update(Tier).values(rooms_per_host=None, at_once_per_host=None))
    for number in range(23):
        await start(FakeSite(database, servers), await a_room(database, ada, f"Room {number}"), ada)
    await order(simulator, "restart")
    detour.asked.clear()
    await follow(database, servers)
    assert detour.asked.count("getMeetingInfo") == 20
    await follow(database, servers)
    async with database.transaction() as session:
        states = set(await session.scalars(select(Meeting.state)))
    assert states == {MeetingState.ENDED}


async def test_a_shared_server_that_was_restarted_says_twice_that_ours_are_gone(
    site, database, simulator, running, move_clock
):
    await follow(database, site.state.servers)
    await order(simulator, "restart")
    await foreign_meeting(simulator)
    before = clock.now()
    await follow(database, site.state.servers)
    await move_clock(seconds=APART.total_seconds() - 10)
    await follow(database, site.state.servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    await move_clock(seconds=15)
    await follow(database, site.state.servers)
    ended = await now(database, running)
    assert ended.state == MeetingState.ENDED
    assert before <= ended.ended_at <= before + timedelta(seconds=5)
    await follow(database, site.state.servers)
    assert (await server_of(database)).failing_since is None
