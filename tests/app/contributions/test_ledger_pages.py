"""The bookkeepers' pages: find someone, record what they gave, confirm a pledge, put a wrong entry right."""

import asyncio
import csv
import io
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from sqlalchemy import func, select

from app import clock
from app.contributions.models import LedgerEntry
from tests.app.contributions.books import gift, grants_of, only_grant, pledge, recorded, reversed_
from tests.browser import text_of
from tests.factories import a_person, an_organisation


async def entries(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))


@pytest.mark.parametrize("search", ["okaf", "ADA@example", "  Ada  Okafor "])
async def test_a_contributor_is_found_by_name_or_mail(bruna, ada, search):
    bruna.page = await bruna.client.get("/ledger/contributors", params={"search": search})
    assert "One contributor" in bruna.words
    assert f"/ledger/contributors/{ada.holder_id}" in bruna.page.text


async def test_an_organisation_is_found_by_its_admin_s_mail(bruna, ada, database):
    riverside = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await bruna.open("/ledger/contributors?search=ada@example.org")
    assert "2 contributors" in bruna.words
    assert f"/ledger/contributors/{riverside.holder_id}" in bruna.page.text


async def test_a_gift_is_recorded_and_earns_what_it_earns(bruna, ada, database):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    await bruna.submit("/ledger/new", amount="120,00", note="By hand", evidence="https://bank.example/7")
    assert "Recorded." in bruna.words
    assert "€120.00" in bruna.words
    assert 'href="https://bank.example/7"' in bruna.page.text
    [entry] = await entries(database)
    assert (entry.cents, entry.recorded_by, entry.counts_as) == (12_000, "Bruna Keller", "confirmation")
    await bruna.open(f"/ledger/contributors/{ada.holder_id}")
    assert "Session organiser Granted" in bruna.words


async def test_a_double_click_records_once_and_another_figure_from_the_same_page_is_asked_about(
    bruna, ada, database
):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    form = bruna.form("/ledger/new")
    url = urljoin(str(bruna.page.url), form.action)
    data = form.fields | {"amount": "15"}
    answers = await asyncio.gather(*(bruna.client.post(url, data=data) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await entries(database)) == 1
    # Back, another figure, sent again: that is no double click.
    bruna.page = await bruna.client.post(url, data=data | {"amount": "16"})
    assert bruna.page.status_code == 409
    assert "recorded already" in bruna.words
    await bruna.submit("/ledger/new")
    assert [entry.cents for entry in await entries(database)] == [1_500, 1_600]


async def test_hours_are_worth_what_the_policy_says_or_what_was_agreed(bruna, ada, database):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    await bruna.submit("/ledger/new", what="hours", hours="3:30")
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    await bruna.submit("/ledger/new", what="hours", hours="2.5", amount="40")
    assert [(entry.minutes, entry.cents) for entry in await entries(database)] == [(210, 8_750), (150, 4_000)]


async def test_another_currency_keeps_its_amount_and_rate(bruna, ada, database):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    await bruna.submit("/ledger/new", amount="100", currency="chf", rate="1,0537")
    [entry] = await entries(database)
    assert (entry.cents, entry.currency, entry.currency_cents) == (10_537, "CHF", 10_000)
    assert "CHF" in bruna.words
    assert "1.0537" in bruna.words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "1.200"}, "Write the amount in figures"),
        ({"amount": "-5"}, "Write the amount in figures"),
        ({"amount": "0"}, "Write an amount above zero."),
        ({"amount": "1e3"}, "Write the amount in figures"),
        ({"amount": ""}, "Write what it is worth."),
        ({"amount": "999999999", "currency": "XXX", "rate": "900000"}, "is not possible"),
        ({"what": "hours"}, "Write how many hours it was."),
        ({"what": "hours", "hours": "three"}, "Write the hours in figures"),
        ({"what": "love", "amount": "5"}, "Choose one of the options."),
        ({"amount": "5", "currency": "CHF"}, "Write how many EUR one CHF is."),
        ({"amount": "5", "currency": "francs"}, "Write the three letters of the currency"),
        ({"amount": "5", "evidence": "javascript:alert(1)"}, "Write the whole address"),
        ({"amount": "5", "evidence": "https://"}, "Write the whole address"),
        ({"amount": "5", "booked_on": "3 May"}, "Write the day as year-month-day"),
        ({"amount": "5", "booked_on": "1926-05-03"}, "This is too long ago."),
        ({"amount": "5", "custodian": "{ada}"}, "Choose one of the options."),
        ({"amount": "5", "kind": "correction"}, "Choose one of the options."),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_recorded(
    bruna, ada, database, typed, said
):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    typed = {name: value.format(ada=ada.holder_id) for name, value in typed.items()}
    await bruna.submit("/ledger/new", note="Kept as typed", **typed)
    assert bruna.page.status_code == 422
    assert said in bruna.words
    assert "Kept as typed" in bruna.page.text
    assert await entries(database) == []


