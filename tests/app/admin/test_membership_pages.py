"""What operators do to memberships on their pages: every form, what it says afterwards, who did it."""

from datetime import UTC, datetime, timedelta

import pytest

from app import clock
from app.contributions.custody import give_into_custody
from app.memberships.granting import put_on_tier as give_tier
from app.memberships.limits import standing_of
from app.organisations.models import Organisation
from tests.app.admin.conftest import history
from tests.app.contributions.books import gift, recorded
from tests.app.standing import DAY, START
from tests.factories import a_person, a_room, an_organisation, put_on_tier

pytestmark = pytest.mark.usefixtures("standing_clock")


def at(holder_id, rest=""):
    return f"/admin/holders/{holder_id}/membership{rest}"


async def do(olu, holder_id, act, **typed):
    await olu.open(at(holder_id, f"/{act}"))
    return await olu.submit(f"/membership/{act}", **{"reason": "a test", **typed})


async def tier(database, holder_id):
    async with database.transaction() as session:
        return (await standing_of(session, holder_id)).tier_key


async def test_the_way_leads_from_the_person_to_all_that_can_be_done(olu, ada):
    await olu.open(f"/admin/people/{ada.id}")
    assert "“Free” holds without an end" in olu.words
    assert at(ada.holder_id) in olu.page.text
    await olu.open(at(ada.holder_id))
    assert "Membership of Ada Okafor" in olu.words
    assert "/renew" not in olu.page.text
    assert "/suspend" not in olu.page.text


@pytest.mark.slow
async def test_given_renewed_suspended_lifted_and_ended_with_who_and_why(olu, ada, database):
    await do(olu, ada.holder_id, "give", tier="session-organiser", until="2028-01-10", price="80")
    assert "The membership is given." in olu.words
    await do(olu, ada.holder_id, "renew", awarded="yes", reason="For the translation.")
    assert "The membership is renewed." in olu.words
    (_tier, first), (_same, second) = await history(database, ada.holder_id)
    assert (first.cents, first.ends_at) == (8_000, datetime(2028, 1, 10, 23, 59, tzinfo=UTC))
    assert (second.awarded, second.starts_at, second.renews_id) == (True, first.ends_at, first.id)
    assert second.ends_at == datetime(2029, 1, 10, 23, 59, tzinfo=UTC)
    await do(olu, ada.holder_id, "suspend", reason="The bank sent it back.")
    assert "“Session organiser” is suspended since 10 January 2027 and “Free” holds." in olu.words
    assert "write to the people who run this house" not in olu.words
    assert "Reason: The bank sent it back." in olu.words
    assert await tier(database, ada.holder_id) == "free"
    await do(olu, ada.holder_id, "lift")
    assert await tier(database, ada.holder_id) == "session-organiser"
    await do(olu, ada.holder_id, f"{second.id}/end", reason="A mistake.")
    assert "The membership is withdrawn." in olu.words
    await do(olu, ada.holder_id, f"{first.id}/end", until="2027-02-01", reason="Asked for it.")
    assert "The end is set." in olu.words
    assert "ends on 1 February 2027" in olu.words
    for said in (
        "“Session organiser” given Olu Marsh",
        "“Session organiser” renewed Olu Marsh For the translation.",
        "“Session organiser” suspended Olu Marsh The bank sent it back.",
        "“Session organiser”: suspension lifted Olu Marsh",
        "“Session organiser” withdrawn Olu Marsh A mistake.",
        "“Session organiser”: its end set Olu Marsh Asked for it.",
    ):
        assert said in olu.words, said


async def test_what_the_holder_would_be_above_is_shown_before_anything_is_done(olu, ada, database):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    clock.stand_at(START + DAY)
    for name in ("One", "Two", "Three"):
        await a_room(database, ada, name)
    await olu.open(at(ada.holder_id, "/give"))
    form = olu.form("/give")
    answer = await olu.client.post(
        at(ada.holder_id, "/give"),
        data=form.fields | {"tier": "free", "reason": "Asked for it.", "look": "1"},
    )
    olu.page = answer
    assert answer.status_code == 200
    assert "2 rooms would be read-only: “Two”, “One”." in olu.words
    assert len(await history(database, ada.holder_id)) == 1
    assert olu.form("/give").fields["reason"] == "Asked for it."
    await olu.submit("/give")
    assert await tier(database, ada.holder_id) == "free"


async def test_what_of_the_price_is_left_is_told_when_another_is_given(
    olu, operator, ada, database, at_browsers
):
    await do(olu, ada.holder_id, "give", tier="session-organiser", until="2028-01-10", price="120")
    clock.stand_at(START + DAY)
    await recorded(database, gift(ada.holder_id, 12_000))
    clock.stand_at(datetime(2027, 7, 12, 5, 59, tzinfo=UTC))
    half_a_year_later = await at_browsers(operator)
    await half_a_year_later.open(at(ada.holder_id, "/give"))
    assert "Of what was paid for the present period, €60.00 are for days to come." in half_a_year_later.words


