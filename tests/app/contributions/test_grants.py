"""Confirmed contributions earn a tier by rules that are data: granted, proposed, and taken back with their ground."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.contributions import granting
from app.contributions.corrections import GrantsWouldFallError
from app.contributions.models import EntryKind, GrantEntry, GrantRule, GrantState, What
from app.memberships.limits import hold, standing_of
from app.memberships.models import Membership, Tier
from tests.app.contributions.books import (
    gift,
    grants_of,
    memberships_of,
    only_grant,
    pledge,
    recorded,
    reversed_,
)
from tests.factories import a_person, an_organisation, put_on_tier


@pytest.fixture
async def ada(database):
    return await a_person(database, "ada@example.org", name="Ada Okafor")


@pytest.fixture
async def riverside(database):
    """An organisation that has no membership yet."""
    async with database.transaction() as session:
        from app.organisations.service import create_organisation

        return await create_organisation(session, name="Riverside Housing", slug="riverside")


async def tier_of(database, holder_id):
    async with database.transaction() as session:
        return (await standing_of(session, holder_id)).tier_key


async def ask(database, holder_id):
    async with database.transaction() as session:
        await granting.ask(session, await hold(session, holder_id))


async def accept(database, holder_id, tier):
    async with database.transaction() as session:
        found = select(granting.Grant.id).join(Tier, Tier.id == granting.Grant.tier_id)
        wanted = found.where(
            granting.Grant.holder_id == holder_id, Tier.key == tier, granting.Grant.state == "proposed"
        )
        return await granting.accept(
            session, (await session.scalars(wanted)).one(), "Olu Marsh", "they run the servers"
        )


async def test_120_euros_in_a_year_make_a_session_organiser_at_once(database, ada):
    await recorded(database, gift(ada.holder_id, 7_000, ago=300))
    assert await tier_of(database, ada.holder_id) == "free"
    await recorded(database, gift(ada.holder_id, 5_000))
    assert await tier_of(database, ada.holder_id) == "session-organiser"
    grant = await only_grant(database, ada.holder_id)
    assert (grant.state, grant.decided_by) == (GrantState.GRANTED, granting.BY_RULE)
    [membership] = await memberships_of(database, ada.holder_id)
    assert membership.id == grant.membership_id
    assert membership.ends_at - membership.starts_at == timedelta(days=365)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count(GrantEntry.entry_id)).where(GrantEntry.earned)) == 2


@pytest.mark.parametrize(
    "entries",
    [
        [{"cents": 11_999}],
        [{"cents": 6_000}, {"cents": 6_000, "ago": 365}],
        [{"cents": 12_000, "kind": EntryKind.PLEDGE}],
    ],
    ids=["too little", "too long ago", "only pledged"],
)
async def test_what_does_not_reach_it_grants_nothing(database, ada, entries):
    for entry in entries:
        await recorded(database, gift(ada.holder_id, **entry))
    assert await grants_of(database, ada.holder_id) == []
    assert await tier_of(database, ada.holder_id) == "free"


async def test_an_entry_earns_one_grant_and_what_comes_later_renews(database, ada, move_clock):
    await recorded(database, gift(ada.holder_id, 12_000))
    await recorded(database, gift(ada.holder_id, 1_000))
    assert len(await grants_of(database, ada.holder_id)) == 1
    await recorded(database, gift(ada.holder_id, 11_000))
    first, second = await memberships_of(database, ada.holder_id)
    assert (second.starts_at, second.renews_id) == (first.ends_at, first.id)
    # One year ahead is enough: more waits until that one has begun.
    await recorded(database, gift(ada.holder_id, 12_000))
    assert len(await memberships_of(database, ada.holder_id)) == 2
    await move_clock(days=366)
    assert await tier_of(database, ada.holder_id) == "session-organiser"


@pytest.mark.slow
async def test_twenty_confirmations_at_the_same_moment_grant_once(database, ada):
    entries = [gift(ada.holder_id, 6_500) for _ in range(3)] + [gift(ada.holder_id, 100) for _ in range(17)]
    await asyncio.gather(*(recorded(database, entry) for entry in entries))
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    async with database.transaction() as session:
        earned = await session.scalar(select(func.count(GrantEntry.entry_id)).where(GrantEntry.earned))
        assert earned == await session.scalar(select(func.count(func.distinct(GrantEntry.entry_id))))
    # The same form sent twenty times at once is one entry.
    same = gift(ada.holder_id, 300)
    done = await asyncio.gather(*(recorded(database, same) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in done) == 1


async def test_an_organisation_is_proposed_and_an_operator_accepts(database, riverside):
    await recorded(database, gift(riverside.holder_id, 30_000))
    hours = gift(riverside.holder_id, 20_000, what=What.HOURS, minutes=480)
    await recorded(database, hours)
    assert set(await grants_of(database, riverside.holder_id)) == {
        ("consumer", "proposed"),
        ("co-producer", "proposed"),
    }
    assert await tier_of(database, riverside.holder_id) == "free"
    accepted = await accept(database, riverside.holder_id, "co-producer")
    assert accepted.reason == "they run the servers"
    assert await tier_of(database, riverside.holder_id) == "co-producer"
    # The same contributions do not earn the other one too.
    assert set(await grants_of(database, riverside.holder_id)) == {
        ("consumer", "fallen"),
        ("co-producer", "granted"),
    }
    with pytest.raises(granting.DecidedAlreadyError):
        async with database.transaction() as session:
            await granting.accept(session, accepted.id, "Another operator")


async def test_two_operators_at_once_accept_once(database, riverside):
    await recorded(database, gift(riverside.holder_id, 50_000))
    tries = (accept(database, riverside.holder_id, "consumer") for _ in range(5))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in done) == 1
    assert len(await memberships_of(database, riverside.holder_id)) == 1


async def test_what_was_declined_is_proposed_again_only_when_more_comes(database, riverside):
    await recorded(database, gift(riverside.holder_id, 50_000))
    async with database.transaction() as session:
        found = select(granting.Grant).where(granting.Grant.state == "proposed")
        for grant in list(await session.scalars(found)):
            await granting.decline(session, grant.id, "Olu Marsh", "it is a company")
    await ask(database, riverside.holder_id)
    assert {state for _tier, state in await grants_of(database, riverside.holder_id)} == {"declined"}
    await recorded(database, gift(riverside.holder_id, 1_000))
    assert {state for _tier, state in await grants_of(database, riverside.holder_id)} == {"declined"}
    await recorded(database, gift(riverside.holder_id, 50_000, ago=400))
    assert {state for _tier, state in await grants_of(database, riverside.holder_id)} == {"declined"}


async def test_a_later_year_costs_what_the_tier_s_price_by_year_says(database, riverside, move_clock):
    async with database.transaction() as session:
        prices = update(Tier).where(Tier.key == "consumer").values(yearly_cents=[50_000, 30_000])
        await session.execute(prices)
    await recorded(database, gift(riverside.holder_id, 50_000))
    await accept(database, riverside.holder_id, "consumer")
    await move_clock(days=350)
    await recorded(database, gift(riverside.holder_id, 29_000))
    assert "proposed" not in {state for _tier, state in await grants_of(database, riverside.holder_id)}
    await recorded(database, gift(riverside.holder_id, 1_000))
    await accept(database, riverside.holder_id, "consumer")
    first, second = await memberships_of(database, riverside.holder_id)
    assert (first.cents, second.cents, second.starts_at) == (50_000, 30_000, first.ends_at)


async def test_nobody_is_put_on_a_lower_tier_or_on_the_same_without_an_end(database):
    commons = await an_organisation(database, "Commons Cloud", "co-producer")
    await recorded(database, gift(commons.holder_id, 50_000))
    assert await grants_of(database, commons.holder_id) == []
    cy = await a_person(database, "cy@example.org", tier="session-organiser")
    await recorded(database, gift(cy.holder_id, 12_000))
    assert await grants_of(database, cy.holder_id) == []
    await put_on_tier(database, cy.holder_id, "free")
    await ask(database, cy.holder_id)
    assert await grants_of(database, cy.holder_id) == [("session-organiser", "granted")]


async def test_a_rule_counts_only_the_kinds_that_it_names(database, ada):
    async with database.transaction() as session:
        await session.execute(update(GrantRule).values(whats={"only": ["money"]}))
    await recorded(database, gift(ada.holder_id, 12_000, what=What.HOURS, minutes=300))
    assert await grants_of(database, ada.holder_id) == []
    await recorded(database, gift(ada.holder_id, 12_000))
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]


async def test_a_retired_rule_grants_nothing(database, ada):
    async with database.transaction() as session:
        await session.execute(update(GrantRule).values(retired_at=clock.now()))
    await recorded(database, gift(ada.holder_id, 12_000))
    assert await grants_of(database, ada.holder_id) == []


async def test_a_correction_says_which_grants_would_fall_and_does_nothing_until_that_is_agreed(
    database, ada, move_clock
):
    entry = await recorded(database, gift(ada.holder_id, 12_000))
    with pytest.raises(GrantsWouldFallError) as told:
        await reversed_(database, entry)
    [falling] = told.value.falling
    assert falling.tier_name == "Session organiser"
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]

    await reversed_(database, entry, agreed=frozenset({falling.grant_id}))
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "fallen")]
    [membership] = await memberships_of(database, ada.holder_id)
    assert membership.ends_at <= clock.now()
    # The mistake was not theirs: it works on through the grace, like any membership that ends.
    assert await tier_of(database, ada.holder_id) == "session-organiser"
    await move_clock(days=15)
    assert await tier_of(database, ada.holder_id) == "free"


async def test_a_grant_stands_on_other_contributions_if_there_are_any(database, ada):
    await recorded(database, gift(ada.holder_id, 7_000))
    wrong = await recorded(database, gift(ada.holder_id, 5_000))
    free = await recorded(database, gift(ada.holder_id, 6_000))
    await reversed_(database, wrong)
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    async with database.transaction() as session:
        earned = list(await session.scalars(select(GrantEntry.entry_id).where(GrantEntry.earned)))
    assert free.id in earned
    assert wrong.id not in earned


async def test_what_was_to_pay_for_later_pays_for_now(database, ada):
    wrong = await recorded(database, gift(ada.holder_id, 12_000))
    await recorded(database, gift(ada.holder_id, 12_000))
    first, second = await memberships_of(database, ada.holder_id)
    with pytest.raises(GrantsWouldFallError) as told:
        await reversed_(database, wrong)
    [falling] = told.value.falling
    assert falling.membership_id == second.id
    await reversed_(database, wrong, agreed=frozenset({falling.grant_id}))
    assert (await memberships_of(database, ada.holder_id))[0].ends_at == first.ends_at
    assert [state for _tier, state in await grants_of(database, ada.holder_id)] == ["granted", "fallen"]


async def test_a_figure_put_right_keeps_the_grant_if_it_still_reaches(database, ada):
    entry = await recorded(database, gift(ada.holder_id, 13_000))
    done = await reversed_(database, entry, instead=gift(ada.holder_id, 12_000))
    assert done.fallen == []
    with pytest.raises(GrantsWouldFallError):
        await reversed_(database, done.instead, instead=gift(ada.holder_id, 1_200))
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]


async def test_a_renewal_that_falls_before_it_begins_gives_nothing(database, ada, move_clock):
    await recorded(database, gift(ada.holder_id, 12_000))
    second = await recorded(database, gift(ada.holder_id, 12_000))
    async with database.transaction() as session:
        number = await session.scalar(select(GrantEntry.grant_id).where(GrantEntry.entry_id == second.id))
    await reversed_(database, second, agreed=frozenset({number}))
    await move_clock(days=364)
    assert await tier_of(database, ada.holder_id) == "session-organiser"
    await move_clock(days=16)
    assert await tier_of(database, ada.holder_id) == "free"


async def test_a_proposal_goes_with_its_ground(database, riverside):
    entry = await recorded(database, gift(riverside.holder_id, 50_000))
    await recorded(database, pledge(riverside.holder_id))
    await reversed_(database, entry)
    assert {state for _tier, state in await grants_of(database, riverside.holder_id)} == {"fallen"}


async def test_what_an_operator_gave_before_is_paid_for_before_it_is_renewed(database):
    riverside = await an_organisation(database, "Riverside Housing", "consumer")
    [given] = await memberships_of(database, riverside.holder_id)
    async with database.transaction() as session:
        ends = clock.now() + timedelta(days=300)
        await session.execute(update(Membership).values(cents=30_000, ends_at=ends))
    first = await recorded(database, gift(riverside.holder_id, 10_000))
    assert await grants_of(database, riverside.holder_id) == []
    await recorded(database, gift(riverside.holder_id, 20_000))
    assert await grants_of(database, riverside.holder_id) == [("consumer", "granted")]
    grant = await only_grant(database, riverside.holder_id)
    assert (grant.settles, grant.membership_id) == (True, given.id)
    assert len(await memberships_of(database, riverside.holder_id)) == 1
    # It was the operator's to give: without its payment it is owed again, and goes on.
    await reversed_(database, first)
    assert await grants_of(database, riverside.holder_id) == [("consumer", "fallen")]
    assert (await memberships_of(database, riverside.holder_id))[0].ends_at > clock.now()
    await recorded(database, gift(riverside.holder_id, 10_000))
    assert [state for _tier, state in await grants_of(database, riverside.holder_id)] == ["fallen", "granted"]
