"""What is due is the same everywhere, to the cent: the report, its file, one's membership, the operators' page."""

import csv
import io
import re
from datetime import timedelta

import pytest

from app import clock, wording
from app.contributions.granting import ask
from app.contributions.owed import owing
from app.memberships.granting import put_on_tier, renew_or_begin
from app.memberships.limits import hold
from app.memberships.suspending import suspend
from tests.app.contributions.books import gift, recorded, reversed_
from tests.app.standing import DAY, START, YEAR
from tests.factories import a_person, an_organisation, signed_in

pytestmark = pytest.mark.usefixtures("standing_clock")

BY = {"granted_by": "Olu", "reason": "a test"}


@pytest.fixture
async def riverside(database, ada):
    """An organisation whose admin is Ada, before any membership with a price."""
    return await an_organisation(database, "Riverside Housing", "free", ada="admin")


@pytest.fixture
def say(site, bookkeeper, operator, ada, riverside):
    """What is said to be due of the organisation, in cents: asked for everywhere, and everywhere the same."""

    async def due() -> int:
        # Signed in anew: a session ends long before a membership does.
        async with signed_in(site, ada) as person:
            await person.open(f"/membership?holder={riverside.holder_id}")
            own = person.words
        async with signed_in(site, operator) as person:
            await person.open(f"/admin/holders/{riverside.holder_id}/membership")
            operators = person.words
        async with signed_in(site, bookkeeper) as person:
            await person.open("/ledger/reports/due.csv")
            rows = list(csv.DictReader(io.StringIO(person.page.text)))
            await person.open("/ledger/reports/due")
            listed = re.search(r"Riverside Housing .*? €[\d,.]+ €[\d,.]+ €([\d,.]+)", person.words)
        cents = 0 if listed is None else int(listed[1].replace(",", "").replace(".", ""))
        assert [row["due_eur"] for row in rows if row["due_eur"] != "0.00"] == (
            [f"{cents / 100:.2f}"] if cents else []
        )
        spoken = wording.money(cents)
        for words in (own, operators):
            assert (f"{spoken} are still to be given" in words) == bool(cents), words
        assert (f"{spoken} are still open." in own) == bool(cents), own
        return cents

    return due


async def put(database, holder_id, **terms):
    async with database.transaction() as session:
        return await put_on_tier(session, holder_id, "consumer", **BY, **terms)


async def renew(database, holder_id, tier="consumer", **terms):
    async with database.transaction() as session:
        return await renew_or_begin(session, holder_id, tier, lambda start: start + YEAR, **BY, **terms)


async def test_part_payments_the_last_one_more_than_is_due_and_a_correction(database, riverside, say):
    await put(database, riverside.holder_id, ends_at=START + YEAR, cents=50_000)
    clock.stand_at(START + DAY)
    assert await say() == 50_000
    await recorded(database, gift(riverside.holder_id, 12_345))
    assert await say() == 37_655
    part = await recorded(database, gift(riverside.holder_id, 20_001))
    assert await say() == 17_654
    await reversed_(database, part)
    assert await say() == 37_655
    await recorded(database, gift(riverside.holder_id, 90_000))
    assert await say() == 0


@pytest.mark.parametrize("ago", [1, 89, 120, 364])
async def test_what_was_paid_before_the_membership_pays_for_it(database, riverside, say, ago):
    await recorded(database, gift(riverside.holder_id, 20_000, ago=ago))
    await put(database, riverside.holder_id, ends_at=START + YEAR, cents=50_000)
    clock.stand_at(START + 200 * DAY)
    assert await say() == 30_000
    await recorded(database, gift(riverside.holder_id, 30_000))
    assert await say() == 0, "the rules count what the report counts"


async def test_what_is_older_than_a_year_before_it_or_earned_something_else_does_not(
    database, riverside, say
):
    await recorded(database, gift(riverside.holder_id, 20_000, ago=366))
    await put(database, riverside.holder_id, ends_at=START + YEAR, cents=50_000)
    clock.stand_at(START + DAY)
    assert await say() == 50_000


async def test_of_two_in_a_row_what_the_first_was_owed_pays_for_the_first(database, riverside, say):
    await put(database, riverside.holder_id, ends_at=START + 100 * DAY, cents=50_000)
    clock.stand_at(START + 10 * DAY)
    await recorded(database, gift(riverside.holder_id, 30_000))
    await renew(database, riverside.holder_id, cents=40_000)
    assert await say() == 20_000, "the first one’s, although it is renewed"
    clock.stand_at(START + 101 * DAY)
    assert await say() == 40_000, "the second one’s alone"
    await recorded(database, gift(riverside.holder_id, 15_050))
    assert await say() == 24_950
    await recorded(database, gift(riverside.holder_id, 24_949))
    assert await say() == 1, "what the first had is not counted twice by the rules either"
    await recorded(database, gift(riverside.holder_id, 1))
    assert await say() == 0


async def test_of_two_in_a_row_the_first_paid_for_the_second_is_owed_whole(database, riverside, say):
    await put(database, riverside.holder_id, ends_at=START + 100 * DAY, cents=50_000)
    clock.stand_at(START + 10 * DAY)
    await recorded(database, gift(riverside.holder_id, 50_000))
    await renew(database, riverside.holder_id, cents=40_000)
    assert await say() == 0
    clock.stand_at(START + 101 * DAY)
    assert await say() == 40_000


async def test_near_the_end_in_the_grace_and_with_something_else_to_come_it_is_said_too(
    database, riverside, say
):
    await put(database, riverside.holder_id, ends_at=START + 40 * DAY, cents=50_000)
    clock.stand_at(START + 39 * DAY)
    assert await say() == 50_000
    clock.stand_at(START + 41 * DAY)
    assert await say() == 50_000
    async with database.transaction() as session:
        await put_on_tier(session, riverside.holder_id, "co-producer", starts_at=START + 45 * DAY, **BY)
    assert await say() == 50_000


async def test_what_is_suspended_is_not_due_and_neither_is_what_it_replaced(database, riverside, say):
    await put(database, riverside.holder_id, ends_at=START + 20 * DAY, cents=50_000)
    clock.stand_at(START + 10 * DAY)
    await put(database, riverside.holder_id, cents=10_000)
    clock.stand_at(START + 11 * DAY)
    assert await say() == 10_000
    async with database.transaction() as session:
        await suspend(session, riverside.holder_id, by="Olu", reason="a test")
    assert await say() == 0


async def test_whoever_owes_a_sum_is_found_by_it(database, riverside):
    await put(database, riverside.holder_id, ends_at=START + YEAR, cents=50_000)
    clock.stand_at(START + DAY)
    await recorded(database, gift(riverside.holder_id, 20_000))
    async with database.transaction() as session:
        assert await owing(session, 30_000, 5) == await owing(session, 50_000, 5) == [riverside.holder_id]
        assert await owing(session, 20_000, 5) == []


async def test_a_person_s_sentence_says_the_figure_of_the_report(site, database, bruna):
    cy = await a_person(database, "cy@example.org", name="Cy Claus")
    async with database.transaction() as session:
        await put_on_tier(
            session, cy.holder_id, "session-organiser", ends_at=START + YEAR, cents=12_000, **BY
        )
    clock.stand_at(START + timedelta(hours=1))
    await recorded(database, gift(cy.holder_id, 11_999))
    async with database.transaction() as session:
        await ask(session, await hold(session, cy.holder_id))
    await bruna.open("/ledger/reports/due")
    assert "€120.00 €119.99 €0.01" in bruna.words
    async with signed_in(site, cy) as person:
        await person.open("/membership")
        assert "€0.01 are still to be given for it." in person.words