async def test_tomorrow_is_not_recorded_today(bruna, ada, database):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    tomorrow = clock.now().date() + timedelta(days=1)
    await bruna.submit("/ledger/new", amount="5", booked_on=tomorrow.isoformat())
    assert "This day is yet to come." in bruna.words
    assert await entries(database) == []


async def test_a_pledge_is_confirmed_in_parts(bruna, ada, database):
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    await bruna.submit("/ledger/new", kind="pledge", amount="100")
    await bruna.open(f"/ledger/contributors/{ada.holder_id}")
    assert "Open pledges €100.00 of €100.00" in bruna.words
    [promised] = await entries(database)
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}&pledge={promised.id}")
    await bruna.submit("/ledger/new", amount="30")
    await bruna.open(f"/ledger/contributors/{ada.holder_id}")
    assert "€70.00 of €100.00" in bruna.words
    assert "Confirmed €30.00 Pledged €100.00" in bruna.words
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}&pledge={promised.id}")
    assert bruna.form("/ledger/new").fields["amount"] == "70.00"


async def test_a_wrong_entry_is_put_right_in_one_step(bruna, ada, database):
    wrong = await recorded(database, gift(ada.holder_id, 5_000, note="Bank"))
    await bruna.open(f"/ledger/entries/{wrong.id}")
    await bruna.open(f"/ledger/entries/{wrong.id}/correct")
    form = bruna.form("/correct")
    assert form.fields["amount"] == "50.00"
    await bruna.submit("/correct", why="A digit was missing", replace="yes", amount="500")
    assert "Corrected." in bruna.words
    assert [(e.kind, e.cents, e.reverses_id) for e in await entries(database)] == [
        ("confirmation", 5_000, None),
        ("correction", -5_000, wrong.id),
        ("confirmation", 50_000, None),
    ]
    await bruna.open(f"/ledger/entries/{wrong.id}/correct")
    assert "This entry is reversed already." in bruna.words


async def test_a_correction_asks_before_a_membership_falls(bruna, ada, database):
    wrong = await recorded(database, gift(ada.holder_id, 12_000))
    await bruna.open(f"/ledger/entries/{wrong.id}/correct")
    assert "A membership stands on this entry and would fall: Session organiser" in bruna.words
    assert len(await entries(database)) == 1
    # A sum that does not reach it either: shown again, and asked.
    await bruna.submit("/correct", why="Half of it", replace="yes", amount="60", agreed="")
    assert bruna.page.status_code == 409
    assert "would fall" in bruna.words
    assert len(await entries(database)) == 1
    await bruna.submit("/correct")
    assert "Corrected." in bruna.words
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "fallen")]
    assert [e.cents for e in await entries(database)] == [12_000, -12_000, 6_000]


async def test_of_two_who_correct_the_same_entry_the_second_is_told_and_loses_nothing(
    bruna, olu, ada, database
):
    wrong = await recorded(database, gift(ada.holder_id, 12_000))
    grant = await only_grant(database, ada.holder_id)
    requests = []
    for person, amount in ((bruna, "60"), (olu, "70")):
        await person.open(f"/ledger/entries/{wrong.id}/correct")
        form = person.form("/correct")
        assert form.fields["agreed"] == str(grant.id)
        data = {**form.fields, "why": f"It was {amount}", "replace": "yes", "amount": amount}
        requests.append(person.client.post(form.action, data=data, follow_redirects=True))
    answers = await asyncio.gather(*requests)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [late] = [text_of(answer.text) for answer in answers if answer.status_code == 409]
    assert "This entry is reversed already." in late
    [raw] = [answer.text for answer in answers if answer.status_code == 409]
    kept = [amount for amount in ("60", "70") if f"It was {amount}" in raw and f'value="{amount}"' in raw]
    [_wrong, correction, instead] = await entries(database)
    assert (correction.cents, len(kept)) == (-12_000, 1)
    assert instead.cents == {"60": 7_000, "70": 6_000}[kept[0]]
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "fallen")]


