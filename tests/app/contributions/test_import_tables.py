"""Tables in their dialects, from the browser to the database: what is not said is asked, what is left out is said."""

import pytest

from app.contributions.importing.encodings import decoded
from app.contributions.importing.payments import UnreadableError
from app.contributions.importing.reading import kind_of
from tests.app.contributions.banks import EXPORTS, FOLDER
from tests.app.contributions.bringing import bring, everything, table
from tests.app.contributions.test_import_banks import reading


async def imported(bruna, database):
    await bruna.submit("/import")
    lines, _entries = await everything(database)
    return [(f"{one.booked_on}", one.cents, one.payer_name) for one in lines]


async def test_days_that_can_be_read_in_two_ways_are_asked_about(bruna, database):
    await bring(bruna, table("02/11/2026,5,Ada", "11/10/2026,6,Ben", columns="Date,Amount,Name"))
    assert "Does the day or the month come first? 02/11/2026 can be read both ways" in bruna.words
    assert '/import"' not in bruna.page.text
    await bruna.submit("/settings")
    assert "Choose which comes first." in bruna.words
    await bruna.submit("/settings", days="month_first")
    assert await imported(bruna, database) == [("2026-02-11", 500, "Ada"), ("2026-11-10", 600, "Ben")]
    # It is remembered by the names of the columns.
    await bring(bruna, table("03/11/2026,5,Cleo", columns="Date,Amount,Name"), "next.csv")
    assert (await imported(bruna, database))[-1] == ("2026-03-11", 500, "Cleo")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("11/02/2026", "11/25/2026"), ["2026-11-02", "2026-11-25"]),
        (("11/02/2026", "25/11/2026"), ["2026-02-11", "2026-11-25"]),
        (("02-11-2026", "25-11-2026"), ["2026-11-02", "2026-11-25"]),
        (("02-11-26", "03-11-26"), None),
        (("02.11.2026", "03.11.2026"), ["2026-11-02", "2026-11-03"]),
        (("20261102", "20261103"), ["2026-11-02", "2026-11-03"]),
        (("11/11/2026", "10/10/2026"), ["2026-11-11", "2026-10-10"]),
        (("2 Nov 2026", "Nov 3, 2026"), ["2026-11-02", "2026-11-03"]),
        (("2. November 2026", "3 de novembre de 2026"), ["2026-11-02", "2026-11-03"]),
        (("02-NOV-26", "03-DÉC-25"), ["2026-11-02", "2025-12-03"]),
        (("2026-11-02T23:59:59.123Z", "2026/11/03 10:00"), ["2026-11-02", "2026-11-03"]),
        (("Mo, 02.11.2026", "Di, 03.11.2026 10:30 Uhr"), ["2026-11-02", "2026-11-03"]),
        (("11/02/2026, 1:05 PM", "11/13/2026, 1:05 PM"), ["2026-11-02", "2026-11-13"]),
    ],
)
def test_how_days_are_written_is_known_by_the_whole_file_or_asked(days, expected):
    found = reading("Date;Amount\n" + "".join(f"{day};5\n" for day in days))
    if expected is None:
        assert found.columns.days is None
        assert found.payments == []
    else:
        assert [str(each.booked_on) for each in found.payments] == expected


def test_another_column_of_days_tells_which_stands_first():
    found = reading("Date,Value date,Amount\n11/02/2026,11/13/2026,5\n")
    assert [str(each.booked_on) for each in found.payments] == ["2026-11-02"]


@pytest.mark.parametrize(
    ("amounts", "cents"),
    [
        (("1.234", "5,50"), [123_400, 550]),
        (("1,234", "5.50"), [123_400, 550]),
        (("1.234", "5.678"), None),
        (("1,234.00", "5"), [123_400, 500]),
        (("120", "5"), [12_000, 500]),
        (("1\N{THIN SPACE}234,50", "1'234,00"), [123_450, 123_400]),
        (("1\N{NO-BREAK SPACE}234,50 €", "+5,00 EUR"), [123_450, 500]),
        (("12,00-", "(5,00)"), [-1_200, -500]),
        (("12,00 S", "5,00 H"), [-1_200, 500]),
        (("12.00 DR", "5.00 CR"), [-1_200, 500]),
        (("12,00 EUR Soll", "5,00 EUR Haben"), [-1_200, 500]),
        (("- 12,00", "\N{MINUS SIGN}5,00"), [-1_200, -500]),
        (('="12,00"', "'-5,00"), [1_200, -500]),
        ((".50", "1.5"), [50, 150]),
    ],
)
def test_amounts_are_read_as_the_whole_file_writes_them_or_asked_about(amounts, cents):
    found = reading("Datum;Betrag\n" + "".join(f"02.11.2026;{amount}\n" for amount in amounts))
    if cents is None:
        assert found.columns.decimals is None
        assert found.payments == []
    else:
        assert not found.troubles
        assert [each.cents for each in found.payments] == cents


