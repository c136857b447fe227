"""Saying by hand whose payments are: one, or all that a payer made, and never the same money twice."""

import asyncio
from urllib.parse import urljoin

import pytest
from sqlalchemy import text

from tests.app.contributions.books import grants_of, pledge, recorded, reversed_
from tests.app.contributions.bringing import bring, everything, table
from tests.app.contributions.test_import_reading import entry, statement


async def test_the_same_payer_s_other_payments_are_matched_with_one(bruna, ada, database, today):
    """Who has paid by the month for a year is not matched by hand twelve times."""
    await recorded(database, pledge(ada.holder_id, 4_000))
    rows = [f"{today},40,A. Okafor,,{n},ES91,{code}" for n, code in enumerate(("EUR", "EUR", "EUR", "CHF"))]
    await bring(bruna, table(*rows, f"{today},40,Bo,,,ES92,EUR"))
    await bruna.submit("/settings", rate_CHF="1.1")
    await bruna.submit("/import")
    lines, [promised] = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[3].id}?search=okafor")
    assert "Also the 3 other payments of this payer" in bruna.words
    form = bruna.form("/match")
    assert form.fields["others"] == "yes", "it is ticked: nobody has to think of it"
    url, data = urljoin(str(bruna.page.url), form.action), form.fields | {"holder": str(ada.holder_id)}
    answers = await asyncio.gather(*(bruna.client.post(url, data=data) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    lines, entries = await everything(database)
    assert [line.holder_id for line in lines] == [ada.holder_id] * 4 + [None]
    assert sorted(entry.cents for entry in entries[1:]) == [4_000, 4_000, 4_000, 4_400]
    assert [entry.confirms_id for entry in entries].count(promised.id) == 1
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    moved_on = [answer for answer in answers if answer.headers["location"].endswith("/unmatched")]
    assert len(moved_on) == 1, "the others are told that somebody was faster"
    # Of Bo's there is only one: nothing more is offered.
    await bruna.open(f"/ledger/imports/lines/{lines[4].id}?search=okafor")
    assert "of this payer" not in bruna.words


async def test_whoever_unticks_it_matches_one_payment_alone(bruna, ada, database, today):
    await bring(bruna, table(*(f"{today},{n},A. Okafor,,,ES91,EUR" for n in (5, 6))))
    await bruna.submit("/import")
    lines, _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[0].id}?search=okafor")
    assert "Also the other payment of this payer" in bruna.words
    await bruna.submit("/match", others=None, holder=str(ada.holder_id))
    lines, entries = await everything(database)
    assert [line.state for line in lines] == ["matched", "unmatched"]
    assert [entry.cents for entry in entries] == [500]


async def test_an_announced_payment_is_nobody_s_until_it_is_booked(bruna, ada, database):
    """Matched by hand it would count twice: it comes again in the statement of the next day."""
    number = "<AcctSvcrRef>B1</AcctSvcrRef>"
    await bring(bruna, statement(entry(status="PDNG", number=number)), "may.xml")
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=okafor")
    assert "It is theirs" not in bruna.words
    await bruna.open("/ledger/imports")
    token = bruna.form("/ledger/imports").fields["form_token"]
    data = {"form_token": token, "holder": str(ada.holder_id)}
    bruna.page = await bruna.client.post(
        f"/ledger/imports/lines/{line.id}/match", data=data, follow_redirects=True
    )
    assert "This payment is only announced." in bruna.words
    assert (await everything(database))[1] == []


@pytest.mark.parametrize("rate", ["0.00001", "999999"])
async def test_a_rate_by_which_a_payment_is_worth_nothing_or_too_much_is_asked_for_again(
    bruna, ada, database, today, rate
):
    await bring(
        bruna, table(f"{today},1,Ada,ada@example.org,,,CHF", f"{today},90000000,Ada,ada@example.org,,,CHF")
    )
    await bruna.submit("/settings", rate_CHF=rate)
    assert "Write what one unit of each currency is worth" in bruna.words
    await bruna.submit("/settings", rate_CHF="1.05")
    assert "Write what one unit" not in bruna.words


@pytest.mark.slow
async def test_matching_by_hand_records_once_and_is_remembered_until_it_is_reversed(
    bruna, ada, database, today
):
    await bring(bruna, table(f"{today},120,A. Okafor,,,ES91,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open("/ledger/imports/unmatched")
    assert "A. Okafor" in bruna.words
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert "Recorded." in bruna.words
    _lines, [entry] = await everything(database)
    assert (entry.contributor_id, entry.import_line_id) == (ada.holder_id, line.id)
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    await bring(bruna, table(f"{today},7,Okafor,,,es 91,EUR"))
    assert "This payer was matched with them by hand before." in bruna.words
    await bruna.submit("/import")
    assert len((await everything(database))[1]) == 2
    grant_ids = frozenset({(await grants(database))[0]})
    await reversed_(database, entry, agreed=grant_ids)
    await bring(bruna, table(f"{today},8,Okafor,,,ES91,EUR"))
    assert "One is kept to be matched by hand." in bruna.words


async def grants(database):
    async with database.transaction() as session:
        return list(await session.scalars(text("SELECT id FROM grants")))


async def test_leaving_out_wants_a_reason_and_keeps_the_line(bruna, database, today):
    await bring(bruna, table(f"{today},5,A shop,,,,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{line.id}")
    await bruna.submit("/leave-out", why="")
    assert "Write a reason." in bruna.words
    await bruna.submit("/leave-out", why="Interest of the bank")
    [line], entries = await everything(database)
    assert (line.state, line.reason, entries) == ("left_out", "Interest of the bank", [])
