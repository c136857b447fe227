"""A tier that is raised or lowered, a membership that ends, a ban, a deletion: while the meeting runs."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.requests import Request

from app import clock
from app.admin.bans import ban
from app.live import holder_topic, people_topic, room_topic
from app.meetings.events import of_room
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.memberships.granting import put_on_tier
from app.memberships.models import Membership
from app.memberships.refusals import RefusedError
from app.memberships.tier_terms import SAID
from app.memberships.tiers import change_tier, find_tier
from app.organisations.leaving import Left, let_go
from app.organisations.service import find_organisation
from app.rooms.models import Room
from app.rooms.service import delete_room
from quotas.decisions import Reason
from tests.app.meetings.bbb import order
from tests.conftest import new_person
from tests.factories import (
    a_person,
    a_room,
    an_organisation,
    meeting_by,
    signed_in,
    start,
    viewer,
)

HOUR = timedelta(hours=1)


async def move_to(database, holder_id, key, **more):
    async with database.transaction() as session:
        await put_on_tier(session, holder_id, key, reason="a test", granted_by="a test", **more)


async def words_of(site, user, path="/r/the-place"):
    async with signed_in(site, user) as person:
        await person.open(path)
        return person.words


def clock_time(at):
    return f"{at:%H:%M}"


@pytest.mark.slow
async def test_a_raised_tier_is_said_to_the_host_with_what_ending_and_starting_again_gives(
    site, database, room, ada, move_clock
):
    running = await start(site, room, ada)
    await move_clock(minutes=20)
    assert "longer time" not in await words_of(site, ada)
    await move_to(database, ada.holder_id, "session-organiser")
    for path in ("/r/the-place", "/rooms"):
        said = await words_of(site, ada, path)
        assert "The new tier “Session organiser” has meetings of 3 h." in said
        assert f"ends at {clock_time(running.started_at + HOUR)}" in said
        # The sitting counts: twenty minutes of it are used, and one that has begun.
        assert f"go on until {clock_time(clock.now() + timedelta(minutes=159))}" in said
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "new tier" not in guest.words
    again = await end_and_start(site, database, room, ada, running)
    assert (again.minutes, again.sitting_id) == (159, running.sitting_id)
    assert "longer time" not in await words_of(site, ada)


async def test_a_tier_that_an_operator_raises_is_said_to_the_hosts_on_it(
    site, database, room, ada, move_clock
):
    running = await start(site, room, ada)
    await move_clock(minutes=20)
    async with database.transaction() as session:
        free = await find_tier(session, 1, lock=True)
        longer = {name: getattr(free, name) for name in SAID} | {"meeting_minutes": 90}
        with site.state.switchboard.audience.subscribed(holder_topic(ada.holder_id)) as ear:
            assert await change_tier(session, free, longer, by="Olu") == ["meeting_minutes"]
            await session.commit()
            assert await ear.wait(5)
    for path in ("/r/the-place", "/rooms"):
        said = await words_of(site, ada, path)
        assert "Meetings of this room may last 1 h 30 min now." in said
        assert f"go on until {clock_time(clock.now() + timedelta(minutes=69))}" in said
    kept = await meeting_by(database, running.id)
    assert (kept.minutes, kept.state) == (60, MeetingState.RUNNING)
    assert (await end_and_start(site, database, room, ada, running)).minutes == 69
    assert "longer time" not in await words_of(site, ada)


async def end_and_start(site, database, room, ada, running):
    async with signed_in(site, ada) as host:
        await host.open("/r/the-place")
        await host.submit("/end")
    assert (await meeting_by(database, running.id)).end_reason == EndReason.BY_HOST
    return await start(site, room, ada)


async def test_the_running_meeting_keeps_its_terms_when_the_tier_is_raised(site, database, room, ada):
    running = await start(site, room, ada)
    await move_to(database, ada.holder_id, "session-organiser")
    kept = await meeting_by(database, running.id)
    assert (kept.minutes, kept.people, kept.tier) == (60, 10, "free")
    clock.set_offset(timedelta(minutes=61, seconds=2))
    await follow(database, site.state.servers)
    assert (await meeting_by(database, running.id)).end_reason == EndReason.TIME_UP
    # And the next one has the rest of the longer sitting at once.
    assert (await start(site, room, ada)).minutes == 120


async def test_no_longer_time_is_promised_where_a_restart_would_not_have_it(site, database, ada, move_clock):
    await move_to(database, ada.holder_id, "session-organiser")
    room = await a_room(database, ada, address="the-place")
    first = await start(site, room, ada)
    await move_clock(minutes=100)
    assert (await end_and_start(site, database, room, ada, first)).minutes == 79
    # Back to an hour: the sitting has used it up, and a restart would be refused.
    await move_to(database, ada.holder_id, "free")
    said = await words_of(site, ada)
    assert "longer time" not in said
    assert "longer time" not in await words_of(site, ada, "/rooms")


async def test_what_the_sitting_used_before_is_counted_in_what_is_promised(
    site, database, room, ada, move_clock
):
    first = await start(site, room, ada)
    await move_clock(minutes=20)
    await end_and_start(site, database, room, ada, first)
    await move_clock(minutes=10)
    await move_to(database, ada.holder_id, "session-organiser")
    until = clock_time(clock.now() + timedelta(minutes=149))
    for path in ("/r/the-place", "/rooms"):
        assert f"go on until {until}" in await words_of(site, ada, path)


async def test_a_restart_that_would_be_shorter_is_not_offered(site, database, ada, move_clock):
    await move_to(database, ada.holder_id, "session-organiser")
    await start(site, await a_room(database, ada, address="the-place"), ada)
    await move_clock(minutes=20)
    # On the free tier a restart would have 39 minutes; this meeting has 160.
    await move_to(database, ada.holder_id, "free")
    for path in ("/r/the-place", "/rooms"):
        assert "start again" not in await words_of(site, ada, path)


@pytest.mark.parametrize("is_host", [True, False])
@pytest.mark.parametrize("waits", [True, False])
async def test_a_hosts_page_of_the_room_hears_of_a_new_tier(site, database, room, ada, is_host, waits):
    query = b"for=waiting" if waits else b""
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": [], "app": site}
    async with database.transaction() as session:
        stream = await of_room(Request(scope), session, viewer(ada) if is_host else None, "the-place")
    topics = {room_topic(room.id)}
    if is_host:
        topics.add(holder_topic(ada.holder_id))
    if not waits:
        topics.add(people_topic(room.id))
    assert set(stream.topics) == topics


async def test_a_lowered_tier_lets_the_running_meeting_finish_as_it_began(
    site, database, simulator, ada, move_clock
):
    await move_to(database, ada.holder_id, "session-organiser")
    room = await a_room(database, ada, address="the-place")
    running = await start(site, room, ada)
    await order(simulator, "connect", meetingID=running.external_id, count=20)
    await move_to(database, ada.holder_id, "free")
    await move_clock(minutes=90)
    await follow(database, site.state.servers)
    kept = await meeting_by(database, running.id)
    assert (kept.state, kept.minutes, kept.people, kept.people_now) == (MeetingState.RUNNING, 180, 25, 20)
    assert "1 h 29 min left" in await words_of(site, ada)
    await move_clock(minutes=91)
    await follow(database, site.state.servers)
    ended = await meeting_by(database, running.id)
    assert ended.ended_at - ended.started_at == 3 * HOUR
    with pytest.raises(RefusedError) as refused:
        await start(site, room, ada)
    assert refused.value.refused.reason == Reason.SITTING_SPENT
    await move_clock(minutes=10)
    assert (await start(site, room, ada)).minutes == 60


async def test_a_running_meeting_outlives_the_grace_of_its_membership(
    site, database, simulator, ada, move_clock
):
    await move_to(database, ada.holder_id, "session-organiser")
    room = await a_room(database, ada, address="the-place")
    running = await start(site, room, ada)
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    async with database.transaction() as session:
        await session.execute(
            update(Membership)
            .where(Membership.holder_id == ada.holder_id)
            # Its fourteen days of grace are over in half an hour.
            .values(starts_at=clock.now() - timedelta(days=300), ends_at=clock.now() - timedelta(days=13.98))
        )
    assert "Session organiser" in await words_of(site, ada, "/rooms")
    await move_clock(hours=2)
    await follow(database, site.state.servers)
    kept = await meeting_by(database, running.id)
    assert (kept.state, kept.minutes) == (MeetingState.RUNNING, 180)
    assert "59 min left" in await words_of(site, ada)
    # The next one is on the free tier, whose sitting of an hour this one has used.
    with pytest.raises(RefusedError) as refused:
        await end_and_start(site, database, room, ada, running)
    assert refused.value.refused.reason == Reason.SITTING_SPENT
    await move_clock(minutes=10)
    assert (await start(site, room, ada)).minutes == 60


@pytest.mark.slow
async def test_a_banned_hosts_meeting_ends_and_is_not_revived(
    site, database, simulator, room, ada, move_clock
):
    running = await start(site, room, ada)
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    operator = await a_person(database, "olga@example.org", is_operator=True)
    async with database.transaction() as session:
        assert await ban(session, viewer(operator), ada.id, "a test") == 1
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "This room is closed" in guest.words
    await order(simulator, "faults", kind="nonsense", call="end")
    await follow(database, site.state.servers)
    assert (await meeting_by(database, running.id)).state == MeetingState.RUNNING
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    await move_clock(minutes=2)
    await follow(database, site.state.servers)
    ended = await meeting_by(database, running.id)
    assert (ended.state, ended.end_reason) == (MeetingState.ENDED, EndReason.BANNED)
    assert await site.state.servers.client.get_meetings() == ()


async def test_a_meeting_that_ended_by_mistake_does_not_go_on_for_a_banned_host(
    site, database, simulator, room, ada
):
    running = await start(site, room, ada)
    async with database.transaction() as session:
        meeting = await session.get_one(Meeting, running.id)
        meeting.state, meeting.ended_at, meeting.end_reason = MeetingState.ENDED, clock.now(), EndReason.GONE
        await ban(
            session, viewer(await a_person(database, "o@example.org", is_operator=True)), ada.id, "a test"
        )
    clock.set_offset(timedelta(minutes=2))
    await follow(database, site.state.servers)
    await simulator.advance(2)
    assert (await meeting_by(database, running.id)).state == MeetingState.ENDED
    assert await site.state.servers.client.get_meetings() == ()


@pytest.mark.slow
async def test_a_deleted_rooms_meeting_ends_though_bbb_did_not_hear_it_at_first(
    site, database, simulator, room, ada
):
    running = await start(site, room, ada)
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, room.id))
    async with new_person(site) as guest:
        assert (await guest.open("/r/the-place")).status_code == 410
    await order(simulator, "faults", kind="nonsense", call="end")
    await follow(database, site.state.servers)
    assert (await meeting_by(database, running.id)).state == MeetingState.RUNNING
    simulator.world.faults.clear()
    await follow(database, site.state.servers)
    await simulator.advance(2)
    assert (await meeting_by(database, running.id)).end_reason == EndReason.ROOM_DELETED
    assert await site.state.servers.client.get_meetings() == ()


async def test_a_host_who_leaves_the_organisation_hands_the_running_meeting_over(
    site, database, simulator, ada
):
    bela = await a_person(database, "bela@example.org")
    house = await an_organisation(database, "House", "consumer", ada="admin", bela="host")
    room = await a_room(database, bela, address="the-place", holder_id=house.holder_id)
    running = await start(site, room, bela)
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    async with database.transaction() as session:
        assert await let_go(session, await find_organisation(session, house.id), bela.id) == Left(1, 0)
    await follow(database, site.state.servers)
    # Charged to the organisation, it goes on under its terms; only who is its host has changed.
    kept = await meeting_by(database, running.id)
    assert (kept.state, kept.minutes, kept.people) == (MeetingState.RUNNING, 24 * 60, 50)
    assert "End it for everyone" in await words_of(site, ada)
    assert "End it for everyone" not in await words_of(site, bela)
