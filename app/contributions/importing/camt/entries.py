"""One entry of a statement as payments: the single ones that the bank collects in it, or itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from app.contributions.importing.camt.details import (
    Party,
    bank_s_number,
    end_to_end_of,
    message_of,
    party_of,
    reference_of,
    squeezed,
)
from app.contributions.importing.camt.document import text_of
from app.contributions.importing.camt.parts import Parts, amount_in, parts_of_entry, single_ones
from app.contributions.importing.camt.returns import why_no_gift
from app.contributions.importing.days import Days, day_of
from app.contributions.importing.payments import (
    KEY_LENGTH,
    NAME_LENGTH,
    PENDING,
    REFERENCE_LENGTH,
    Booking,
    Payment,
    content_key,
    tidied,
)
from app.contributions.importing.tables import MOST_LINES
from app.contributions.models import LeftOut
from app.i18n import Text, lazy
from app.web.forms import Problem

_NAMED = 10  # of those who paid in a batch


@dataclass(frozen=True)
class _Entry:
    """What all payments of an entry have in common."""

    element: Element
    number: int
    account: str
    statement: int
    day: date
    cents: int
    currency: str
    is_incoming: bool
    is_booked: bool


def payments_of_entry(
    element: Element, number: int, account: str, statement: int, kind: str
) -> Iterator[Payment]:
    """An entry's payments. `kind`: the element that its statement is. Raises Problem."""
    cents, currency = amount_in(element.find("Amt"))
    way = text_of(element, "CdtDbtInd")
    entry = _Entry(
        element,
        number,
        account,
        statement,
        _day(element),
        cents,
        currency,
        is_incoming=way == "CRDT",
        is_booked=_is_booked(element, kind),
    )
    if len(single_ones(element)) > MOST_LINES:
        raise Problem(lazy("This entry collects more payments than can be read."))
    parts = parts_of_entry(element, cents, currency)
    for place, (details, amount) in enumerate(parts.payments):
        yield _payment(entry, parts, details, amount, place)
    if parts.fee:
        yield _fee(entry, parts)


def _payment(entry: _Entry, parts: Parts, details: Element | None, cents: int, place: int) -> Payment:
    # A part can go the other way than its entry: what was taken back is netted with what came in.
    incoming = entry.is_incoming if cents >= 0 else not entry.is_incoming
    party = party_of(details, entry.account, incoming=incoming)
    key = _key(entry, details, party, abs(cents), place)
    out = why_no_gift(entry.element, details, incoming=incoming) if entry.is_booked else LeftOut.PENDING
    return Payment(
        number=entry.number,
        # One that is only announced comes again when it is booked.
        key=key if entry.is_booked else f"{PENDING}{key}",
        booked_on=entry.day,
        cents=abs(cents) if incoming else -abs(cents),
        currency=entry.currency,
        payer_name=_names_in(entry) if parts.is_batch else party.name,
        payer_email=party.email,
        payer_key=f"payer:{squeezed(party.account)}" if party.account else "",
        reference=tidied(_with_foreign(entry, details), REFERENCE_LENGTH),
        left_out=out,
        look=_look(entry, parts, out),
        booking=_booking(entry, details, is_batch=parts.is_batch),
    )


def _look(entry: _Entry, parts: Parts, out: LeftOut | None) -> Text | None:
    """Why somebody has to look at a payment before it is recorded."""
    if out is LeftOut.GIVEN_BACK:
        return lazy("If the payment that was given back is recorded, correct its entry.")
    if out is not None or not entry.is_incoming:
        return None
    if parts.is_batch:
        return lazy(
            "The bank collected several payments in this one and does not say how much each of them is."
        )
    if parts.fee and not parts.is_named:
        return lazy(
            "The payments of this entry come to more than it: the rest is taken for a fee of the bank."
        )
    return None


def _fee(entry: _Entry, parts: Parts) -> Payment:
    """What the bank kept of the payments of an entry, so that its lines add up to it."""
    number = bank_s_number(entry.element, None)
    said = (entry.account, entry.day, entry.cents, entry.currency, parts.fee, "fee")
    key = f"{_entry_key(entry, number)}fee" if number else content_key("camt", *said)
    return Payment(
        number=entry.number,
        key=key if entry.is_booked else f"{PENDING}{key}",
        booked_on=entry.day,
        cents=-parts.fee,
        currency=entry.currency,
        reference=tidied(text_of(entry.element, "AddtlNtryInf"), REFERENCE_LENGTH),
        left_out=LeftOut.FEE if entry.is_booked else LeftOut.PENDING,
        look=_look(entry, parts, None),
        booking=_booking(entry, None, is_batch=False),
    )


def _key(entry: _Entry, details: Element | None, party: Party, cents: int, place: int) -> str:
    number = bank_s_number(entry.element, details)
    if number:
        return f"{_entry_key(entry, number)}{place}"
    # Made of what a bank says of the account's holder, whoever is behind it: earlier imports are known by that.
    message = tidied(message_of(details) or text_of(entry.element, "AddtlNtryInf"), REFERENCE_LENGTH)
    said = (entry.account, entry.day, cents, entry.is_incoming, entry.currency)
    payer = (party.holder, party.holder_account, message, text_of(details, "Refs/EndToEndId"))
    return content_key("camt", *said, *payer)


def _entry_key(entry: _Entry, number: str) -> str:
    return f"camt:{entry.account}:{tidied(number, KEY_LENGTH)}:"


def _booking(entry: _Entry, details: Element | None, *, is_batch: bool) -> Booking:
    number = bank_s_number(entry.element, details)
    return Booking(
        account=entry.account,
        entry_key=_entry_key(entry, number) if number else "",
        entry_cents=entry.cents if entry.is_incoming else -entry.cents,
        end_to_end=tidied(end_to_end_of(details)),
        statement=entry.statement,
        is_batch=is_batch,
    )


def _with_foreign(entry: _Entry, details: Element | None) -> str:
    """The message, and what the payer gave if it was in another currency than the account's."""
    said = reference_of(entry.element, details)
    for one in (details, entry.element):
        given = None if one is None else one.find("AmtDtls/InstdAmt/Amt")
        if given is not None and given.get("Ccy", entry.currency) != entry.currency:
            return f"{said} ({(given.text or '').strip()} {given.get('Ccy', '')})"
    return said


def _names_in(entry: _Entry) -> str:
    """Who paid what a batch collects, as far as it says."""
    names = [
        party_of(each, entry.account, incoming=entry.is_incoming).name
        for each in single_ones(entry.element)[:_NAMED]
    ]
    return tidied(", ".join(dict.fromkeys(name for name in names if name)), NAME_LENGTH)


def _is_booked(element: Element, kind: str) -> bool:
    """Whether the money is there. Only a statement may leave the status away: all of it is booked."""
    status = text_of(element, "Sts/Cd", "Sts/Prtry", "Sts").upper()
    return status == "BOOK" or (not status and kind == "Stmt")


def _day(element: Element) -> date:
    said = text_of(element, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    if not said:
        raise Problem(lazy("This payment has no day."))
    # Some banks write the zone after the day: 2027-05-03+02:00.
    return day_of(said[:10], Days.ISO)
