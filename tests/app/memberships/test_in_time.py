"""Memberships by the clock: begun, renewed, replaced, ended, withdrawn; what holds is what the rule says."""

import asyncio
from random import Random

import pytest
from sqlalchemy import select

from app import clock
from app.memberships.changes import changes_of
from app.memberships.course import course_of
from app.memberships.ending import NothingToEndError, end_membership, withdraw
from app.memberships.granting import EndsTooEarlyError, NothingToRenewError, put_on_tier, renew_or_begin
from app.memberships.limits import standing_of
from app.memberships.models import Membership
from app.memberships.suspending import NothingToLiftError, lift, suspend
from quotas.memberships import State
from tests.app.standing import DAY, START, YEAR
from tests.factories import a_person, an_organisation

pytestmark = pytest.mark.usefixtures("standing_clock")

BY = {"granted_by": "Olu", "reason": "a test"}
OPERATOR = {"by": "Olu", "reason": "a test"}


@pytest.fixture
async def ada(database):
    return (await a_person(database)).holder_id


async def put(database, holder_id, tier="session-organiser", **terms):
    async with database.transaction() as session:
        return await put_on_tier(session, holder_id, tier, **BY, **terms)


async def renewed(database, holder_id, tier="session-organiser"):
    async with database.transaction() as session:
        return await renew_or_begin(session, holder_id, tier, lambda start: start + YEAR, **BY)


async def seen(database, holder_id, at):
    """Tier and state at a moment."""
    clock.stand_at(at)
    async with database.transaction() as session:
        standing = await standing_of(session, holder_id)
        return standing.tier_key, (await course_of(session, standing)).state


async def acts(database, holder_id):
    async with database.transaction() as session:
        return [change.act for change in reversed((await changes_of(session, holder_id)).items)]


async def test_a_year_passes_with_its_end_and_its_grace_and_a_renewal_brings_it_back(database, ada):
    await put(database, ada, ends_at=START + YEAR)
    for days, expected in (
        (0, ("session-organiser", State.RUNNING)),
        (333, ("session-organiser", State.RUNNING)),
        (334, ("session-organiser", State.ENDING)),
        (365, ("session-organiser", State.GRACE)),
        (378, ("session-organiser", State.GRACE)),
        (379, ("free", State.ENDED)),
    ):
        assert await seen(database, ada, START + days * DAY) == expected
    await renewed(database, ada)
    assert await seen(database, ada, START + 379 * DAY) == ("session-organiser", State.RUNNING)


@pytest.mark.parametrize("days", [100, 370])
async def test_a_renewal_begins_where_the_one_before_ends_also_in_its_grace(database, ada, days):
    first = await put(database, ada, ends_at=START + YEAR)
    clock.stand_at(START + days * DAY)
    second = await renewed(database, ada)
    assert (second.starts_at, second.ends_at, second.renews_id) == (START + YEAR, START + 2 * YEAR, first.id)
    third = await renewed(database, ada)
    assert (third.starts_at, third.renews_id) == (START + 2 * YEAR, second.id)
    assert await seen(database, ada, START + 2 * YEAR - DAY) == ("session-organiser", State.RENEWED)


async def test_what_has_no_end_or_is_followed_by_another_tier_is_not_renewed(database):
    await a_person(database)
    holder = (await an_organisation(database, "Printers", "consumer", ada="admin")).holder_id
    with pytest.raises(NothingToRenewError):
        await renewed(database, holder, "consumer")
    await put(database, holder, "co-producer", starts_at=START + 30 * DAY, ends_at=START + YEAR)
    with pytest.raises(NothingToRenewError):
        await renewed(database, holder, "consumer")


async def test_an_upgrade_begins_now_and_takes_its_seats_as_said_and_the_old_one_ends(database):
    await a_person(database)
    holder = (await an_organisation(database, "Printers", "free", ada="admin")).holder_id
    first = await put(database, holder, "consumer", ends_at=START + YEAR, seats=3)
    await renewed(database, holder, "consumer")
    clock.stand_at(START + 100 * DAY)
    await put(database, holder, "co-producer", ends_at=START + YEAR, seats=9)
    assert await seen(database, holder, START + 100 * DAY) == ("co-producer", State.RUNNING)
    # What was to come is withdrawn: else the lower tier would begin in the middle of the new one.
    assert await seen(database, holder, START + YEAR + DAY) == ("co-producer", State.GRACE)
    assert await seen(database, holder, START + YEAR + 15 * DAY) == ("free", State.ENDED)
    async with database.transaction() as session:
        assert (await session.get_one(Membership, first.id)).ends_at == START + 100 * DAY
    assert await acts(database, holder) == ["replaced", "given", "renewed", "withdrawn", "replaced", "given"]


