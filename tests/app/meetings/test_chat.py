"""What is said in a meeting's chat before its time is over."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app import clock
from app.accounts.models import User
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting
from app.memberships.models import Tier
from app.servers.pool import Servers
from bbb_client.simulator import Config, running_simulator
from tests.app.meetings.bbb import order, over_a_detour
from tests.conftest import SECRET
from tests.factories import a_person, a_room, meeting_by, start


@pytest.fixture
async def ada(database):
    return await a_person(database, time_zone="Europe/Madrid")


@pytest.fixture
async def room(database, ada):
    return await a_room(database, ada)


@pytest.fixture
async def running(site, simulator, room, ada):
    """A running meeting of 60 minutes, with somebody in it."""
    meeting = await start(site, room, ada)
    await order(simulator, "connect", meetingID=meeting.external_id, count=1)
    return meeting


def chat(simulator, meeting):
    return simulator.world.find(meeting.external_id).messages


async def left(minutes, meeting, seconds=0):
    """Move our clock to so long before the meeting's end."""
    end = meeting.started_at + timedelta(minutes=meeting.minutes)
    clock.set_offset(clock.offset() + (end - timedelta(minutes=minutes, seconds=seconds) - clock.now()))


@pytest.mark.slow
async def test_ten_five_and_one_minute_before_the_end_it_is_said_once(
    site, database, simulator, running, move_clock
):
    for minutes, seconds in ((10, 20), (9, 58), (9, 30), (5, 5), (4, 57), (4, 0), (1, 2), (0, 58), (0, 20)):
        await left(minutes, running, seconds)
        await follow(database, site.state.servers)
    said = chat(simulator, running)
    assert [who for who, _text in said] == ["Guildhall"] * 3
    end = running.started_at + timedelta(minutes=60)
    at = f"{end.astimezone(ZoneInfo('Europe/Madrid')):%H:%M}"
    assert [text for _who, text in said] == [
        f"This meeting ends in 10 minutes, at {at}. Everyone is sent out then.",
        f"This meeting ends in 5 minutes, at {at}. Everyone is sent out then.",
        f"This meeting ends in one minute, at {at}. Everyone is sent out then.",
    ]


async def test_two_workers_say_it_once(site, database, simulator, running):
    await left(4, running, 55)
    await asyncio.gather(*(follow(database, site.state.servers) for _ in range(4)))
    assert len(chat(simulator, running)) == 1


@pytest.mark.slow
async def test_missed_steps_are_not_made_up_for_and_the_minutes_said_are_true(
    site, database, simulator, running
):
    await left(3, running, 30)
    for _ in range(3):
        await follow(database, site.state.servers)
    assert [text[:33] for _who, text in chat(simulator, running)] == ["This meeting ends in 4 minutes, a"]


@pytest.mark.slow
async def test_a_step_is_not_said_again_after_a_call_that_broke(site, database, simulator, running):
    await order(simulator, "faults", kind="answer-lost", call="sendChatMessage", times=1)
    await left(9, running, 30)
    for _ in range(2):
        await follow(database, site.state.servers)
    assert len(chat(simulator, running)) == 1
    await left(4, running, 30)
    await follow(database, site.state.servers)
    assert len(chat(simulator, running)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "steps"), [(10, [5, 1]), (5, [1]), (1, [])])
async def test_a_short_meeting_has_no_step_as_long_as_itself(
    site, database, simulator, room, ada, minutes, steps
):
    meeting = await start(site, room, ada, minutes=minutes)
    await order(simulator, "connect", meetingID=meeting.external_id, count=1)
    for step in (10, 5, 1):
        if step <= minutes:
            await left(step, meeting, -2)
            await follow(database, site.state.servers)
    said = [text.split(" ")[4] for _who, text in chat(simulator, meeting)]
    assert said == [{1: "one"}.get(step, str(step)) for step in steps]


async def test_nobody_in_is_nobody_told_and_who_comes_then_is(site, database, simulator, room, ada):
    meeting = await start(site, room, ada)
    await left(9, meeting, 50)
    await follow(database, site.state.servers)
    assert (await meeting_by(database, meeting.id)).told_minutes is None
    await order(simulator, "connect", meetingID=meeting.external_id, count=1)
    await follow(database, site.state.servers)
    assert len(chat(simulator, meeting)) == 1


async def test_a_meeting_without_an_end_has_no_steps(site, database, simulator, room, ada):
    async with database.transaction() as session:
        await session.execute(update(Tier).values(meeting_minutes=None))
    meeting = await start(site, room, ada)
    await order(simulator, "connect", meetingID=meeting.external_id, count=1)
    clock.set_offset(timedelta(hours=23))
    await follow(database, site.state.servers)
    assert chat(simulator, meeting) == []


async def test_a_meeting_that_is_to_end_is_told_nothing_more(site, database, simulator, running):
    async with database.transaction() as session:
        (await session.get_one(Meeting, running.id)).end_asked = EndReason.BY_HOST
    await order(simulator, "faults", kind="nonsense", call="end")
    await left(4, running, 50)
    await follow(database, site.state.servers)
    assert chat(simulator, running) == []


async def test_it_is_said_in_the_language_of_the_rooms_host(site, database, simulator, running, ada):
    async with database.transaction() as session:
        found = await session.get_one(User, ada.id)
        found.language, found.time_zone = "ca", "UTC"
    await left(4, running, 50)
    await follow(database, site.state.servers)
    ((_who, text),) = chat(simulator, running)
    assert "Aquesta reunió" in text
    # Whoever chose no zone is told which one it is.
    assert "UTC" in text


@pytest.mark.slow
async def test_a_server_without_the_call_is_asked_once_and_everything_else_goes_on(database, ada, settings):
    async with running_simulator(config=Config(secret=SECRET, profile="2.7")) as old:
        at = settings.model_copy(update={"bbb_url": old.url})
        async with over_a_detour(at) as (servers, detour):
            site = type("Site", (), {"state": type("State", (), {"database": database, "servers": servers})})
            meeting = await start(site, await a_room(database, ada, "Old"), ada)
            await order(old, "connect", meetingID=meeting.external_id, count=1)
            for minutes in (9, 4, 0):
                await left(minutes, meeting, 50)
                await follow(database, servers)
            assert detour.asked.count("sendChatMessage") == 1
            assert (await servers.choose(database)).lacks_chat
            assert (await meeting_by(database, meeting.id)).people_now == 1
    assert not (await Servers(settings).choose(database)).lacks_chat


@pytest.mark.slow
async def test_a_slow_chat_does_not_hold_up_the_rounds(site, database, simulator, running, monkeypatch):
    monkeypatch.setattr("app.meetings.telling.WHOLE_SECONDS", 0.2)
    await order(simulator, "faults", kind="slow", seconds=3, call="sendChatMessage")
    await left(4, running, 50)
    async with asyncio.timeout(2):
        await follow(database, site.state.servers)
        await follow(database, site.state.servers)
    simulator.world.faults.clear()
