"""Columns that a bookkeeper has chosen or that were guessed: nothing is given to the wrong person by them."""

import pytest
from sqlalchemy import text

from tests.app.contributions.bringing import bring, everything, table
from tests.app.contributions.test_import_banks import reading

OWN, ADA, WANDA = "DE02120300000000202051", "DE75512108001245126199", "DE21500500001234567897"
# The names of a German co-operative bank's columns: one's own account stands first.
COLUMNS = "Bezeichnung Auftragskonto;IBAN Auftragskonto;Buchungstag;Name Zahlungsbeteiligter;"
COLUMNS += "IBAN Zahlungsbeteiligter;Verwendungszweck;Betrag;Waehrung;Glaeubiger ID"


def line(day, name, iban, euros="120,00", creditor="") -> str:
    return f"Vereinskonto;{OWN};{day}.11.2026;{name};{iban};Spende;{euros};EUR;{creditor}"


async def import_and_match(bruna, database, ada):
    await bruna.submit("/import")
    first = next(one for one in (await everything(database))[0] if one.state == "unmatched")
    await bruna.open(f"/ledger/imports/lines/{first.id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))
    return await everything(database)


async def test_one_s_own_account_is_no_payer(bruna, ada, database):
    """One tick gave everybody's payments to one person, and the next month's followed by themselves."""
    people = (
        line("02", "Ada Okafor", ADA),
        line("03", "Wanda Fremd", WANDA),
        line("04", "Bruno F", "DE88", "500,00"),
    )
    await bring(bruna, table(*people, columns=COLUMNS))
    assert f"Account {ADA}" in bruna.words
    assert OWN not in bruna.words.split("Columns of the file")[0]
    lines, entries = await import_and_match(bruna, database, ada)
    assert [one.state for one in lines] == ["matched", "unmatched", "unmatched"]
    assert [entry.cents for entry in entries] == [12_000]
    await bring(bruna, table(line("20", "Xenia Neu", ADA), line("21", "Zoe Neu", WANDA), columns=COLUMNS))
    await bruna.submit("/import")
    assert len((await everything(database))[1]) == 1


async def test_one_s_own_account_is_refused_as_the_payer_s_with_a_sentence(bruna, ada, database):
    await bring(
        bruna, table(line("02", "Ada Okafor", ADA), line("03", "Wanda Fremd", WANDA), columns=COLUMNS)
    )
    await bruna.submit("/settings", payer="1")
    assert bruna.page.status_code == 422
    assert "but different names: Ada Okafor and Wanda Fremd. It’s your own account" in bruna.words
    await bruna.submit("/settings", payer="4")
    assert "Kept." in bruna.words


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (("2026-11-02,5,DE11", "2026-11-03,-5,DE11"), "date,amount,iban"),
        (("2026-11-02,5,DE11", "2026-11-03,6,DE11"), "date,amount,iban"),
    ],
    ids=["one came in, the other went out", "nobody has a name"],
)
async def test_an_account_that_nobody_can_be_known_by_is_refused(bruna, database, rows, columns):
    await bring(bruna, table(*rows, columns=columns))
    await bruna.submit("/settings", payer="2")
    assert bruna.page.status_code == 422
    assert "your own account" in bruna.words


async def test_a_mail_address_that_all_lines_have_is_nobody_s(bruna, ada, database, today):
    """The address of the account that was paid stands in every line of a payment service's export."""
    rows = f"{today},120,Wanda,ada@example.org", f"{today},30,Yan,ada@example.org"
    await bring(bruna, table(*rows, columns="date,amount,name,email"))
    assert "different names: Wanda and Yan" in bruna.words
    assert '/import"' not in bruna.page.text, "it cannot be imported"
    await bruna.submit("/settings", email="")
    await bruna.submit("/import")
    assert [one.state for one in (await everything(database))[0]] == ["unmatched"] * 2


async def test_what_several_people_share_can_be_nobody_s_and_the_others_keep_theirs(
    bruna, ada, database, today
):
    rows = [
        f"{today},{n},{name},DE1{code}"
        for n, (name, code) in enumerate((("Ada", 1), ("Ben", 1), ("Cleo", 2)), 1)
    ]
    await bring(bruna, table(*rows, columns="date,amount,name,iban"))
    assert "Ignore accounts that several people share" in bruna.words
    await bruna.submit("/settings", shared_out="yes")
    await bruna.submit("/import")
    assert [one.payer_key for one in (await everything(database))[0]] == ["", "", "payer:DE12"]