async def test_one_that_begins_later_waits_and_what_holds_until_then_ends_there(database, ada):
    await put(database, ada, ends_at=START + YEAR)
    later = await put(database, ada, "free", starts_at=START + 50 * DAY)
    assert await seen(database, ada, START + 49 * DAY) == ("session-organiser", State.RENEWED)
    assert await seen(database, ada, START + 50 * DAY) == ("free", State.RUNNING)
    clock.stand_at(START + 49 * DAY)
    async with database.transaction() as session:
        await withdraw(session, ada, later.id, **OPERATOR)
    assert await seen(database, ada, START + 51 * DAY) == ("session-organiser", State.GRACE)
    with pytest.raises(NothingToEndError):
        async with database.transaction() as session:
            await withdraw(session, ada, later.id, **OPERATOR)


async def test_an_end_is_moved_or_comes_now_with_its_grace_and_without_its_renewal(database, ada):
    first = await put(database, ada, ends_at=START + YEAR)
    await renewed(database, ada)
    clock.stand_at(START + 10 * DAY)
    async with database.transaction() as session:
        await end_membership(session, ada, first.id, None, **OPERATOR)
    assert await seen(database, ada, START + 23 * DAY) == ("session-organiser", State.GRACE)
    assert await seen(database, ada, START + 24 * DAY) == ("free", State.ENDED)
    assert await seen(database, ada, START + YEAR + DAY) == ("free", State.ENDED)
    with pytest.raises(NothingToEndError):
        async with database.transaction() as session:
            await end_membership(session, ada, first.id, None, **OPERATOR)


async def test_suspending_holds_for_the_renewal_too_and_lifting_for_both(database, ada):
    await put(database, ada, ends_at=START + YEAR)
    await renewed(database, ada)
    async with database.transaction() as session:
        await suspend(session, ada, **OPERATOR)
    assert await seen(database, ada, START + YEAR + DAY) == ("free", State.SUSPENDED)
    with pytest.raises(NothingToRenewError):
        await renewed(database, ada)
    async with database.transaction() as session:
        await lift(session, ada, by="Olu")
    assert await seen(database, ada, START + YEAR + DAY) == ("session-organiser", State.RUNNING)
    with pytest.raises(NothingToLiftError):
        async with database.transaction() as session:
            await lift(session, ada, by="Olu")
    assert await acts(database, ada) == ["given", "renewed", "suspended", "lifted"]


async def test_an_end_before_the_start_is_refused(database, ada):
    with pytest.raises(EndsTooEarlyError):
        await put(database, ada, starts_at=START + 9 * DAY, ends_at=START + 8 * DAY)
    await put(database, ada, ends_at=START + 10 * DAY)
    clock.stand_at(START + 20 * DAY)
    with pytest.raises(EndsTooEarlyError):
        async with database.transaction() as session:
            await renew_or_begin(session, ada, "session-organiser", lambda start: start + DAY, **BY)


async def test_two_who_renew_at_once_renew_one_after_the_other(database, ada):
    await put(database, ada, ends_at=START + YEAR)
    one, other = await asyncio.gather(renewed(database, ada), renewed(database, ada))
    assert {one.starts_at, other.starts_at} == {START + YEAR, START + 2 * YEAR}
    assert {one.renews_id, other.renews_id} > {min(one.id, other.id)}


async def test_the_statement_that_enforces_and_the_rule_that_is_shown_agree(database, ada):
    """Any memberships, at any moment: what `standings` finds is what `course_at` finds."""
    chance = Random(4)  # noqa: S311  no secret
    async with database.transaction() as session:
        tier_id = (await session.scalar(select(Membership.tier_id).limit(1))) or 2
        for number in range(12):
            starts = START + chance.randint(0, 100) * DAY
            ends = None if number == 11 else starts + chance.randint(1, 40) * DAY
            session.add(
                Membership(
                    holder_id=ada,
                    tier_id=tier_id,
                    starts_at=starts,
                    ends_at=ends if chance.random() < 0.9 else starts + YEAR,
                    reason=str(number),
                    granted_by="a test",
                    seats=number,
                    suspended_at=START if chance.random() < 0.2 else None,
                    withdrawn_at=START if chance.random() < 0.2 else None,
                )
            )
    for days in range(0, 200, 3):
        clock.stand_at(START + days * DAY)
        async with database.transaction() as session:
            standing = await standing_of(session, ada)
            present = (await course_of(session, standing)).present
        assert standing.seats == (present.row.seats if present else None), days
        assert (standing.suspended_at is not None) == (
            present is not None and present.row.suspended_at is not None
        )
