"""A BBB that does not answer, or does not do what it was told: its meetings keep to their terms."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.meetings.starting import ServerSilentError
from app.memberships.models import Tier
from app.memberships.refusals import RefusedError
from bbb_client.requests import CreateMeeting
from quotas.decisions import Reason
from tests.app.meetings.bbb import order, over_a_detour
from tests.app.meetings.stories import MINUTE, lives_at, now, passes, server_of, words_of
from tests.factories import start

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["checksum-refused", "dropped"])
async def test_an_hour_of_silence_ends_a_meeting_by_its_terms_and_bbb_hears_of_it(
    site, database, simulator, room, running, ada, kind
):
    await order(simulator, "faults", kind=kind)
    for minutes in (1, 30, 29):
        passes(minutes=minutes)
        await follow(database, site.state.servers)
        assert (await now(database, running)).state == MeetingState.RUNNING
    passes(minutes=1, seconds=1)
    await follow(database, site.state.servers)
    ended = await now(database, running)
    assert (ended.end_reason, ended.ended_at) == (EndReason.TIME_UP, ended.started_at + 60 * MINUTE)
    # BBB has slept: it would run the meeting on.
    assert lives_at(simulator, running)
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    await simulator.advance(2)
    assert not lives_at(simulator, running)
    assert (await now(database, running)).ended_at == ended.ended_at
    with pytest.raises(RefusedError) as refused:
        await start(site, room, ada)
    assert refused.value.refused.reason == Reason.SITTING_SPENT


async def test_an_answer_that_does_not_come_is_silence(database, simulator, running, settings, monkeypatch):
    monkeypatch.setattr("app.meetings.following.ANSWER_SECONDS", 0.2)
    await order(simulator, "faults", kind="slow", seconds=1, call="getMeetings")
    async with over_a_detour(settings) as (servers, _detour):
        await follow(database, servers)
    assert (await server_of(database)).failing_since is not None
    assert (await now(database, running)).state == MeetingState.RUNNING


async def test_a_meeting_without_an_end_is_given_up_after_a_day_of_silence_and_goes_on_after_it(
    site, database, simulator, room, ada
):
    async with database.transaction() as session:
        await session.execute(update(Tier).values(meeting_minutes=None))
    endless = await start(site, room, ada)
    await follow(database, site.state.servers)
    await order(simulator, "faults", kind="nonsense")
    await follow(database, site.state.servers)
    passes(hours=23, minutes=55)
    await follow(database, site.state.servers)
    assert (await now(database, endless)).state == MeetingState.RUNNING
    passes(minutes=10)
    await follow(database, site.state.servers)
    assert (await now(database, endless)).end_reason == EndReason.GONE
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    assert (await now(database, endless)).state == MeetingState.RUNNING


async def test_a_start_on_a_silent_server_does_not_keep_its_room_for_ever(
    site, database, simulator, room, ada
):
    await order(simulator, "faults", kind="answer-lost", call="create")
    await order(simulator, "faults", kind="nonsense", call="getMeetings")
    with pytest.raises(ServerSilentError):
        await start(site, room, ada)
    for minutes, state in ((4, MeetingState.STARTING), (2, MeetingState.FAILED)):
        passes(minutes=minutes)
        await follow(database, site.state.servers)
        async with database.transaction() as session:
            meeting = await session.scalar(select(Meeting))
        assert meeting.state == state
    # It was made after all: nobody is in, nobody waits for it.
    assert lives_at(simulator, meeting)
    simulator.world.faults.clear()
    passes(seconds=20)
    await follow(database, site.state.servers)
    await simulator.advance(2)
    assert not lives_at(simulator, meeting)


async def test_a_meeting_that_turns_up_after_it_was_given_up_is_ended(site, database, simulator, room, ada):
    await order(simulator, "faults", kind="nonsense", call="create")
    with pytest.raises(ServerSilentError):
        await start(site, room, ada)
    passes(seconds=61)
    await follow(database, site.state.servers)
    async with database.transaction() as session:
        lost = await session.scalar(select(Meeting))
    assert lost.state == MeetingState.FAILED
    simulator.world.faults.clear()
    second = await start(site, room, ada)
    await site.state.servers.client.create(CreateMeeting(meeting_id=lost.external_id, name="Late"))
    passes(seconds=20)
    await follow(database, site.state.servers)
    await simulator.advance(2)
    assert not lives_at(simulator, lost)
    assert lives_at(simulator, second)


async def test_a_meeting_that_bbb_forgets_to_end_is_ended_by_api(site, database, simulator, running):
    passes(minutes=60, seconds=50)
    await follow(database, site.state.servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    passes(seconds=11)
    await follow(database, site.state.servers)
    ended = await now(database, running)
    assert (ended.end_reason, ended.ended_at) == (EndReason.TIME_UP, ended.started_at + 60 * MINUTE)
    await simulator.advance(2)
    assert not lives_at(simulator, running)
    assert "its time of 1 h was used up" in await words_of(site)


@pytest.mark.parametrize("ahead", [5, -5])
async def test_a_clock_that_is_off_by_five_minutes_changes_neither_minutes_nor_order(
    site, database, simulator, room, ada, move_clock, ahead
):
    if ahead > 0:
        await simulator.advance(ahead * 60)
    else:
        passes(minutes=-ahead)
    first = await start(site, room, ada)
    assert abs(first.started_at - clock.now()) < timedelta(seconds=5)
    await order(simulator, "connect", meetingID=first.external_id, count=1)
    await move_clock(minutes=20)
    await follow(database, site.state.servers)
    assert "39 min left" in await words_of(site)
    await site.state.servers.client.end(first.external_id)
    await move_clock(seconds=2)
    await follow(database, site.state.servers)
    await move_clock(minutes=5)
    second = await start(site, room, ada)
    assert (second.sitting_id, second.minutes) == (first.sitting_id, 39)
    await order(simulator, "connect", meetingID=second.external_id, count=1)
    await move_clock(minutes=38, seconds=50)
    await follow(database, site.state.servers)
    assert (await now(database, second)).state == MeetingState.RUNNING
    await move_clock(seconds=12)
    await follow(database, site.state.servers)
    ended = await now(database, second)
    assert (ended.end_reason, ended.ended_at - ended.started_at) == (EndReason.TIME_UP, 39 * MINUTE)
