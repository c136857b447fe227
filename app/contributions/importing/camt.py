"""Bank statements in CAMT.053 (ISO 20022), of every version: elements are known by their local names.

defusedxml reads the XML: no document type, no entities, nothing from elsewhere. The libraries for CAMT.053 of the
package index leave the message of a payment (RmtInf) away, by which it is known whose it is; so its few elements
are read here.
"""

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.contributions.importing.figures import Days, Decimals, amount_of, day_of
from app.contributions.importing.payments import (
    KEY_LENGTH,
    PENDING,
    REFERENCE_LENGTH,
    Payment,
    Trouble,
    UnreadableError,
    content_key,
    numbered,
    tidied,
)
from app.contributions.importing.tables import MOST_LINES
from app.contributions.models import LeftOut
from app.i18n import lazy
from app.web.forms import Problem

ACCOUNT_LENGTH = 64  # an IBAN has 34 characters at most, as has the number of another account

# What banks write where they have no number for a payment.
_NO_NUMBER = {"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NONE"}


def payments_of(content: bytes) -> tuple[list[Payment], list[Trouble]]:
    """The payments of every statement in the file, and what is wrong with the others. Raises UnreadableError."""
    try:
        root = fromstring(content, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except ParseError as error:
        line, column = error.position
        raise UnreadableError(
            lazy("This XML is not whole: it breaks off here, or something is left open."), line, column + 1
        ) from None
    except (DefusedXmlException, ValueError, LookupError):
        raise UnreadableError(
            lazy("This XML has a document type or entities, which no bank statement needs.")
        ) from None
    statements = [each for each in root.iter() if _name(each) == "Stmt"]
    if not statements:
        raise UnreadableError(lazy("This is not a bank statement in CAMT.053."))
    payments: list[Payment] = []
    troubles: list[Trouble] = []
    number = 0
    for statement in statements:
        said = _text(statement, "Acct", "Id", "IBAN") or _text(statement, "Acct", "Id", "Othr", "Id")
        account = tidied(said, ACCOUNT_LENGTH)  # it stands in the key of every payment, and keys are indexed
        for entry in _all(statement, "Ntry"):
            number += 1
            try:
                payments += _payments(entry, number, account)
            except Problem as problem:
                troubles.append(Trouble(number, 0, problem.text))
            if len(payments) + len(troubles) > MOST_LINES:
                raise UnreadableError(
                    lazy(
                        "This file has more than %(most)s lines. Export it in parts, a year at a time.",
                        most=MOST_LINES,
                    )
                )
    if not payments and not troubles:
        raise UnreadableError(lazy("There is no payment in this file."))
    return numbered(payments), troubles


def _payments(entry: Element, number: int, account: str) -> Iterator[Payment]:
    """An entry's payments: the single ones that banks collect in it, if they add up to it, else itself."""
    cents, currency = _amount(_child(entry, "Amt"))
    day = _day(entry)
    single = [each for details in _all(entry, "NtryDtls") for each in _all(details, "TxDtls")]
    amounts = [_amount_of_single(each) for each in single]
    parts: list[tuple[Element | None, int]] = [(single[0] if len(single) == 1 else None, cents)]
    if len(single) > 1 and all(one is not None and one[1] == currency for one in amounts):
        sums = [one[0] for one in amounts if one is not None]
        if sum(sums) == cents:
            parts = list(zip(single, sums, strict=True))
    for place, (details, amount) in enumerate(parts):
        yield _payment(entry, details, amount, (number, place, account, currency, day))


def _payment(
    entry: Element, details: Element | None, cents: int, known: tuple[int, int, str, str, date]
) -> Payment:
    number, place, account, currency, day = known
    incoming = _text(entry, "CdtDbtInd") == "CRDT"
    party = "Dbtr" if incoming else "Cdtr"
    parties = _child(details, "RltdPties")
    name = tidied(_text(parties, party, "Nm") or _text(parties, party, "Pty", "Nm"))
    iban = tidied(
        _text(parties, f"{party}Acct", "Id", "IBAN") or _text(parties, f"{party}Acct", "Id", "Othr", "Id")
    )
    mail = _text(parties, party, "CtctDtls", "EmailAdr") or _text(
        parties, party, "Pty", "CtctDtls", "EmailAdr"
    )
    reference = tidied(_message(details) or _text(entry, "AddtlNtryInf"), REFERENCE_LENGTH)
    bank = _text(details, "Refs", "AcctSvcrRef") or _text(entry, "AcctSvcrRef")
    end_to_end = _text(details, "Refs", "EndToEndId")
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    out = None
    if status not in {"BOOK", ""}:
        out = LeftOut.PENDING
    elif _text(entry, "RvslInd") in {"true", "1"}:
        out = LeftOut.REVERSED
    if bank.upper() not in _NO_NUMBER:
        key = f"camt:{account}:{tidied(bank, KEY_LENGTH)}:{place}"
    else:
        key = content_key("camt", account, day, cents, incoming, currency, name, iban, reference, end_to_end)
    return Payment(
        number=number,
        # One that is only announced comes again when it is booked.
        key=f"{PENDING}{key}" if out is LeftOut.PENDING else key,
        booked_on=day,
        cents=cents if incoming else -cents,
        currency=currency,
        payer_name=name,
        payer_email=tidied(mail),
        payer_key=f"payer:{iban.replace(' ', '').upper()}" if iban else "",
        reference=reference,
        left_out=out,
    )


def _message(details: Element | None) -> str:
    """What the payer wrote, and the references that the bank knows as such."""
    remittance = _child(details, "RmtInf")
    if remittance is None:
        return _end_to_end(details)
    found = [each.text or "" for each in _all(remittance, "Ustrd")]
    for structured in _all(remittance, "Strd"):
        found += [
            _text(structured, "CdtrRefInf", "Ref"),
            *(each.text or "" for each in _all(structured, "AddtlRmtInf")),
        ]
    return " ".join([*found, _end_to_end(details)])


def _end_to_end(details: Element | None) -> str:
    told = _text(details, "Refs", "EndToEndId")
    return "" if told.upper() in _NO_NUMBER else told


def _amount_of_single(details: Element) -> tuple[int, str] | None:
    amounts = _child(details, "AmtDtls")
    inside = _child(amounts, "TxAmt")
    found = _child(details, "Amt")
    if found is None and inside is not None:
        found = _child(inside, "Amt")
    return None if found is None else _amount(found)


def _amount(element: Element | None) -> tuple[int, str]:
    currency = "" if element is None else element.get("Ccy", "")
    if element is None or not re.fullmatch(r"[A-Z]{3}", currency):
        raise Problem(lazy("This payment has no amount, or no currency."))
    return amount_of(element.text or "", Decimals.POINT), currency


def _day(entry: Element) -> date:
    for name in ("BookgDt", "ValDt"):
        found = _text(entry, name, "Dt") or _text(entry, name, "DtTm")
        if found:
            # Some banks write the zone after the day: 2027-05-03+02:00.
            return day_of(found[:10], Days.ISO)
    raise Problem(lazy("This payment has no day."))


def _name(element: Element) -> str:
    # Comments and processing instructions have functions for tags.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(parent: Element, name: str) -> list[Element]:
    return [each for each in parent if _name(each) == name]


def _child(parent: Element | None, name: str) -> Element | None:
    return None if parent is None else next((each for each in parent if _name(each) == name), None)


def _text(parent: Element | None, *names: str) -> str:
    found = parent
    for name in names:
        found = _child(found, name)
    return "" if found is None else (found.text or "").strip()
