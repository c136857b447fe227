"""Overrides of one limit: the newest that holds wins, withdrawn ones and past ones do not count."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import clock
from app.errors import NotFoundError
from app.memberships.limits import hold, standing_of
from app.memberships.models import LimitOverride
from app.memberships.overrides import overrides_of, set_override, withdraw_override
from app.memberships.refusals import RefusedError
from quotas.limits import LimitName
from tests.factories import a_person, a_room, an_organisation, start

ROOMS = LimitName.ROOMS


async def put(database, holder_id, name, value, **more):
    async with database.transaction() as session:
        made = await set_override(session, holder_id, name, value, reason="a test", made_by="Olu", **more)
        return made.id


async def limits(database, holder_id):
    async with database.transaction() as session:
        return (await standing_of(session, holder_id)).limits


async def test_an_override_goes_over_the_tier_and_only_for_its_holder(database):
    ada, bea = await a_person(database), await a_person(database, "bea@example.org")
    await put(database, ada.holder_id, ROOMS, 3)
    for name in ("One", "Two", "Three"):
        await a_room(database, ada, name)
    with pytest.raises(RefusedError) as refusal:
        await a_room(database, ada, "Four")
    assert refusal.value.refused.limit == 3
    assert refusal.value.explanation.limit == "Ada has a limit of their own: 3 rooms."
    assert (await limits(database, bea.holder_id)).rooms == 1


async def test_the_newest_wins_for_each_limit_and_unlimited_is_a_value(database):
    ada = await a_person(database)
    await put(database, ada.holder_id, ROOMS, 3)
    await put(database, ada.holder_id, ROOMS, None)
    await put(database, ada.holder_id, LimitName.STORAGE_BYTES, 5_000_000_000)
    async with database.transaction() as session:
        held = await hold(session, ada.holder_id)
    assert (held.limits.rooms, held.limits.storage_bytes, held.limits.at_once) == (None, 5_000_000_000, 1)
    assert held.overrides[ROOMS].reason == "a test"
    assert held.tier.rooms_per_host == 1


async def test_after_its_end_the_one_before_it_holds_again(database, move_clock):
    ada = await a_person(database)
    await put(database, ada.holder_id, ROOMS, 2)
    ends_at = clock.now() + timedelta(days=1)
    await put(database, ada.holder_id, ROOMS, 9, ends_at=ends_at)
    async with database.transaction() as session:
        assert (await standing_of(session, ada.holder_id)).overrides[ROOMS].ends_at == ends_at
    assert (await limits(database, ada.holder_id)).rooms == 9
    await move_clock(days=1)
    assert (await limits(database, ada.holder_id)).rooms == 2


async def test_a_withdrawn_override_stays_in_the_list_and_counts_no_more(database):
    ada = await a_person(database)
    first = await put(database, ada.holder_id, ROOMS, 2)
    second = await put(database, ada.holder_id, ROOMS, 9)
    async with database.transaction() as session:
        assert await withdraw_override(session, ada.holder_id, second, withdrawn_by="Mia") is ROOMS
        assert await withdraw_override(session, ada.holder_id, second, withdrawn_by="Someone") is None
    assert (await limits(database, ada.holder_id)).rooms == 2
    async with database.transaction() as session:
        listed = [
            (past.row.id, past.holds, past.row.withdrawn_by)
            for past in await overrides_of(session, ada.holder_id)
        ]
    assert listed == [(second, False, "Mia"), (first, True, None)]


async def test_an_override_is_withdrawn_from_its_own_holder_only(database):
    ada, bea = await a_person(database), await a_person(database, "bea@example.org")
    made = await put(database, ada.holder_id, ROOMS, 2)
    async with database.transaction() as session:
        with pytest.raises(NotFoundError):
            await withdraw_override(session, bea.holder_id, made, withdrawn_by="Mia")
    assert (await limits(database, ada.holder_id)).rooms == 2


async def test_a_lowered_override_does_what_a_downgrade_does(site, database):
    ada = await a_person(database, tier="session-organiser")
    old, new = await a_room(database, ada, "Old"), await a_room(database, ada, "New")
    running = await start(site, new, ada)
    await put(database, ada.holder_id, ROOMS, 1)
    await put(database, ada.holder_id, LimitName.AT_ONCE, 5)
    assert running.minutes == 180
    with pytest.raises(RefusedError) as refusal:
        await start(site, old, ada)
    assert refusal.value.code == "limit.room_read_only"


async def test_a_limit_that_this_program_does_not_know_is_passed_over(database):
    ada = await a_person(database)
    made = await put(database, ada.holder_id, ROOMS, 2)
    async with database.transaction() as session:
        await session.execute(text("UPDATE limit_overrides SET limit_name = 'cats'"))
    assert (await limits(database, ada.holder_id)).rooms == 1
    async with database.transaction() as session:
        assert (await session.scalar(select(LimitOverride.id))) == made


async def test_an_override_of_the_hosts_goes_over_the_seats(database):
    await a_person(database)
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await put(database, made.holder_id, LimitName.HOSTS, 1)
    assert (await limits(database, made.holder_id)).hosts == 1
