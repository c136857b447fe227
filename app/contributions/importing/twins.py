"""Payments that earlier files have brought under another number: a day's report and its statement, a table and CAMT.

Banks number the same payment differently in their different files, or not at all. What is surely the same is known
already; what only looks like it is shown, and waits until somebody has looked.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.names import names_agree
from app.contributions.importing.payments import PENDING, Payment
from app.contributions.models import ImportLine, LineState

_CAMT, _TABLE = "camt:", "csv:"
_MOST_LOOKED_AT = 50


@dataclass(frozen=True)
class Earlier:
    """A payment that is here already. `line_id` None: it stands further up in the same file."""

    line_id: int | None
    key: str
    booked_on: date
    cents: int
    currency: str
    payer_name: str = ""
    payer_key: str = ""
    reference: str = ""
    state: str = LineState.MATCHED

    def agrees_with(self, payment: Payment) -> bool:
        """Whether day and amount are the same."""
        same = (self.booked_on, self.cents, self.currency)
        return same == (payment.booked_on, payment.cents, payment.currency)


@dataclass(frozen=True)
class Twin:
    """What a payment may be the same as. `is_sure`: it is. `is_entry`: its entry was told in other parts before."""

    earlier: Earlier
    is_sure: bool
    is_entry: bool = False


class Twins:
    """The payments that are here already; each can be the twin of one new payment only."""

    def __init__(self) -> None:
        self._by_sum: dict[tuple[date, int, str], list[Earlier]] = defaultdict(list)
        self._by_entry: dict[str, list[Earlier]] = defaultdict(list)

    @classmethod
    async def of(cls, session: AsyncSession, payments: Sequence[Payment], known: Collection[str]) -> "Twins":
        """Of the days of these payments, in one statement; none for files of platforms that number everything.

        `known`: the keys of lines that are themselves told again, and nobody else's twins.
        """
        days = [one.booked_on for one in payments if one.key.startswith((_CAMT, _TABLE))]
        if not days:
            return cls()
        banks = or_(*(ImportLine.key.startswith(kind, autoescape=True) for kind in (_CAMT, _TABLE)))
        names = ("key", "booked_on", "cents", "currency", "payer_name", "payer_key", "reference", "state")
        columns = [getattr(ImportLine, name) for name in names]
        lines = select(ImportLine.id, *columns).where(
            ImportLine.booked_on.between(min(days), max(days)), banks
        )
        twins = cls()
        for row in await session.execute(lines.order_by(ImportLine.id)):
            twins.add(Earlier(*row), is_free=row.key not in known)
        return twins

    def add(self, earlier: Earlier, *, is_free: bool = True) -> None:
        """One more that is here; `is_free`: it can be a twin."""
        if is_free:
            self._by_sum[earlier.booked_on, earlier.cents, earlier.currency].append(earlier)
        if earlier.key.startswith(_CAMT) and earlier.key.count(":") > 1:
            self._by_entry[_entry_of(earlier.key)].append(earlier)

    def take(self, payment: Payment) -> Twin | None:
        """The twin of a payment whose own number is not known; it is nobody else's twin afterwards."""
        if payment.key.startswith(PENDING) or payment.why_out is not None:
            return None
        if (twin := self._same_entry(payment)) is not None:
            return twin
        same = self._by_sum.get((payment.booked_on, payment.cents, payment.currency), [])
        judged = [(one, sure) for one in same if (sure := _is_same(payment, one)) is not None]
        if not judged:
            return None
        earlier, is_sure = max(judged, key=lambda each: each[1])
        same.remove(earlier)
        return Twin(earlier, is_sure)

    def _same_entry(self, payment: Payment) -> Twin | None:
        """The entry that a payment is a part of, or the parts of it, where an earlier file told it otherwise."""
        booking = payment.booking
        told = self._by_entry.get(booking.entry_key, []) if booking and booking.entry_key else []
        told = [one for one in told if one.booked_on == payment.booked_on]
        if not told or booking is None:
            return None
        is_whole = sum(one.cents for one in told) == booking.entry_cents
        waits = any(one.state == LineState.UNMATCHED for one in told)
        return Twin(told[0], is_sure=is_whole and not waits, is_entry=True)


def _entry_of(key: str) -> str:
    return key[: key.rindex(":") + 1]


def _is_same(payment: Payment, earlier: Earlier) -> bool | None:
    """Whether it surely is the same payment, or only may be; None: it is another."""
    if payment.booking is None and earlier.key.startswith(_TABLE):
        return False if _is_same_row(payment, earlier) else None
    both_banks = payment.booking is not None and earlier.key.startswith(_CAMT)
    accounts_differ = payment.payer_key and earlier.payer_key and payment.payer_key != earlier.payer_key
    if accounts_differ or not names_agree(payment.payer_name, earlier.payer_name):
        return None
    if not both_banks:
        # Of a table and a bank's file: only where both say who paid.
        return False if _says_who(payment) and _says_who(earlier) else None
    number = payment.booking.end_to_end if payment.booking else ""
    is_told = bool(number) and number in earlier.reference
    if _another_account(payment, earlier) or (number and not is_told and _numbers_differ(payment, earlier)):
        return None
    return is_told


def _is_same_row(payment: Payment, earlier: Earlier) -> bool:
    """Whether two tables tell the same, and only their columns were chosen otherwise: then their keys differ."""
    numbers = [one.key.split(":") for one in (payment, earlier)]
    if all(len(number) > 2 for number in numbers) and numbers[0][1] == numbers[1][1]:  # noqa: PLR2004  csv, header, number
        return False
    short, long = sorted((payment.reference, earlier.reference), key=len)
    has_both = bool(payment.payer_name and earlier.payer_name and short)
    return has_both and short in long and names_agree(payment.payer_name, earlier.payer_name)


def _says_who(one: Payment | Earlier) -> bool:
    return bool(one.payer_name or one.payer_key)


def _another_account(payment: Payment, earlier: Earlier) -> bool:
    # A key without the bank's number is a sum over everything and does not say of which account it is.
    account = payment.booking.account if payment.booking else ""
    return earlier.key.count(":") > 1 and not earlier.key.startswith(f"{_CAMT}{account}:")


def _numbers_differ(payment: Payment, earlier: Earlier) -> bool:
    """Whether both carry a number of the payer's bank, and not the same: the rest of the message is equal then."""
    rest = payment.reference.replace(payment.booking.end_to_end, "").strip() if payment.booking else ""
    return bool(rest) and earlier.reference.startswith(rest) and earlier.reference != rest


async def alike_to(session: AsyncSession, line: ImportLine) -> Twin | None:
    """Another payment of the same day and sum that a kept one may be the same as, of an earlier file."""
    names = ("key", "booked_on", "cents", "currency", "payer_name", "payer_key", "reference", "state")
    lines = select(ImportLine.id, *(getattr(ImportLine, name) for name in names)).where(
        ImportLine.booked_on == line.booked_on,
        ImportLine.cents == line.cents,
        ImportLine.currency == line.currency,
        ImportLine.file_id < line.file_id,
        ImportLine.state != LineState.LEFT_OUT,
    )
    for row in await session.execute(lines.order_by(ImportLine.id).limit(_MOST_LOOKED_AT)):
        one = Earlier(*row)
        accounts_differ = line.payer_key and one.payer_key and line.payer_key != one.payer_key
        if not accounts_differ and names_agree(line.payer_name, one.payer_name):
            return Twin(one, is_sure=False)
    return None
