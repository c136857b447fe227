"""A BBB that is restarted, silent, confused with another one, or whose clock is off."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from app import clock
from app.meetings.following import follow
from app.meetings.missing import APART
from app.meetings.models import EndReason, Meeting, MeetingState
from app.meetings.starting import ServerSilentError
from app.memberships.models import Holder, Tier
from app.memberships.refusals import RefusedError
from app.organisations.models import OrganisationHost
from app.servers.models import Server
from bbb_client.requests import CreateMeeting
from bbb_client.simulator import running_simulator
from quotas.decisions import Reason
from tests.app.meetings.bbb import order, over_a_detour
from tests.conftest import SECRET, new_person
from tests.factories import a_person, a_room, an_organisation, meeting_by, signed_in, start

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def ada(site, database):
    return await a_person(database)


@pytest.fixture
async def room(database, ada):
    return await a_room(database, ada, address="the-place")


@pytest.fixture
async def running(site, room, ada):
    """A running meeting of Ada's, on the free tier: 60 minutes."""
    return await start(site, room, ada)


@pytest.fixture
async def astray(settings):
    async with over_a_detour(settings) as found:
        yield found


@pytest.fixture
async def other():
    """Another site's BBB, with a meeting of that site."""
    async with running_simulator(secret=SECRET) as running:
        await foreign_meeting(running)
        yield running


async def foreign_meeting(simulator, meeting_id="someone-elses"):
    from bbb_client.client import BBBClient
    from bbb_client.server import Server as Address

    async with BBBClient(Address(simulator.url, SECRET)) as client:
        await client.create(CreateMeeting(meeting_id=meeting_id, name="Of another site"))


async def now(database, meeting):
    return await meeting_by(database, meeting.id)


async def server_of(database):
    async with database.transaction() as session:
        return await session.scalar(select(Server))


async def words_of(site, path="/r/the-place"):
    async with new_person(site) as guest:
        await guest.open(path)
        return guest.words


def passes(**delta):
    """Time passes here and not at BBB."""
    clock.set_offset(clock.offset() + timedelta(**delta))


def lives_at(simulator, meeting):
    return meeting.external_id in {each.external_id for each in simulator.world.meetings.values()}


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


class FakeSite:
    """What `start` takes of a site."""

    def __init__(self, database, servers):
        self.state = type("State", (), {"database": database, "servers": servers})


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


async def test_another_servers_meetings_do_not_keep_a_meeting_beyond_its_terms(
    database, running, astray, other
):
    servers, detour = astray
    detour.lead(other, "getMeetings")
    passes(minutes=61, seconds=1)
    await follow(database, servers)
    ended = await now(database, running)
    assert (ended.end_reason, ended.ended_at) == (EndReason.TIME_UP, ended.started_at + 60 * MINUTE)


async def mistaken(database, servers, detour, other, meeting):
    """The meeting is ended in our books although it runs: another server answered for three minutes."""
    detour.lead(other)
    await follow(database, servers)
    passes(minutes=3)
    await follow(database, servers)
    assert (await now(database, meeting)).state == MeetingState.ENDED
    detour.lead(None)


async def test_what_was_ended_by_mistake_goes_on_and_its_sitting_keeps_counting(
    site, database, simulator, running, astray, other, move_clock
):
    servers, detour = astray
    await mistaken(database, servers, detour, other, running)
    await follow(database, servers)
    back = await now(database, running)
    assert (back.state, back.ended_at, back.end_reason) == (MeetingState.RUNNING, None, None)
    assert back.started_at == running.started_at
    assert "Running" in await words_of(site)
    await move_clock(minutes=58)
    await follow(database, servers)
    ended = await now(database, running)
    assert ended.ended_at - ended.started_at == 60 * MINUTE


async def test_a_meeting_that_just_ended_is_not_revived_by_a_list_that_lags(
    site, database, simulator, running, astray, other
):
    servers, detour = astray
    await mistaken(database, servers, detour, other, running)
    async with database.transaction() as session:
        (await session.get_one(Meeting, running.id)).ended_at = clock.now() - timedelta(seconds=30)
    await follow(database, servers)
    assert (await now(database, running)).state == MeetingState.ENDED
    assert lives_at(simulator, running)