async def test_a_correction_wants_a_reason_and_what_replaces_it_must_be_right(bruna, ada, database):
    wrong = await recorded(database, gift(ada.holder_id, 5_000))
    await bruna.open(f"/ledger/entries/{wrong.id}/correct")
    await bruna.submit("/correct", why=" ")
    assert "Write a reason." in bruna.words
    await bruna.submit("/correct", why="x", replace="yes", amount="much")
    assert "Write the amount in figures" in bruna.words
    assert len(await entries(database)) == 1


@pytest.mark.slow
async def test_the_ledger_is_filtered_and_paged(bruna, ada, database):
    bo = await a_person(database, "bo@example.org", name="Bo Diaz")
    commons = await an_organisation(database, "Commons Cloud", "co-producer")
    await recorded(database, gift(ada.holder_id, 100, note="For the servers"))
    await recorded(database, pledge(ada.holder_id, 200, what="hours", minutes=5))
    await recorded(database, gift(bo.holder_id, 300, custodian_id=commons.holder_id))
    await recorded(database, gift(bo.holder_id, 400, ago=800))
    quarter = f"{clock.now().year}-Q{(clock.now().month + 2) // 3}"
    expected = {
        "": {100, 200, 300, 400},
        "?kind=pledge": {200},
        "?what=hours": {200},
        f"?contributor={bo.holder_id}": {300, 400},
        f"?custodian={commons.holder_id}": {300},
        "?custodian=collective": {100, 200, 400},
        f"?quarter={quarter}": {100, 200, 300},
        "?search=diaz": {300, 400},
        "?search=servers": {100},
        "?search=%25": set(),
        "?kind=nonsense&quarter=2027-Q9&custodian=x": {100, 200, 300, 400},
    }
    for query, cents in expected.items():
        await bruna.open(f"/ledger{query}")
        assert {each for each in (100, 200, 300, 400) if f"€{each / 100:.2f}" in bruna.words} == cents, query
    for number in range(50):
        await recorded(database, gift(bo.holder_id, 7, note=f"Gift {number}"))
    await bruna.open("/ledger")
    assert "54 entries" in bruna.words
    assert bruna.page.text.count("Gift ") == 50
    await bruna.open("/ledger?page=2")
    assert "€4.00" in bruna.words


async def test_the_file_has_every_entry_and_runs_nothing(bruna, ada, database):
    mallory = await a_person(database, "mallory@example.org", name='=HYPERLINK("http://evil.example")')
    await recorded(database, gift(mallory.holder_id, 500, note="+cmd|' /C calc'!A0"))
    wrong = await recorded(database, gift(ada.holder_id, 1_250, note="-2+3"))
    await reversed_(database, wrong)
    answer = await bruna.open("/ledger/entries.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="ledger.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["eur"] for row in rows] == ["5.00", "12.50", "-12.50"]
    assert rows[0]["contributor"].startswith("'=HYPERLINK")
    assert rows[0]["note"].startswith("'+cmd")
    assert rows[1]["note"] == "'-2+3"
    assert rows[1]["reversed_by"] == rows[2]["number"]
    narrowed = await bruna.open(f"/ledger/entries.csv?contributor={mallory.holder_id}")
    assert len(list(csv.DictReader(io.StringIO(narrowed.text)))) == 1


async def test_who_left_keeps_a_place_in_the_ledger_without_a_name(bruna, ada, database):
    from app.accounts.deletion import delete_account

    await recorded(database, gift(ada.holder_id, 500))
    async with database.transaction() as session:
        await delete_account(session, ada.id)
        assert await session.scalar(select(func.count()).select_from(LedgerEntry)) == 1
    await bruna.open("/ledger")
    assert "someone who has left" in bruna.words
    assert "Ada" not in bruna.words
