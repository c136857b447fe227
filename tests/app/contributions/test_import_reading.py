"""What is read out of files: figures, days, tables, statements, and what is refused with its place."""

import time
from datetime import date

import pytest

from app.contributions.importing.days import Days, day_of
from app.contributions.importing.figures import Decimals, amount_of
from app.contributions.importing.guesses import guessed
from app.contributions.importing.payments import UnreadableError
from app.contributions.importing.reading import FileKind, kind_of, read
from app.contributions.importing.references import holders_in, reference_of
from app.contributions.importing.tables import table_of
from app.contributions.models import LeftOut
from app.settings import ROOT
from app.web.forms import Problem

TODAY = date(2027, 6, 1)
LIBERAPAY = (
    "id,date,currency,amount,reversed_amount,recipient_id,recipient_username,payment_method,"
    "payer_id,payer_username,payer_public_name\r\n"
    "9001,2027-05-03,EUR,52.00,0,77,commons,stripe-card,41,ada,Ada Okafor\r\n"
    "9002,2027-05-04,USD,20.00,20.00,77,commons,paypal,,,\r\n"
)
ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2027-05-03</Dt></BookgDt>{number}<NtryDtls>{details}</NtryDtls></Ntry>"""
DETAILS = """<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{amount}
<RltdPties><Dbtr><Nm>Ada Okafor</Nm></Dbtr>
<DbtrAcct><Id><IBAN>ES91 2100 0418</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>Gift {text}</Ustrd></RmtInf></TxDtls>"""


def statement(*entries, version="02") -> bytes:
    return (
        f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        "<BkToCstmrStmt><Stmt><Acct><Id><IBAN>DE02</IBAN></Id></Acct>"
        + "".join(entries)
        + "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(amount="10.00", way="CRDT", status="BOOK", number="", details=None) -> str:
    said = DETAILS.format(amount="", text="") if details is None else details
    return ENTRY.format(amount=amount, way=way, status=status, number=number, details=said)


def lines(content, mapping=None):
    content = content if isinstance(content, bytes) else content.encode()
    return read(content, kind_of(content), mapping or {}, TODAY)


@pytest.mark.parametrize(
    ("text", "decimals", "cents"),
    [
        ("120", "point", 12_000), ("1,234.5", "point", 123_450), ("-0.05", "point", -5), ("+7 €", "point", 700),
        ("1.234,50", "comma", 123_450), ("12,5-", "comma", -1_250), ("(3,00)", "comma", -300),
        ("1’234,00", "comma", 123_400),
        ("\N{MINUS SIGN}4", "comma", -400), ("5.100", "comma", 510_000), ("5.1000", "point", 510),
    ],
)  # fmt: skip
def test_amounts(text, decimals, cents):
    assert amount_of(text, Decimals(decimals)) == cents


@pytest.mark.parametrize(
    "text", ["", "-", "1,5", "1e9", "0x1", "1.005", "9" * 14, "=1+1", "NaN", "١٢", "1.2.3"]
)
def test_what_is_no_amount(text):
    with pytest.raises(Problem):
        amount_of(text, Decimals.POINT)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2027-05-03", "iso"),
        ("2027-05-03T23:59:00+02:00", "iso"),
        ("3.5.2027", "dots"),
        ("03/05/27", "slashes"),
    ],
)
def test_days(text, days):
    assert day_of(text, Days(days)) == date(2027, 5, 3)


@pytest.mark.parametrize(
    ("text", "days"), [("2027-13-01", "iso"), ("31.02.2027", "dots"), ("05-03-2027", "iso"), ("", "slashes")]
)
def test_what_is_no_day(text, days):
    with pytest.raises(Problem):
        day_of(text, Days(days))


def test_a_reference_is_found_in_what_people_write_and_a_wrong_digit_is_found_out():
    mine = reference_of(4711)
    assert holders_in(f"Thank you! {mine[:4].lower()} {mine[4:]}, for 2027") == {4711}
    wrong = [f"{mine[:6]}{figure}{mine[7:]}" for figure in "0123456789" if figure != mine[6]]
    assert all(holders_in(one) == set() for one in [*wrong, f"X{mine}", f"{mine}9", mine.replace("47", "74")])


def test_liberapay_s_payments():
    found = lines(LIBERAPAY)
    assert found.kind is FileKind.LIBERAPAY
    one, other = found.payments
    assert (one.key, one.cents, one.currency, one.payer_key) == (
        "liberapay:9001",
        5_200,
        "EUR",
        "liberapay:41",
    )
    assert (other.cents, other.why_out, other.payer_key) == (0, LeftOut.REVERSED, "")


def test_liberapay_s_list_of_patrons_is_refused_with_the_way_to_the_payments():
    text = "patron_id,patron_username,visibility,donation_currency,weekly_amount\n1,a,public,EUR,1\n"
    with pytest.raises(UnreadableError) as refused:
        kind_of(text.encode())
    assert "Income" in str(refused.value.message)


@pytest.mark.parametrize(
    "content",
    [
        "Date;Amount;Name\n03.05.2027;-1.234,50;José\n04.05.2027;12,00;Łódź\n".encode(),
        "\ufeffDate;Amount;Name\r\n03.05.2027;-1.234,50;José\r\n04.05.2027;12,00;Łódź\r\n".encode(),
        "Date;Amount;Name\n03.05.2027;-1.234,50;José\n04.05.2027;12,00;Łódź\n".replace("Łódź", "Ü").encode(
            "latin-1"
        ),
        "Date\tAmount\tName\n03.05.2027\t-1.234,50\tJosé\n04.05.2027\t12,00\tx\n".encode(),
    ],
)
def test_tables_of_every_encoding_and_separator_are_guessed_right(content):
    found = lines(content)
    assert not found.troubles
    assert [(one.cents, one.booked_on.day) for one in found.payments] == [(-123_450, 3), (1_200, 4)]
    assert found.payments[0].payer_name == "José"
    assert found.payments[0].why_out is LeftOut.OUTGOING


def test_the_same_line_twice_is_two_payments_and_keeps_its_keys():
    text = "date,amount,name\n2027-05-03,5,Ada\n2027-05-03,5,Ada\n"
    keys = [one.key for one in lines(text).payments]
    assert len(set(keys)) == 2
    assert keys == [one.key for one in lines(text + "2027-05-04,5,Ada\n").payments][:2]


def test_what_is_wrong_says_its_line_and_column():
    found = lines('date,amount,name\n2027-05-03,5,"A\nB"\nnever,5,C\n2027-05-04,five,D\n2028-01-01,5,E\n')
    assert [(one.line, one.column) for one in found.troubles] == [(4, 1), (5, 2), (6, 0)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\0" * 50, "archive"),
        (b"\x1f\x8b" + b"\0" * 50, "archive"),
        (b"a,b\n1,\x00\n", "not a text file"),
        (b"\xff\xfea\0b", "UTF-16"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"a," * 200_000, "more than 100 columns"),
        (b"a,b\n" + b"1,2\n" * 20_001, "more than 20000 lines"),
        (b'a,b\n1,"' + b"x\n" * 10_000, "does not end"),
        (b"just words\n", "no table"),
        (b"date,amount\n", "no payment"),
    ],
)
def test_hostile_files_are_refused_soon(content, words):
    began = time.process_time()  # what else this machine does is not theirs
    with pytest.raises(UnreadableError) as refused:
        kind_of(content)
    assert words in str(refused.value.message)
    assert time.process_time() - began < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/">]><a>&x;</a>',
        b"<a><b></a>",
        b"<html><body>hello</body></html>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>" * 300_000 + b"</a>" * 300_000,
        b"<D><Stmt>" + b"<Ntry/>" * 20_001 + b"</Stmt></D>",
        statement(),
    ],
)
def test_hostile_xml_is_refused(content):
    with pytest.raises(UnreadableError):
        read(content, FileKind.CAMT, {}, TODAY)


def test_broken_xml_says_where():
    with pytest.raises(UnreadableError) as refused:
        read(b"<a>\n<b></a>", FileKind.CAMT, {}, TODAY)
    assert (refused.value.trouble.line, refused.value.trouble.column) == (2, 6)


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_a_bank_statement(version):
    content = statement(
        entry(number="<AcctSvcrRef>B1</AcctSvcrRef>"),
        entry(),
        entry(way="DBIT"),
        entry(status="PDNG"),
        entry(status="<Cd>BOOK</Cd>", amount="7.5"),
        version=version,
    )
    found = lines(content).payments
    assert [one.cents for one in found] == [1_000, 1_000, -1_000, 1_000, 750]
    assert [one.why_out for one in found] == [None, None, LeftOut.OUTGOING, LeftOut.PENDING, None]
    assert found[0].key == "camt:DE02:B1:0"
    assert (found[0].payer_name, found[0].payer_key, found[0].reference) == (
        "Ada Okafor",
        "payer:ES9121000418",
        "Gift",
    )
    assert len({one.key for one in found}) == 5


def test_the_number_of_an_account_never_makes_a_key_too_long_for_an_index():
    content = statement(entry(number="<AcctSvcrRef>B1</AcctSvcrRef>")).replace(b"DE02", b"D" * 100_000)
    [found] = lines(content).payments
    assert len(found.key) < 300


def test_payments_that_a_bank_collects_are_single_ones_if_they_add_up():
    parts = "".join(
        DETAILS.format(amount=f'<Amt Ccy="EUR">{sum_}</Amt>', text=sum_) for sum_ in ("4.00", "6.00")
    )
    assert [one.cents for one in lines(statement(entry(details=parts))).payments] == [400, 600]
    assert [one.cents for one in lines(statement(entry(amount="11.00", details=parts))).payments] == [1_100]


def test_names_of_columns_are_guessed_in_several_languages():
    table = table_of(
        "Buchungstag;Auftraggeber;IBAN;Verwendungszweck;Betrag;Währung\n1.1.2027;a;b;c;1,00;EUR\n".encode()
    )
    assert guessed(table).places == {
        "day": 0,
        "name": 1,
        "payer": 2,
        "reference": 3,
        "amount": 4,
        "currency": 5,
    }


@pytest.mark.parametrize("column", ["Zahler", "Debtor", "Pagador", "Ordenant"])
def test_who_paid_is_guessed_by_what_banks_call_it(column):
    assert guessed(table_of(f"Datum;Betrag;{column}\n1.1.2027;1,00;Ada\n".encode())).places["name"] == 2


def test_the_table_of_the_documents_is_guessed_whole():
    table = table_of(
        b"Date;Amount;Name;Mail;Message\n03.05.2027;120,00;Ada Okafor;ada@example.org;RF07GH42\n"
    )
    found = guessed(table)
    assert found.places == {"day": 0, "amount": 1, "name": 2, "email": 3, "reference": 4}
    assert (found.days, found.decimals) == (Days.DAY_FIRST, Decimals.COMMA)


def test_the_example_of_the_documents_reads_as_they_say():
    found = lines((ROOT / "docs" / "examples" / "liberapay-payments.csv").read_bytes())
    assert found.kind is FileKind.LIBERAPAY
    assert not found.troubles
    assert [(one.cents, one.currency, one.why_out) for one in found.payments] == [
        (5_200, "EUR", None),
        (0, "EUR", LeftOut.REVERSED),
        (2_000, "CHF", None),
        (1_250, "EUR", None),
        (1_000, "USD", None),
    ]
    assert found.payments[3].payer_key == ""
    assert holders_in(found.payments[2].reference) == {3}