async def test_two_who_are_written_in_two_ways_are_one_payer(bruna, database, today):
    names = "Ada Okafor", "OKAFOR ADA", "Dr. Ada Okafor", "A. Okafor"
    rows = [f"{today},{n},{name},DE11" for n, name in enumerate(names, 1)]
    await bring(bruna, table(*rows, f"{today},-2,Ada Okafor,DE11", columns="date,amount,name,iban"))
    assert "different names" not in bruna.words
    await bruna.submit("/import")
    assert {one.payer_key for one in (await everything(database))[0]} == {"payer:DE11"}


async def test_a_creditor_s_number_is_no_number_of_the_payment(bruna, ada, database):
    """The next month's payments were known already, and gone."""
    for month in ("10", "11"):
        rows = [
            line("02", name, iban, "30,00", "DE98ZZZ09999999999").replace(".11.", f".{month}.")
            for name, iban in (("Ada Okafor", ADA), ("Wanda Fremd", WANDA))
        ]
        await bring(bruna, table(*rows, columns=COLUMNS), f"{month}.csv")
        assert "Known already" not in bruna.words
        await bruna.submit("/import")
    assert len((await everything(database))[0]) == 4


@pytest.mark.parametrize(
    ("numbers", "words"),
    [(("a", "a"), "lines 2 and 3 have the same one"), (("a", ""), "it’s empty on line 3")],
)
async def test_a_column_that_is_no_number_of_the_payment_is_refused(bruna, database, today, numbers, words):
    rows = [f"{today},{n},Ada,{number}" for n, number in enumerate(numbers, 1)]
    await bring(bruna, table(*rows, columns="date,amount,name,paid with"))
    await bruna.submit("/settings", id="3")
    assert bruna.page.status_code == 422
    assert words in bruna.words


async def test_the_account_stands_beside_the_tick(bruna, ada, database, today):
    await bring(bruna, table(*(f"{today},{n},A. Okafor,,,{ADA},EUR" for n in (5, 6))))
    await bruna.submit("/import")
    lines, _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[0].id}?search=okafor")
    assert f"They came from account {ADA}." in bruna.words


async def test_an_earlier_way_of_reading_gives_up_what_was_never_right(bruna, ada, database):
    """What older versions guessed and kept is remembered by the names of the columns."""
    people = line("02", "Ada Okafor", ADA), line("03", "Wanda Fremd", WANDA)
    await bring(bruna, table(*people, columns=COLUMNS))
    await bruna.submit("/settings")
    old = """
        UPDATE import_files SET mapping = mapping - 'header_line'
        || '{"columns": {"day": 2, "amount": 6, "name": 3, "payer": 1, "id": 8}, "days": "dots"}'
    """
    async with database.transaction() as session:
        await session.execute(text(old))
    await bring(bruna, table(line("20", "Xenia Neu", "DE11"), line("21", "Zoe Neu", "DE12"), columns=COLUMNS))
    await bruna.submit("/import")
    lines = (await everything(database))[0]
    assert [(one.payer_name, one.payer_key) for one in lines] == [("Xenia Neu", ""), ("Zoe Neu", "")]


async def test_the_account_that_the_file_names_as_its_own_is_no_payer_even_on_a_single_line(bruna, database):
    text = f"Konto;{OWN}\n\nDatum;Betrag;Name;IBAN\n02.11.2026;5,00;Ada;{OWN}\n"
    await bring(bruna, text.encode())
    assert f"Account {OWN}" not in bruna.words
    await bruna.submit("/settings", payer="3")
    assert "This is your own account: the file names it above the payments." in bruna.words


@pytest.mark.parametrize(
    "service", ["PayPal Europe S.a.r.l. et Cie", "STRIPE PAYMENTS EUROPE", "Stichting", "Wise Crack"]
)
def test_what_a_payment_service_pays_out_is_no_payer_s(service):
    found = reading(f"Datum;Betrag;Name;IBAN\n02.11.2026;5,00;{service};LU1\n03.11.2026;5,00;{service};LU1\n")
    expected = "payer:LU1" if service in {"Stichting", "Wise Crack"} else ""
    assert {each.payer_key for each in found.payments} == {expected}