@pytest.mark.parametrize(
    ("column", "out", "into"),
    [
        ("S/H", "S", "H"), ("Soll/Haben-Kennzeichen", "Soll", "Haben"), ("Af Bij", "Af", "Bij"), ("D/C", "D", "C"),
        ("CdtDbtInd", "DBIT", "CRDT"), ("Debit/Credit", "Debit", "Credit"), ("Vorzeichen", "-", "+"),
        ("Sens", "Débit", "Crédit"), ("Tipo", "Cargo", "Abono"), ("Segno", "Dare", "Avere"),
        ("Tipus", "Càrrec", "Abonament"),
        ("Direction", "OUT", "IN"), ("Art", "Belastung", "Gutschrift"), ("Whatever", "Debet", "Credit"),
        ("Tipo", "Débito", "Crédito"), ("Richtung", "Ausgang", "Eingang"),
    ],
)  # fmt: skip
def test_a_word_or_a_sign_in_a_column_of_its_own_says_what_went_out(column, out, into):
    found = reading(f"Datum;Betrag;{column}\n02.11.2026;5,00;{into}\n03.11.2026;7,00;{out}\n")
    assert [each.cents for each in found.payments] == [500, -700]


def test_a_word_that_says_neither_in_nor_out_is_no_money_that_came_in():
    lines = "02.11.2026;5,00;IN", "03.11.2026;6,00;OUT", "04.11.2026;7,00;NEUTRAL", "05.11.2026;8,00;"
    found = reading("Datum;Betrag;Direction\n" + "\n".join(lines) + "\n06.11.2026;9,00;IN\n")
    assert [each.cents for each in found.payments] == [500, -600, 900]
    assert [(each.line, each.column) for each in found.troubles] == [(4, 3), (5, 3)]


def test_a_sign_and_a_word_that_contradict_each_other_are_said():
    mapping = {"columns": {"day": 0, "amount": 1, "direction": 2}, "days": "day_first", "decimals": "comma"}
    found = reading(
        "Datum;Betrag;Was\n02.11.2026;-5,00;Bij\n02.11.2026;-5,00;Af\n", mapping | {"header_line": 1}
    )
    assert [each.cents for each in found.payments] == [-500]
    assert [each.line for each in found.troubles] == [2]


def test_a_direct_debit_of_one_s_own_comes_in():
    """A column that names kinds of payments tells no direction: members' fees are collected by direct debit."""
    found = reading("Datum;Betrag;Buchungstext\n02.11.2026;5,00;Lastschrift\n03.11.2026;6,00;Gutschrift\n")
    assert [each.cents for each in found.payments] == [500, 600]


@pytest.mark.parametrize(
    ("columns", "into", "out"),
    [
        ("Date;Libellé;Débit;Crédit", "02.11.2026;x;;5,00", "03.11.2026;x;7,00;"),
        ("Date;Libellé;Débit;Crédit", "02.11.2026;x;0,00;5,00", "03.11.2026;x;-7,00;0,00"),
        ("Datum;Belastung;Gutschrift", "02.11.2026;;5,00", "03.11.2026;7,00;"),
        ("Fecha;Cargo;Abono", "02.11.2026;;5,00", "03.11.2026;7,00;"),
        ("Date;Paid in;Paid out", "02.11.2026;5,00;", "03.11.2026;;7,00"),
        ("Datum;Soll;Haben", "02.11.2026;;5,00", "03.11.2026;7,00;"),
        ("Datum;Af;Bij", "02.11.2026;;5,00", "03.11.2026;7,00;"),
        ("Data;Uscite;Entrate", "02.11.2026;;5,00", "03.11.2026;7,00;"),
    ],
)
def test_money_in_and_out_can_have_a_column_each(columns, into, out):
    found = reading(f"{columns}\n{into}\n{out}\n")
    assert not found.troubles
    assert [each.cents for each in found.payments] == [500, -700]


@pytest.mark.parametrize(
    ("columns", "cells", "amount"),
    [
        ("Gebühr;Betrag", "1,00;5,00", 500),
        ("Saldo;Umsatz", "100,00;5,00", 500),
        ("Lastschrift Ursprungsbetrag;Betrag", ";5,00", 500),
        ("Amount (Foreign Currency);Amount (EUR)", "6,00;5,00", 500),
        ("Fee;Net;Gross", "1,00;4,00;5,00", 500),
        ("Amount refunded;Amount", "0,00;5,00", 500),
        ("Oorspr bedrag;Bedrag", "6,00;5,00", 500),
        ("Importe comisión;Importe", "1,00;5,00", 500),
        ("Montant des frais;Montant", "1,00;5,00", 500),
    ],
)
def test_the_amount_is_the_payment_s_and_no_fee_or_balance(columns, cells, amount):
    found = reading(f"Datum;{columns}\n02.11.2026;{cells}\n03.11.2026;{cells}\n")
    assert [each.cents for each in found.payments] == [amount] * 2


