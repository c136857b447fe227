"""The page of one's membership: one sentence in every state, who may see it, the organisation's part."""

from datetime import timedelta

import pytest

from app import clock
from app.memberships.granting import put_on_tier, renew_or_begin
from app.memberships.suspending import suspend
from tests.app.contributions.books import gift, recorded
from tests.app.standing import DAY, START, YEAR
from tests.factories import a_person, an_organisation, signed_in

pytestmark = pytest.mark.usefixtures("standing_clock")

BY = {"granted_by": "Olu", "reason": "a test"}


@pytest.fixture
async def ada(database):
    return await a_person(database)


async def put(database, holder_id, tier="session-organiser", **terms):
    async with database.transaction() as session:
        return await put_on_tier(session, holder_id, tier, **BY, **terms)


async def reads(site, user, path="/membership"):
    async with signed_in(site, user) as person:
        await person.open(path)
        return person.words


async def test_without_a_membership_it_is_free_and_the_tiers_are_compared(site, ada):
    said = await reads(site, ada)
    assert "“Free” holds without an end: nothing is to be done, and a contribution brings more." in said
    assert "No membership so far" in said


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (-5, "“Free” holds until “Session organiser” begins on 10 January 2027: nothing is to be done."),
        (100, "“Session organiser” holds until 10 January 2028: nothing is to be done now."),
        (
            340,
            "“Session organiser” ends on 10 January 2028: give €120.00 by then, and it goes on for another year.",
        ),
        (
            366,
            "“Session organiser” ended on 10 January 2028 and works until 24 January 2028: give €120.00 by then",
        ),
        (
            380,
            "“Session organiser” ended on 10 January 2028 and “Free” holds: give €120.00, and everything comes back.",
        ),
    ],
)
async def test_the_sentence_through_a_year(site, database, ada, days, sentence):
    clock.stand_at(START - 9 * DAY)
    await put(database, ada.holder_id, starts_at=START, ends_at=START + YEAR, cents=0)
    clock.stand_at(START + days * DAY)
    assert sentence in await reads(site, ada)


async def test_what_is_still_to_be_given_is_said(site, database, ada):
    await put(database, ada.holder_id, ends_at=START + YEAR, cents=10_000)
    clock.stand_at(START + DAY)
    await recorded(database, gift(ada.holder_id, 4_000))
    assert "holds until 10 January 2028: €60.00 are still to be given for it." in await reads(site, ada)
    clock.stand_at(START + 350 * DAY)
    said = await reads(site, ada)
    assert (
        "ends on 10 January 2028: €60.00 are still to be given for it, and €120.00 for another year." in said
    )


async def test_awarded_renewed_suspended_and_without_an_end(site, database, ada):
    await put(database, ada.holder_id, ends_at=START + YEAR, awarded=True)
    said = await reads(site, ada)
    assert (
        "“Session organiser” was awarded and holds until 10 January 2028: nothing is to be done now." in said
    )
    assert "Awarded" in said
    async with database.transaction() as session:
        await renew_or_begin(session, ada.holder_id, "session-organiser", lambda start: start + YEAR, **BY)
    assert "“Session organiser” is renewed until 9 January 2029: nothing is to be done." in await reads(
        site, ada
    )
    async with database.transaction() as session:
        await suspend(session, ada.holder_id, by="Olu", reason="The bank sent it back.")
    said = await reads(site, ada)
    assert (
        "“Session organiser” is suspended since 10 January 2027 and “Free” holds: write to the people" in said
    )
    assert "Reason: The bank sent it back." in said
    await put(database, ada.holder_id, cents=0)
    assert "“Session organiser” holds until further notice: nothing is to be done." in await reads(site, ada)
    await put(database, ada.holder_id, "free", starts_at=START + 9 * DAY)
    said = await reads(site, ada)
    assert "“Session organiser” holds until “Free” begins on 19 January 2027: nothing is to be done." in said


async def test_an_organisation_reads_it_on_its_own_page_and_its_admin_sees_all_of_it(site, database, ada):
    bela = await a_person(database, "bela@example.org")
    made = await an_organisation(database, "Printers", "free", ada="admin", bela="host")
    clock.stand_at(START + timedelta(seconds=5))
    await put(database, made.holder_id, "consumer", ends_at=START + 20 * DAY)
    sentence = "“Consumer organisation” ends on 30 January 2027: €500.00 are still to be given for it"
    assert sentence in await reads(site, ada, "/organisations/printers")
    assert sentence in await reads(site, ada, f"/membership?holder={made.holder_id}")
    async with signed_in(site, bela) as person:
        assert (await person.open(f"/membership?holder={made.holder_id}")).status_code == 404
        assert (await person.open(f"/membership?holder={ada.holder_id}")).status_code == 404


async def test_guests_sign_in_first(someone):
    await someone.open("/membership")
    assert someone.page.url.path == "/sign-in"


async def test_the_dashboard_warns_in_the_grace_and_while_suspended(site, database, ada):
    await put(database, ada.holder_id, ends_at=START + 20 * DAY)
    assert "In its grace" not in await reads(site, ada, "/rooms")
    clock.stand_at(START + 21 * DAY)
    said = await reads(site, ada, "/rooms")
    assert "“Session organiser” ended on 30 January 2027. Everything works until 13 February 2027." in said
    async with database.transaction() as session:
        await suspend(session, ada.holder_id, by="Olu", reason="a test")
    assert "The membership is suspended: the limits of “Free” hold." in await reads(site, ada, "/rooms")
