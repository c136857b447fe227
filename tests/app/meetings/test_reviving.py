"""A meeting that was ended by mistake, since another server answered, goes on if it still may."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.meetings.following import follow
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder, Tier
from app.organisations.models import OrganisationHost
from tests.app.meetings.stories import MINUTE, lives_at, now, passes, words_of
from tests.factories import a_person, a_room, an_organisation, start

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow


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