async def test_lines_above_the_header_are_passed_over_and_the_header_can_be_moved(bruna, database):
    rows = "My bank;;", "Account;DE02120300000000202051;", "Datum;Betrag;Name", "02.11.2026;5,00;Ada"
    await bring(bruna, table(*rows, "03.11.2026;6,00;Ben", columns="Export;;"))
    assert bruna.form("/settings").fields["header_line"] == "4"
    await bruna.submit("/settings", header_line="5")
    assert "1 line cannot be read" not in bruna.words
    assert bruna.form("/settings").fields["header_line"] == "5"
    await bruna.submit("/settings", header_line="4")
    assert await imported(bruna, database) == [("2026-11-02", 500, "Ada"), ("2026-11-03", 600, "Ben")]


async def test_a_file_without_a_header_is_read_by_its_cells(bruna, database):
    await bring(bruna, b"02.11.2026;Ada Okafor;120,00\n13.11.2026;Ben Neri;-7,00\n")
    assert bruna.form("/settings").fields["header_line"] == "0"
    await bruna.submit("/settings", name="1")
    assert await imported(bruna, database) == [
        ("2026-11-02", 12_000, "Ada Okafor"),
        ("2026-11-13", -700, "Ben Neri"),
    ]


async def test_one_bad_line_can_be_left_out_and_the_summary_says_so(bruna, database):
    bad = "never;6,00;Ben", "04.11.2026;much;Cleo"
    await bring(bruna, table("02.11.2026;5,00;Ada", *bad, columns="Datum;Betrag;Name"))
    assert "2 lines cannot be read" in bruna.words
    await bruna.submit("/leave-lines", line="3")
    assert "One line cannot be read" in bruna.words
    assert "Line 3 Left out by you. never · 6,00 · Ben" in bruna.words
    await bruna.submit("/leave-lines", line="all")
    assert "2 lines are left out. Which" in bruna.words
    assert await imported(bruna, database) == [("2026-11-02", 500, "Ada")]
    assert "2 lines were no payments or were left out" in bruna.words
    assert "04.11.2026 · much · Cleo" in bruna.words


async def test_lines_that_were_left_out_can_be_read_again_and_good_ones_cannot_be_left_out(bruna, database):
    await bring(bruna, table("02.11.2026;5,00;Ada", "never;6,00;Ben", columns="Datum;Betrag;Name"))
    version = bruna.form("/leave-lines").fields["version"]
    await bruna.submit("/leave-lines", line="2")
    assert "This line can be read, or it’s already left out." in bruna.words
    await bruna.submit("/leave-lines", line="3")
    path = bruna.page.url.path
    token = bruna.form("/leave-lines").fields["form_token"]
    data = {"form_token": token, "version": version, "line": "all"}
    bruna.page = await bruna.client.post(f"{path}/leave-lines", data=data, follow_redirects=True)
    assert "Someone else has changed how this file is read." in bruna.words
    await bruna.submit("/leave-lines")
    assert "One line cannot be read" in bruna.words


async def test_more_bad_lines_than_a_slip_are_a_wrong_column(bruna, database):
    rows = [f"never;{n},00;Ben" for n in range(1, 102)]
    await bring(bruna, table(*["02.11.2026;5,00;Ada"] * 500, *rows, columns="Datum;Betrag;Name"))
    await bruna.submit("/leave-lines", line="all")
    assert "More than 100 lines can’t be read." in bruna.words


def test_a_line_that_is_cut_apart_is_said_and_not_read_by_half():
    found = reading("Date,Amount,Name\n2026-11-02,120,00,Ada\n2026-11-03,5,Ben\n")
    assert [each.line for each in found.troubles] == [2]


async def test_values_of_the_columns_stand_beside_them(bruna, database):
    await bring(bruna, table("02.11.2026;5,00;Ada", "03.11.2026;6,00;Ben", columns="Datum;Betrag;Wer"))
    assert "5,00 · 6,00" in bruna.words
    assert "Datum: 02.11.2026" in bruna.words


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("Vorgemerkt", "pending"), ("pending", "pending"), ("En attente", "pending"), ("Pendiente", "pending"),
        ("failed", "failed"), ("Storniert", "failed"), ("Annulé", "failed"), ("rechazada", "failed"),
        ("refunded", "reversed"), ("Zurückgezahlt", "reversed"), ("Charged back", "reversed"),
        ("Gebucht", None), ("Completed", None), ("Payée", None), ("Partially refunded", None), ("Uitgevoerd", None),
    ],
)  # fmt: skip
def test_only_what_is_booked_counts(word, why):
    found = reading(f"Datum;Betrag;Status\n02.11.2026;5,00;{word}\n03.11.2026;5,00;Gebucht\n")
    assert [each.why_out for each in found.payments] == [why, None]


