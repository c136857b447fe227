"""Reading a bank's file: its reports (camt.052), statements (053) and notifications (054), in whatever envelope.

The libraries for CAMT of the package index leave the message of a payment (RmtInf) away, by which it is known whose
it is; so its few elements are read here.
"""

from collections.abc import Iterable
from dataclasses import replace
from xml.etree.ElementTree import Element

from app.contributions.importing.camt.document import Budget, document_of, text_of
from app.contributions.importing.camt.entries import payments_of_entry
from app.contributions.importing.payments import (
    PENDING,
    Payment,
    Trouble,
    UnreadableError,
    numbered,
    tidied,
)
from app.contributions.importing.tables import MOST_LINES
from app.contributions.models import LeftOut
from app.i18n import lazy
from app.web.forms import Problem

ACCOUNT_LENGTH = 64  # an IBAN has 34 characters at most, as has the number of another account
_KINDS = ("Ntfctn", "Stmt", "Rpt")


def payments_of(contents: Iterable[bytes]) -> tuple[list[Payment], list[Trouble]]:
    """The payments of every statement in some documents, and what is wrong with the others. Raises UnreadableError.

    A payment that stands in two statements, as in the report of a day and in the statement of it, is one.
    """
    statements = _statements(contents)
    payments: list[Payment] = []
    troubles: list[Trouble] = []
    seen: set[tuple[object, ...]] = set()
    number = 0
    for place, statement in enumerate(statements):
        own: list[Payment] = []
        for entry in statement.findall("Ntry"):
            number += 1
            try:
                own += payments_of_entry(entry, number, _account(statement), place, statement.tag)
            except Problem as problem:
                troubles.append(Trouble(number, 0, problem.text))
            _check_length(len(payments) + len(own) + len(troubles))
        own = numbered(own)
        payments += [_left_out(one) if _mark(one) in seen else one for one in own]
        seen |= {_mark(one) for one in own}
    if not payments and not troubles:
        raise UnreadableError(lazy("There is no payment in this file."))
    return numbered(payments), troubles


def _statements(contents: Iterable[bytes]) -> list[Element]:
    """Those of all documents. Notifications come first: they say most of each payment. Raises UnreadableError."""
    budget = Budget()
    roots = [document_of(content, budget) for content in contents]
    found = [each for root in roots for each in root.iter() if each.tag in _KINDS]
    if not found:
        raise UnreadableError(
            lazy("This XML is no bank statement. Export CAMT.053 from your bank, or CAMT.052 or CAMT.054.")
        )
    return sorted(found, key=lambda each: _KINDS.index(each.tag))


def _mark(payment: Payment) -> tuple[object, ...]:
    """What is the same of a payment in every statement that tells of it."""
    booking = payment.booking
    if booking is not None and booking.entry_key:
        # One statement may tell the parts of an entry and the other the whole.
        return booking.entry_key, payment.booked_on, booking.entry_cents, payment.key.startswith(PENDING)
    return (payment.key,)


def _left_out(payment: Payment) -> Payment:
    return replace(payment, key=f"again:{payment.key}", left_out=payment.left_out or LeftOut.REPEATED)


def _account(statement: Element) -> str:
    said = text_of(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
    return tidied(said, ACCOUNT_LENGTH)  # it stands in the key of every payment, and keys are indexed


def _check_length(lines: int) -> None:
    if lines > MOST_LINES:
        raise UnreadableError(
            lazy(
                "This file has more than %(most)s lines. Export it in parts, a year at a time.",
                most=MOST_LINES,
            )
        )
