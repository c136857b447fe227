"""Operators decide about proposals and keep the rules; bookkeepers see both and do neither."""

import pytest
from sqlalchemy import select

from app.contributions.models import GrantRule
from app.organisations.service import create_organisation
from tests.app.contributions.books import gift, grants_of, memberships_of, only_grant, recorded


@pytest.fixture
async def riverside(database):
    async with database.transaction() as session:
        return await create_organisation(session, name="Riverside Housing", slug="riverside")


async def the_rule(database, **wanted):
    async with database.transaction() as session:
        return (await session.scalars(select(GrantRule).filter_by(**wanted))).one()


async def proposed(database, riverside, tier):
    await recorded(database, gift(riverside.holder_id, 50_000))
    async with database.transaction() as session:
        from app.contributions.models import Grant
        from app.memberships.models import Tier

        found = select(Grant.id).join(Tier, Tier.id == Grant.tier_id).where(Tier.key == tier)
        return (await session.scalars(found)).one()


async def test_an_operator_accepts_who_helps_to_run_the_service(olu, database, riverside):
    number = await proposed(database, riverside, "co-producer")
    await olu.open("/ledger/grants")
    assert "Riverside Housing Co-producer organisation Proposed" in olu.words
    await olu.open(f"/ledger/grants/{number}")
    await olu.submit("/accept")
    assert "This tier is for those who help to run the service." in olu.words
    await olu.submit("/accept", commitment="yes")
    assert "Write what they have agreed to do." in olu.words
    await olu.submit("/accept", commitment="yes", words="Two people on call")
    assert "Granted. It holds from now on." in olu.words
    assert "Two people on call" in olu.words
    assert len(await memberships_of(database, riverside.holder_id)) == 1


async def test_an_operator_declines_with_a_reason_and_late_answers_are_told(olu, database, riverside):
    number = await proposed(database, riverside, "consumer")
    await olu.open("/admin")
    assert "Contributions have earned 2 memberships, which wait for you." in olu.words
    await olu.open(f"/ledger/grants/{number}")
    form = olu.form("/decline")
    await olu.submit("/decline", why="")
    assert "Write a reason." in olu.words
    await olu.submit("/decline", why="They asked for their money back")
    assert "They asked for their money back" in olu.words
    # Who was slower is told, and what they wrote is not lost.
    late = {**form.fields, "why": "Ask them first"}
    for action in (form.action, form.action.replace("decline", "accept")):
        again = await olu.client.post(action, data=late)
        assert again.status_code == 409
        assert "This is decided already." in again.text
    assert "You had written: Ask them first" in (await olu.client.post(form.action, data=late)).text
    assert ("consumer", "declined") in await grants_of(database, riverside.holder_id)


async def test_a_bookkeeper_sees_a_proposal_and_does_not_decide_it(bruna, olu, database, riverside):
    number = await proposed(database, riverside, "consumer")
    await bruna.open(f"/ledger/grants/{number}")
    assert "An operator accepts or declines it." in bruna.words
    await bruna.open("/ledger/new?contributor=" + str(riverside.holder_id))
    token = bruna.form("/ledger/new").fields["form_token"]
    for verb in ("accept", "decline"):
        answer = await bruna.client.post(
            f"/ledger/grants/{number}/{verb}", data={"form_token": token, "why": "no"}
        )
        assert answer.status_code == 403
    assert ("consumer", "proposed") in await grants_of(database, riverside.holder_id)


async def test_the_rules_that_ship_stand_there_in_words(bruna):
    await bruna.open("/ledger/rules")
    assert "€120.00 within 365 days grant “Session organiser”. Granted at once." in bruna.words
    assert "€500.00 within 365 days grant “Consumer organisation”." in bruna.words
    assert bruna.page.text.count('href="/ledger/rules/') == 0


async def test_an_operator_changes_a_rule_and_it_is_asked_by_from_then_on(olu, database, ada):
    rule = await the_rule(database, automatic=True)
    await olu.open(f"/ledger/rules/{rule.id}")
    await olu.submit(f"/ledger/rules/{rule.id}", amount="60", money="yes")
    assert "€60.00 within 365 days" in olu.words
    assert (await the_rule(database, id=rule.id)).whats == {"only": ["money"]}
    await recorded(database, gift(ada.holder_id, 6_000))
    assert (await only_grant(database, ada.holder_id)).state == "granted"


async def test_two_who_change_a_rule_at_once_the_second_is_told_and_loses_nothing(olu, database):
    rule = await the_rule(database, automatic=True)
    await olu.open(f"/ledger/rules/{rule.id}")
    late = olu.page
    await olu.submit(f"/ledger/rules/{rule.id}", amount="90")
    olu.page = late
    await olu.submit(f"/ledger/rules/{rule.id}", amount="150", days="400")
    assert olu.page.status_code == 409
    assert "Someone else changed this while you had it open." in olu.words
    assert "Sum in EUR is now: 90.00" in olu.words
    assert olu.form(f"/ledger/rules/{rule.id}").fields["amount"] == "150"
    assert (await the_rule(database, id=rule.id)).cents == 9_000
    await olu.submit(f"/ledger/rules/{rule.id}")
    assert (await the_rule(database, id=rule.id)).cents == 15_000


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "much"}, "Write the amount in figures"),
        ({"within_days": "0"}, "at least 1"),
        ({"days": "99999"}, "at most 3650"),
        ({"automatic": "yes", "needs_commitment": "yes"}, "is for an operator to say"),
        ({"tier": "999"}, "Choose one of the options."),
    ],
)
async def test_a_rule_that_cannot_be_is_not_saved(olu, database, typed, said):
    await olu.open("/ledger/rules/new")
    await olu.submit("/ledger/rules/new", **{"amount": "10"} | typed)
    assert olu.page.status_code == 422
    assert said in olu.words


async def test_a_rule_is_made_and_retired(olu, database, ada):
    await olu.open("/ledger/rules/new")
    await olu.submit("/ledger/rules/new", amount="10", automatic="yes")
    made = await the_rule(database, cents=1_000)
    for rule in (made, await the_rule(database, cents=12_000)):
        await olu.open(f"/ledger/rules/{rule.id}")
        await olu.submit("/retire")
    assert "The rule is retired." in olu.words
    await recorded(database, gift(ada.holder_id, 12_000))
    assert await grants_of(database, ada.holder_id) == []


async def test_every_night_the_rules_are_asked_about_whom_they_concern(database, ada, move_clock):
    from app.contributions.jobs import ask_everyone

    await recorded(database, gift(ada.holder_id, 12_000))
    await recorded(database, gift(ada.holder_id, 12_000))
    await recorded(database, gift(ada.holder_id, 12_000))
    assert await ask_everyone(database) == 1
    assert len(await memberships_of(database, ada.holder_id)) == 2
    # A year later the next one has its place.
    await move_clock(days=364)
    await ask_everyone(database)
    assert len(await memberships_of(database, ada.holder_id)) == 2
    await recorded(database, gift(ada.holder_id, 100))
    await move_clock(days=2)
    await recorded(database, gift(ada.holder_id, 11_900))
    await ask_everyone(database)
    assert len(await memberships_of(database, ada.holder_id)) == 3