def test_a_state_that_nobody_knows_is_asked_about():
    found = reading("Datum;Betrag;Status\n02.11.2026;5,00;gebucht\n03.11.2026;5,00;zibbel\n")
    assert [(each.line, each.column) for each in found.troubles] == [(3, 3)]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850", "mac_roman"]
)
def test_every_encoding_and_separator(separator, encoding):
    rows = (
        ["Datum", "Betrag", "Auftraggeber", "Währung"],
        ["02.11.2026", '"5,00"', "José Müßig-Åkesson", "EUR"],
    )
    found = reading("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    assert [(each.cents, each.payer_name) for each in found.payments] == [(500, "José Müßig-Åkesson")]


def test_lines_may_end_as_on_old_macs():
    found = reading(b"Datum;Betrag\r02.11.2026;5,00\r03.11.2026;6,00\r")
    assert [each.cents for each in found.payments] == [500, 600]


@pytest.mark.parametrize("text", ["Betrag (€)", "l’abbé", "“Spende”", "Überweisung – für", "1 234 €"])
def test_windows_own_signs_are_no_letters_of_dos(text):
    assert decoded(text.encode("cp1252")) == text


def test_a_file_says_its_separator_to_spreadsheets():
    found = reading("sep=;\nDatum;Betrag\n02.11.2026;5,00\n")
    assert [(each.number, each.cents) for each in found.payments] == [(3, 500)]


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("Date,Amount (GBP)\n2026-11-02,5.00\n", "GBP"), ("Date,Amount\n2026-11-02,£5.00\n", "GBP"),
        ("Date,Amount\n2026-11-02,$5.00\n", "USD"), ("Date,Amount\n2026-11-02,CHF 5.00\n", "CHF"),
        ("Date,Amount,Currency\n2026-11-02,5.00,usd\n", "USD"), ("Date,Amount\n2026-11-02,5.00\n", "EUR"),
        ("Date,Amount,Currency\n2026-11-02,5.00,€\n", "EUR"),
    ],
)  # fmt: skip
def test_the_currency_is_the_one_that_stands_somewhere(text, currency):
    assert [each.currency for each in reading(text).payments] == [currency]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b":20:STARTUMS\r\n:25:12030000/202051\r\n:28C:0\r\n:60F:C261101EUR1000,00\r\n:61:261102CR1,00N051", "MT940"),
        (b"{1:F01BANKDEFF0000000000}{4:\r\n:20:X\r\n:25:1\r\n:61:2611021102C1,00N\r\n-}", "MT940"),
        (b"!Type:Bank\nD02/11/2026\nT120.00\nPAda Okafor\n^\n", "QIF"),
        (b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1>", "OFX"),
        (b'<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX></OFX>', "OFX"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "spreadsheet"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\n <html><body>502 Bad Gateway</body></html>", "web page"),
        (b"\x1f\x8b\x08\0", "archive"),
        (b'{"payments": [{"amount": 5}]}', "JSON"),
        (b"{\\rtf1\\ansi", "text document"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"></Document>', "orders for a bank"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_with_what_to_export_instead(content, words):
    with pytest.raises(UnreadableError) as refused:
        kind_of(content)
    assert words in str(refused.value.message)
    assert any(hint in str(refused.value.message) for hint in ("CSV", "Unpack", "Export it again", "CAMT"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "ing-netherlands", "dkb-new", "sparkasse-camt-csv-version-8", "quickbooks", "credit-agricole",
        "triodos-netherlands", "paypal-english", "portuguese-bank",
    ],
)  # fmt: skip
async def test_an_export_comes_in_from_the_browser_to_the_database(bruna, database, name):
    export = EXPORTS[name]
    await bring(bruna, (FOLDER / f"{name}.csv").read_bytes(), f"{name}.csv")
    if export.currency != "EUR":
        await bruna.submit("/settings", **{f"rate_{export.currency}": "0.9"})
    await bruna.submit("/import")
    lines = (await everything(database))[0]
    assert [(one.booked_on.day, one.cents, one.payer_name) for one in lines] == [
        each[:3] for each in export.payments
    ]
    assert {
        one.number: one.reason for one in lines if one.state == "left_out" and one.cents > 0
    } == export.out
