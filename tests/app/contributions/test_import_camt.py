"""Banks' files in CAMT, as the banks write them: what is a gift, whose it is, and what is counted once."""

import time

import pytest

from app.contributions.importing.payments import UnreadableError
from app.contributions.models import LeftOut
from tests.app.contributions.statements import camt, fee, ntry, tx, zipped
from tests.app.contributions.test_import_reading import lines

VERSIONS = [f"{number:02}" for number in range(2, 14)]


@pytest.mark.parametrize("kind", ["052", "053", "054"])
@pytest.mark.parametrize("version", VERSIONS)
def test_reports_statements_and_notifications_of_every_version_are_read(kind, version):
    [one] = lines(camt(ntry(ref="B1", details=tx()), kind=kind, version=version)).payments
    assert (one.cents, one.payer_name, one.reference, one.why_out) == (12_000, "Ada Okafor", "Gift", None)
    assert one.key == "camt:DE02120300000000202051:B1:0"


@pytest.mark.parametrize("shape", [{"prefix": "ns2"}, {"namespace": False}])
def test_a_namespace_with_a_prefix_or_none_changes_nothing(shape):
    assert lines(camt(ntry(ref="B1", details=tx()), **shape)).payments[0].cents == 12_000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_the_encoding_that_a_file_names_is_read(encoding):
    named = {"utf-8-sig": "UTF-8", "cp1252": "windows-1252", "latin-1": "ISO-8859-1"}.get(encoding, "UTF-16")
    text = camt(ntry(details=tx("Jürgen Müller"))).decode().replace('"UTF-8"', f'"{named}"')
    assert lines(text.encode(encoding)).payments[0].payer_name == "Jürgen Müller"


def test_an_envelope_around_the_document_and_an_empty_line_before_it_change_nothing():
    content = camt(ntry(ref="B1", details=tx())).partition(b"\n")[2]
    wrapped = (
        b"\r\n\n<BizMsgEnvlp><Hdr/><Body>"
        + content
        + content.replace(b">B1<", b">B2<")
        + b"</Body></BizMsgEnvlp>"
    )
    assert [one.cents for one in lines(wrapped).payments] == [12_000, 12_000]


@pytest.mark.parametrize(
    ("kind", "status", "out"),
    [
        ("052", "<Sts>BOOK</Sts>", None),
        ("052", "<Sts><Cd>BOOK</Cd></Sts>", None),
        ("052", "<Sts>\n <Cd> BOOK </Cd></Sts>", None),
        ("052", "<Sts>PDNG</Sts>", LeftOut.PENDING),
        ("052", "<Sts><Cd>INFO</Cd></Sts>", LeftOut.PENDING),
        ("054", "<Sts><Cd>INFO</Cd></Sts>", LeftOut.PENDING),
        ("053", "<Sts><Cd>FUTR</Cd></Sts>", LeftOut.PENDING),
        ("054", "<Sts><Prtry>Later</Prtry></Sts>", LeftOut.PENDING),
        ("052", "", LeftOut.PENDING),
        ("053", "", None),
    ],
)
def test_only_what_is_booked_counts(kind, status, out):
    assert lines(camt(ntry(status=status, details=tx()), kind=kind)).payments[0].why_out == out


@pytest.mark.parametrize("party", ["<Nm>{}</Nm>", "<Pty><Nm>{}</Nm></Pty>"])
def test_behind_a_payment_service_is_who_paid_and_its_account_is_nobody_s(party):
    [one] = lines(camt(ntry(details=tx("Pay Service SA", behind="Ada Okafor", party=party)))).payments
    assert (one.payer_name, one.payer_key) == ("Ada Okafor", "")


def test_a_payment_service_that_names_nobody_is_no_payer_either():
    [one] = lines(camt(ntry(details=tx("PAYPAL EUROPE S.A R.L. ET CIE", iban="LU12")))).payments
    assert one.payer_key == ""


def test_whoever_names_themselves_as_ultimate_debtor_keeps_their_account():
    [one] = lines(camt(ntry(details=tx("OKAFOR ADA", behind="Ada Okafor")))).payments
    assert (one.payer_name, one.payer_key) == ("Ada Okafor", "payer:ES91")


def test_the_co_operative_s_own_account_is_no_payer():
    [one] = lines(camt(ntry(details=tx("Our Co-op", iban="DE02 1203 0000 0000 2020 51")))).payments
    assert one.payer_key == ""


