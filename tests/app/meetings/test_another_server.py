"""A BBB that is confused with another one, or has another address."""

import pytest

from app import clock
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.servers.models import Server
from tests.app.meetings.bbb import order
from tests.app.meetings.stories import MINUTE, now, passes, server_of, words_of
from tests.factories import a_person, signed_in

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow


async def test_another_servers_list_makes_meetings_unknown_until_ours_come_back(
    site, database, running, astray, other
):
    servers, detour = astray
    detour.lead(other)
    for _ in range(3):
        passes(seconds=20)
        await follow(database, servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    server = await server_of(database)
    assert server.failing_since is not None
    assert "another server" in server.failure
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert server.failure in operator.words
    assert "Unknown" in await words_of(site)
    detour.lead(None)
    await follow(database, servers)
    assert (await server_of(database)).failing_since is None
    back = await now(database, running)
    assert (back.state, back.missing_since) == (MeetingState.RUNNING, None)
    assert "Running" in await words_of(site)


async def test_another_servers_meetings_do_not_keep_a_meeting_beyond_its_terms(
    database, running, astray, other
):
    servers, detour = astray
    detour.lead(other, "getMeetings")
    passes(minutes=61, seconds=1)
    await follow(database, servers)
    ended = await now(database, running)
    assert (ended.end_reason, ended.ended_at) == (EndReason.TIME_UP, ended.started_at + 60 * MINUTE)


async def move_to_an_old_address(database, meeting):
    """The meeting was made when the settings named its server in another way."""
    async with database.transaction() as session:
        old = Server(url="https://old.example.org/bigbluebutton", last_answer_at=clock.now())
        session.add(old)
        await session.flush()
        (await session.get_one(Meeting, meeting.id)).server_id = old.id


async def test_meetings_go_on_when_their_server_gets_another_address(site, database, simulator, running):
    await move_to_an_old_address(database, running)
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    for _ in range(2):
        await follow(database, site.state.servers)
    kept = await now(database, running)
    assert (kept.server_id, kept.people_now) == (running.server_id, 2)


async def test_meetings_of_a_server_that_is_no_longer_used_end_by_their_terms(
    site, database, simulator, running
):
    await move_to_an_old_address(database, running)
    await order(simulator, "restart")
    await follow(database, site.state.servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    passes(minutes=62)
    await follow(database, site.state.servers)
    assert (await now(database, running)).end_reason == EndReason.TIME_UP
