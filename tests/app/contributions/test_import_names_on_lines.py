"""A payment under another name than the one it is matched with is shown before anything is recorded."""

import pytest

from app.contributions.importing.references import reference_of
from tests.app.contributions.bringing import bring, everything, table
from tests.app.contributions.statements import camt, ntry, tx
from tests.factories import a_person

ANOTHER = "The payment is under another name."


def statement(day, paid):
    """A bank's file of payments from one account: amounts, and names."""
    return camt(
        *(
            ntry(amount, ref=f"{place}", day=day, details=tx(name, iban="DE03"))
            for place, (amount, name) in enumerate(paid)
        )
    )


async def _matched(bruna, database, ada, *rows):
    """Import these, and say that the last one is Ada's, and nothing else."""
    await bring(bruna, table(*rows), f"{len(rows)}{rows[0][-20:]}.csv")
    await bruna.submit("/import")
    line = (await everything(database))[0][-1]
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))


async def test_a_remembered_account_under_another_name_is_nobody_s_and_is_said(bruna, ada, database, today):
    """The account may be a payment service's, or the co-operative's own, taken for the payer's once."""
    await _matched(bruna, database, ada, f"{today},120,A. Okafor,,,DE03,EUR")
    paid = [("500.00", "Wanda Fremd"), ("7.00", "OKAFOR ADA")]
    await bring(bruna, statement(today, paid), "june.xml")
    assert "Look at these 1" in bruna.words
    assert "This account paid under another name before." in bruna.words
    assert "It could also be of: Ada Okafor" in bruna.words
    await bruna.submit("/import")
    assert [entry.cents for entry in (await everything(database))[1]] == [12_000, 700]


async def test_a_name_that_was_matched_with_the_account_before_is_theirs(bruna, ada, database, today):
    """Who pays for another from an account of theirs is said once."""
    await _matched(bruna, database, ada, f"{today},5,Wanda Fremd,,,DE02,EUR")
    await bring(bruna, table(f"{today},6,WANDA FREMD,,,DE02,EUR"))
    assert ANOTHER not in bruna.words
    await bruna.submit("/import")
    assert [entry.contributor_id for entry in (await everything(database))[1]] == [ada.holder_id] * 2


@pytest.mark.parametrize("by", ["reference", "mail"])
async def test_a_reference_or_mail_of_one_and_the_name_of_another_is_looked_at(bruna, ada, today, by):
    mail, reference = ("", reference_of(ada.holder_id)) if by == "reference" else ("ada@example.org", "")
    await bring(bruna, table(f"{today},5,Wanda Fremd,{mail},{reference},,EUR"))
    assert ANOTHER in bruna.words
    assert "Look at these 1" in bruna.words


async def test_the_account_is_shown_in_the_preview_and_beside_the_tick(bruna, database, today):
    await bring(bruna, table(*(f"{today},{n},A. Okafor,,,ES91 21,EUR" for n in (5, 6))))
    assert "ES9121" in bruna.words
    await bruna.submit("/import")
    lines, _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[0].id}")
    assert "Also the other payment of this payer" in bruna.words
    assert "They came from account ES9121." in bruna.words


async def test_the_tick_takes_nobody_else_s_payments_from_the_same_account(bruna, ada, database, today):
    names = ["Ada Okafor", "Wanda Fremd", "ADA OKAFOR", "Bruno Fremd", ""]
    paid = list(zip(("120.00", "120.00", "5.00", "500.00", "9.00"), names, strict=True))
    await bring(bruna, statement(today, paid), "may.xml")
    await bruna.submit("/import")
    lines, _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[0].id}")
    assert "From this account others have paid too: Wanda Fremd, Bruno Fremd" in bruna.words
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert [entry.cents for entry in (await everything(database))[1]] == [12_000, 500]


async def test_two_people_behind_one_payment_service_stay_two(bruna, ada, database, today):
    """The case of a collector: one tick gave one of them what both had paid, and the next month followed."""
    await a_person(database, "wanda@example.org", name="Wanda Fremd")
    entries = [
        ntry(ref=name, day=today, details=tx("Pay Service SA", iban="LU12", behind=name))
        for name in ("Ada Okafor", "Wanda Fremd")
    ]
    await bring(bruna, camt(*entries), "may.xml")
    await bruna.submit("/import")
    lines, _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[0].id}")
    assert "of this payer" not in bruna.words
    await bruna.submit("/match", holder=str(ada.holder_id))
    next_month = tx("Pay Service SA", iban="LU12", behind="Wanda Fremd")
    await bring(bruna, camt(ntry("60.00", ref="next", day=today, details=next_month)), "june.xml")
    assert "One is kept to be matched by hand." in bruna.words
    await bruna.submit("/import")
    assert {entry.contributor_id for entry in (await everything(database))[1]} == {ada.holder_id}