def _coded(family, under):
    inside = f"<Fmly><Cd>{family}</Cd><SubFmlyCd>{under}</SubFmlyCd></Fmly>"
    return f"<BkTxCd><Domn><Cd>PMNT</Cd>{inside}</Domn></BkTxCd>"


RETURN = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


@pytest.mark.parametrize(
    ("way", "more", "details", "out"),
    [
        ("CRDT", "", tx(more=RETURN), LeftOut.RETURNED),
        ("CRDT", _coded("ICDT", "RRTN"), tx(), LeftOut.RETURNED),
        ("CRDT", _coded("RDDT", "PRDD"), "", LeftOut.RETURNED),
        (
            "CRDT",
            "<BkTxCd><Prtry><Cd>NRTI+159+931</Cd><Issr>DK</Issr></Prtry></BkTxCd>",
            tx(),
            LeftOut.RETURNED,
        ),
        ("CRDT", "", tx(more=_coded("ICDT", "RRTN")), LeftOut.RETURNED),
        ("CRDT", "<RvslInd>true</RvslInd>", tx(), LeftOut.REVERSED),
        ("DBIT", "<RvslInd>1</RvslInd>", tx(), LeftOut.GIVEN_BACK),
        ("DBIT", "", tx(more=RETURN), LeftOut.GIVEN_BACK),
        ("DBIT", _coded("IDDT", "UPDD"), tx(), LeftOut.GIVEN_BACK),
        ("DBIT", "<BkTxCd><Prtry><Cd>NRTI+109+901</Cd></Prtry></BkTxCd>", tx(), LeftOut.GIVEN_BACK),
        ("DBIT", _coded("ICDT", "ESCT"), tx(), LeftOut.OUTGOING),
        ("CRDT", _coded("RCDT", "ESCT"), tx(), None),
        ("CRDT", _coded("IDDT", "ESDD"), tx(), None),
        ("CRDT", "<RvslInd>false</RvslInd><BkTxCd><Prtry><Cd>NTRF+166+000</Cd></Prtry></BkTxCd>", tx(), None),
    ],
)
def test_what_comes_back_is_no_gift(way, more, details, out):
    [one] = lines(camt(ntry(way=way, more=more, details=details))).payments
    assert one.why_out == out
    assert (one.look is not None) == (out is LeftOut.GIVEN_BACK), "an entry may have to be corrected"


def sums(*entries, **shape):
    return [(one.cents, one.payer_name, one.why_out) for one in lines(camt(*entries, **shape)).payments]


TWO = tx("Ada", amount="60.00", text="a") + tx("Bo", amount="40.00", text="b")
EACH = [(6_000, "Ada", None), (4_000, "Bo", None)]
FEE = (-250, "", LeftOut.FEE)


def test_a_batch_without_a_fee_is_its_payments():
    assert sums(ntry("100.00", details=TWO)) == EACH


@pytest.mark.parametrize("records", [True, False])
def test_a_batch_with_a_fee_is_its_payments_and_the_fee(records):
    assert sums(ntry("97.50", more=fee("2.50", records=records), details=TWO)) == [*EACH, FEE]


def test_a_fee_of_each_payment_is_named_once_for_all():
    parts = tx("Ada", amount="60.00", more=fee("1.50")) + tx("Bo", amount="40.00", more=fee("1.00"))
    assert sums(ntry("97.50", details=parts)) == [*EACH, FEE]


def test_payments_that_are_told_without_their_fee_were_given_with_it():
    parts = "".join(
        tx(
            name,
            amount=net,
            more=f'<AmtDtls><InstdAmt><Amt Ccy="EUR">{gross}</Amt></InstdAmt></AmtDtls>{fee(kept)}',
        )
        for name, net, gross, kept in (("Ada", "58.50", "60.00", "1.50"), ("Bo", "39.00", "40.00", "1.00"))
    )
    assert sums(ntry("97.50", details=parts)) == [*EACH, FEE]


def test_one_payment_with_a_fee_counts_as_it_was_given():
    assert sums(ntry("97.50", more=fee("2.50"), details=tx(amount="100.00"))) == [
        (10_000, "Ada Okafor", None),
        FEE,
    ]


def test_a_fee_that_the_bank_does_not_name_is_said_to_be_looked_at():
    found = lines(camt(ntry("97.50", details=TWO))).payments
    assert [one.cents for one in found] == [6_000, 4_000, -250]
    assert all("taken for a fee" in str(one.look) for one in found)