async def test_it_is_ended_for_good_if_the_room_has_another_meeting(
    site, database, simulator, room, running, ada, astray, other, move_clock
):
    servers, detour = astray
    async with database.transaction() as session:
        await session.execute(update(Tier).values(at_once_per_host=2))
    await mistaken(database, servers, detour, other, running)
    second = await start(site, room, ada)
    await follow(database, servers)
    await simulator.advance(2)
    assert (await now(database, running)).state == MeetingState.ENDED
    assert not lives_at(simulator, running)
    assert lives_at(simulator, second)
    assert (await now(database, second)).state == MeetingState.RUNNING


async def test_it_is_ended_for_good_if_the_holder_has_no_place_left(
    site, database, simulator, ada, running, astray, other
):
    servers, detour = astray
    async with database.transaction() as session:
        await session.execute(update(Tier).where(Tier.key == "free").values(rooms_per_host=2))
    await mistaken(database, servers, detour, other, running)
    elsewhere = await start(site, await a_room(database, ada, "Elsewhere"), ada)
    await follow(database, servers)
    await simulator.advance(2)
    assert (await now(database, running)).state == MeetingState.ENDED
    assert not lives_at(simulator, running)
    assert (await now(database, elsewhere)).state == MeetingState.RUNNING


@pytest.mark.parametrize(("stored", "state"), [(500, MeetingState.RUNNING), (501, MeetingState.ENDED)])
async def test_a_recorded_one_goes_on_only_if_its_recording_still_fits(
    site, database, simulator, astray, other, stored, state
):
    servers, detour = astray
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    meeting = await start(site, await a_room(database, bela, record=True), bela, record=True, minutes=60)
    assert meeting.reserved_bytes == 500_000_000
    await mistaken(database, servers, detour, other, meeting)
    async with database.transaction() as session:
        (await session.get_one(Holder, bela.holder_id)).stored_bytes = stored * 1_000_000
    await follow(database, servers)
    after = await now(database, meeting)
    assert after.state == state
    if state == MeetingState.RUNNING:
        assert after.reserved_bytes == 500_000_000


@pytest.mark.parametrize(("stored", "state"), [(500, MeetingState.RUNNING), (501, MeetingState.ENDED)])
async def test_a_recorded_one_of_an_organisation_goes_on_only_if_it_fits_into_the_share_of_its_host(
    site, database, simulator, astray, other, stored, state
):
    servers, detour = astray
    cora, bela = [await a_person(database, f"{name}@example.org") for name in ("cora", "bela")]
    made = await an_organisation(database, "Riverside", "consumer", cora="admin", bela="host")
    room = await a_room(database, bela, record=True, holder_id=made.holder_id)
    meeting = await start(site, room, cora, record=True, minutes=60)
    await mistaken(database, servers, detour, other, meeting)
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (made.id, bela.id))
        host.stored_bytes = stored * 1_000_000  # of 1 GB; the organisation has 6
    await follow(database, servers)
    assert (await now(database, meeting)).state == state


async def test_rounds_at_the_same_moment_revive_once_and_stay_within_the_limit(
    site, database, simulator, ada, running, astray, other
):
    servers, detour = astray
    await mistaken(database, servers, detour, other, running)
    room = await session_room(database, running)
    results = await asyncio.gather(
        follow(database, servers),
        start(site, room, ada),
        follow(database, servers),
        return_exceptions=True,
    )
    assert not [each for each in results if isinstance(each, Exception)]
    for _ in range(2):
        await follow(database, servers)
        await simulator.advance(2)
    async with database.transaction() as session:
        alive = list(await session.scalars(select(Meeting).where(Meeting.state == MeetingState.RUNNING)))
    assert len(alive) == 1
    assert [each.external_id for each in simulator.world.meetings.values()] == [alive[0].external_id]


async def session_room(database, meeting):
    from app.rooms.models import Room

    async with database.transaction() as session:
        return await session.get_one(Room, meeting.room_id)


@pytest.mark.parametrize("kind", ["checksum-refused", pytest.param("dropped", marks=pytest.mark.slow)])
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


async def test_a_rounds_statements_do_not_grow_with_the_meetings(site, database, simulator):
    ada = await a_person(database)
    async with database.transaction() as session:
        await session.execute(update(Tier).values(rooms_per_host=None, at_once_per_host=None))
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    numbers = []
    try:
        for more in (2, 10):
            for number in range(more):
                room = await a_room(database, ada, f"Room {more} {number}")
                meeting = await start(site, room, ada)
                await order(simulator, "connect", meetingID=meeting.external_id, count=3)
            statements.clear()
            await follow(database, site.state.servers)
            numbers.append(len(statements))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert numbers[0] == numbers[1] <= 9