async def test_one_that_begins_later_waits(olu, ada, database):
    await do(olu, ada.holder_id, "give", tier="session-organiser", begins="2027-03-01", until="2027-12-31")
    assert "“Free” holds until “Session organiser” begins on 1 March 2027" in olu.words
    assert await tier(database, ada.holder_id) == "free"
    clock.stand_at(datetime(2027, 3, 1, tzinfo=UTC))
    assert await tier(database, ada.holder_id) == "session-organiser"


@pytest.mark.parametrize(
    ("act", "typed", "said"),
    [
        ("give", {"tier": "session-organiser", "reason": " "}, "Write a reason."),
        ("give", {"tier": "session-organiser", "price": "much"}, "Write the amount in figures"),
        (
            "give",
            {"tier": "session-organiser", "begins": "2027-03-01", "until": "2027-02-01"},
            "It would end before it begins.",
        ),
        ("renew", {}, "There is nothing to renew"),
        ("suspend", {}, "There is no membership to suspend"),
        ("lift", {}, "No membership is suspended."),
    ],
)
async def test_what_cannot_be_done_is_said(olu, ada, database, act, typed, said):
    assert (await do(olu, ada.holder_id, act, **typed)).status_code == 422
    assert said in olu.words
    assert await history(database, ada.holder_id) == []


async def test_two_operators_who_renew_at_once_renew_once(olu, ada, database, at_browsers):
    other = await at_browsers(await a_person(database, "second@example.org", is_operator=True))
    await do(olu, ada.holder_id, "give", tier="session-organiser", until="2028-01-10")
    for person in (olu, other):
        await person.open(at(ada.holder_id, "/renew"))
    assert (await olu.submit("/renew", reason="Paid.")).status_code == 200
    assert (await other.submit("/renew", reason="Paid by bank.")).status_code == 422
    assert "Membership is now: “Session organiser” is renewed until 10 January 2029" in other.words
    assert other.form("/renew").fields["reason"] == "Paid by bank."
    assert len(await history(database, ada.holder_id)) == 2


@pytest.mark.slow
async def test_who_takes_custody_is_set_and_shown_with_what_it_holds(olu, ada, database):
    del ada
    keeper = await an_organisation(database, "Commons Cloud", "co-producer", ada="admin")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit("/custodian", custodian=str(keeper.id))
    assert "It is set who takes custody." in olu.words
    assert olu.form("/custodian").fields["custodian"] == str(keeper.id)
    await recorded(database, gift(made.holder_id, 20_000, custodian_id=keeper.holder_id))
    await recorded(database, gift(keeper.holder_id, 5_000, custodian_id=keeper.holder_id))
    await olu.open("/ledger/reports/custody")
    assert "Commons Cloud €250.00 Riverside Housing €200.00" in olu.words
    file = await olu.client.get("/ledger/reports/custody.csv")
    assert file.text.splitlines()[1] == "Commons Cloud,250.00,Riverside Housing,200.00"
    for wrong in (str(made.id), "999999"):  # itself, and nobody
        await olu.open(f"/admin/organisations/{made.id}")
        assert (await olu.submit("/custodian", custodian=wrong)).status_code == 422
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit("/custodian", custodian="")
    assert olu.form("/custodian").fields["custodian"] == ""


async def test_who_sets_the_custodian_second_is_told_and_keeps_their_choice(olu, ada, database):
    del ada
    first = await an_organisation(database, "Commons Cloud", "co-producer", ada="admin")
    second = await an_organisation(database, "Open Rooms", "co-producer", ada="admin")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")

    async def keeper():
        async with database.transaction() as session:
            return (await session.get_one(Organisation, made.id)).custodian_id

    await olu.open(f"/admin/organisations/{made.id}")
    async with database.transaction() as session:  # another operator, meanwhile
        await give_into_custody(session, await session.get_one(Organisation, made.id), first.id)
    assert (await olu.submit("/custodian", custodian=str(second.id))).status_code == 409
    assert "Who holds what it pays is now: Commons Cloud" in olu.words
    assert olu.form("/custodian").fields["custodian"] == str(second.id)
    assert await keeper() == first.id
    await olu.submit("/custodian")
    assert await keeper() == second.id
    # What an admin changes of its profile is nothing to be told of here.
    await olu.open(f"/admin/organisations/{made.id}")
    async with database.transaction() as session:
        (await session.get_one(Organisation, made.id)).version += 1
    await olu.submit("/custodian", custodian="")
    assert await keeper() is None


@pytest.mark.slow
async def test_a_long_history_is_folded_and_paged_and_all_of_it_can_be_seen(olu, ada, database):
    async with database.transaction() as session:
        for number in range(1, 56):
            clock.stand_at(START + number * timedelta(minutes=1))
            said = {"reason": f"Time {number:02}.", "granted_by": "Olu"}
            await give_tier(session, ada.holder_id, "session-organiser", **said)
    await olu.open(at(ada.holder_id))
    newest, _details, older = olu.page.text.partition("The memberships before these</summary>")
    assert "Time 36." in newest
    assert "Time 35." not in newest
    assert "Time 01." in older.partition("</details>")[0]
    assert ">Price<" not in olu.page.text
    # What was done: given 55 times, and replaced 54 times.
    assert "Page 1 of 3" in olu.words
    await olu.open(at(ada.holder_id, "?page=3"))
    done = olu.page.text.partition('id="changes"')[2]
    assert "Time 01." in done
    assert "Time 55." not in done
