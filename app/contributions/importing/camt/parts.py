"""What an entry is made of: banks collect payments in one entry, and keep their fee out of it.

An entry is taken apart only where the figures say that this is right: the payments add up to it, or to it and a fee.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from app.contributions.importing.camt.document import text_of
from app.contributions.importing.figures import Decimals, amount_of
from app.i18n import lazy
from app.web.forms import Problem

# What a bank keeps without saying so is a tenth at most; more is something else.
_LARGEST_FEE = 10


@dataclass(frozen=True)
class Parts:
    """The payments of an entry, each with its amount in hundredths; `details` None: nothing says more of it.

    `fee`: what the bank kept of them. `is_named`: whether the bank says so itself. `is_batch`: it is several
    payments, and nothing says how much each of them is.
    """

    payments: Sequence[tuple[Element | None, int]]
    fee: int = 0
    is_named: bool = True
    is_batch: bool = False


def amount_in(element: Element | None) -> tuple[int, str]:
    """An amount in hundredths and its currency. Raises Problem."""
    currency = "" if element is None else element.get("Ccy", "").strip().upper()
    if element is None or len(currency) != 3 or not (currency.isascii() and currency.isalpha()):  # noqa: PLR2004  ISO 4217
        raise Problem(lazy("This payment has no amount, or no currency."))
    return amount_of(element.text or "", Decimals.POINT), currency


def parts_of_entry(entry: Element, cents: int, currency: str) -> Parts:
    """An entry's payments, given what it says itself. Raises Problem."""
    single = single_ones(entry)
    if not single:
        return Parts([(None, cents)])
    way = text_of(entry, "CdtDbtInd")
    signs = [-1 if text_of(each, "CdtDbtInd") not in {"", way} else 1 for each in single]
    exact = _signed([_amount(each, "Amt", "AmtDtls/TxAmt/Amt") for each in single], signs, currency)
    instructed = _signed([_amount(each, "AmtDtls/InstdAmt/Amt") for each in single], signs, currency)
    for amounts in (instructed, exact):
        for fee in _fees(entry, single, currency):
            if amounts and sum(amounts) - fee == cents:
                return Parts(list(zip(single, amounts, strict=True)), fee)
    if len(single) == 1:
        return Parts([(single[0], cents)])
    for amounts in (exact, instructed):
        if sum(amounts) == cents and amounts:
            return Parts(list(zip(single, amounts, strict=True)))
    kept = sum(exact) - cents
    if exact and 0 < kept * _LARGEST_FEE <= sum(exact) and way == "CRDT":
        return Parts(list(zip(single, exact, strict=True)), kept, is_named=False)
    return Parts([(None, cents)], is_batch=True)


def single_ones(entry: Element) -> list[Element]:
    """The single payments of an entry, as far as the bank tells them."""
    return [*entry.findall("NtryDtls/TxDtls"), *entry.findall("TxDtls")]


def _amount(details: Element, *paths: str) -> tuple[int, str] | None:
    found = next((one for path in paths if (one := details.find(path)) is not None), None)
    return None if found is None else amount_in(found)


def _signed(amounts: Sequence[tuple[int, str] | None], signs: Sequence[int], currency: str) -> list[int]:
    """Each amount as it counts in the entry; none at all if one is missing or of another currency."""
    known = [one for one in amounts if one is not None and one[1] == currency]
    if len(known) < len(amounts):
        return []
    return [sign * one[0] for sign, one in zip(signs, known, strict=True)]


def _fees(entry: Element, single: Sequence[Element], currency: str) -> list[int]:
    """What the bank may have kept: of the entry, of its payments, of both."""
    whole = _charged(entry, currency)
    each = sum(_charged(one, currency) for one in single)
    return sorted({fee for fee in (whole, each, whole + each) if fee > 0})


def _charged(element: Element, currency: str) -> int:
    return sum(fee for charges in element.findall("Chrgs") for fee in _records(charges, currency))


def _records(charges: Element, currency: str) -> Iterator[int]:
    total = charges.find("TtlChrgsAndTaxAmt")
    # Until version 3 each charge stands by itself, later as a record of it.
    records = charges.findall("Rcrd") or ([charges] if charges.find("Amt") is not None else [])
    if records:
        for one in records:
            cents, code = amount_in(one.find("Amt"))
            if code == currency:
                yield -cents if text_of(one, "CdtDbtInd") == "CRDT" else cents
    elif total is not None:
        cents, code = amount_in(total)
        if code == currency:
            yield cents