@pytest.mark.parametrize("amount", ["50.00", "300.00"])
def test_payments_that_do_not_make_up_their_entry_are_one_that_is_nobody_s(amount):
    [one] = lines(camt(ntry(amount, details=TWO))).payments
    assert (one.cents, one.payer_name, one.payer_key) == (int(amount[:-3]) * 100, "Ada, Bo", "")
    assert one.booking.is_batch
    assert "several payments" in str(one.look)


def test_a_batch_whose_payments_have_no_amounts_is_one_that_is_nobody_s():
    [one] = lines(camt(ntry("100.00", details=tx("Ada") + tx("Bo")))).payments
    assert (one.cents, one.payer_name, one.booking.is_batch) == (10_000, "Ada, Bo", True)


def test_what_is_taken_back_within_a_batch_goes_the_other_way():
    back = tx("Bo", amount="40.00", more=f"<CdtDbtInd>DBIT</CdtDbtInd>{RETURN}")
    assert sums(ntry("20.00", details=tx("Ada", amount="60.00") + back)) == [
        (6_000, "Ada", None),
        (-4_000, "", LeftOut.GIVEN_BACK),
    ]


def test_what_was_given_in_another_currency_is_said_beside_what_came_in():
    more = '<AmtDtls><InstdAmt><Amt Ccy="USD">130.00</Amt></InstdAmt></AmtDtls>'
    [one] = lines(camt(ntry(details=tx(more=more)))).payments
    assert (one.cents, one.currency, one.reference) == (12_000, "EUR", "Gift (130.00 USD)")


def test_structured_references_pieces_of_a_message_and_the_bank_s_own_words_are_read():
    structured = "<Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd>"
    said = f"<RmtInf><Ustrd>for the</Ustrd><Ustrd>house</Ustrd>{structured}</RmtInf>"
    [one] = lines(camt(ntry(details=tx(text="", more=said, end="E1")))).payments
    assert one.reference == "for the house RF18 E1"
    [one] = lines(camt(ntry(more="<AddtlNtryInf>Cash, Ada</AddtlNtryInf>"))).payments
    assert one.reference == "Cash, Ada"


def test_a_report_and_the_statement_of_its_day_in_one_archive_count_once():
    whole = ntry("100.00", ref="B1")
    reported = camt(
        whole, ntry(details=tx("Cy")), ntry(status="<Sts>PDNG</Sts>", ref="B3", details=tx()), kind="052"
    )
    stated = camt(
        ntry("100.00", ref="B1", details=TWO),
        ntry(details=tx("Cy")),
        ntry(details=tx("Cy")),
        ntry(ref="B3", details=tx()),
    )
    found = lines(zipped({"a.xml": reported, "b.xml": stated, "b.pdf": b"%PDF", "__MACOSX/._a.xml": b""}))
    assert not found.troubles
    assert [(one.cents, one.payer_name) for one in found.payments if one.why_out is None] == [
        *((cents, name) for cents, name, _none in EACH),
        (12_000, "Cy"),
        (12_000, "Cy"),
        (12_000, "Ada Okafor"),
    ]
    assert sorted(str(one.why_out) for one in found.payments if one.why_out) == [
        "pending",
        "repeated",
        "repeated",
    ]
    assert len({one.key for one in found.payments}) == len(found.payments)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<a>" * 700_000 + b"</a>" * 700_000, "built as no bank statement"),
        (b"<a>" + b"<b/>" * 600_000 + b"</a>", "more in this file than can be read at once"),
        (zipped({"a.xml": b"<a>" + b"x" * 60_000_000 + b"</a>"}), "larger than 20 MB"),
        (
            zipped({f"{n}.xml": b"<a>" + b"<b/>" * 200_000 + b"</a>" for n in range(4)}),
            "than can be read at once",
        ),
        (
            zipped({"a.xml": b"<a/>", "b.zip": zipped({"c.xml": b"<a/>"})}),
            "Only archives of bank statements in XML",
        ),
        (zipped({"a.csv": b"a,b"}), "a.csv"),
        (zipped({}), "Only archives of bank statements in XML"),
        (zipped({"[Content_Types].xml": b"<a/>", "a.xml": b"<a/>"}), "a spreadsheet"),
        (zipped({"a.xml": b"<a/>"})[:-30], "cannot be unpacked"),
        (zipped({f"{n}.xml": b"<a/>" for n in range(401)}), "more than 400 files"),
        (b"<Document><CstmrCdtTrfInitn/></Document>", "no bank statement"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_too_deep_too_much_or_something_else_is_refused_soon(content, words):
    began = time.process_time()
    with pytest.raises(UnreadableError) as refused:
        lines(content)
    assert words in str(refused.value.message)
    assert time.process_time() - began < 4
