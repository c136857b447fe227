"""What every kind of file is read into: payments, or problems that say where they are."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.contributions.models import LeftOut
from app.contributions.schemas import EARLIEST, LARGEST_CENTS
from app.errors import GuildhallError
from app.i18n import Text, lazy

PENDING = "pending:"  # what the key of a payment begins with that is only announced: it comes again when it is booked
NAME_LENGTH, REFERENCE_LENGTH, KEY_LENGTH = 200, 1000, 200
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Booking:
    """Where a bank has booked a payment, by which the same one is known in another of its files.

    `entry_key`: how the keys of its entry begin; empty: the bank gives it no number. `statement` counts those of the
    file. `is_batch`: it is several payments in one, nobody's as a whole.
    """

    account: str
    entry_key: str
    entry_cents: int
    end_to_end: str
    statement: int
    is_batch: bool = False


@dataclass(frozen=True)
class Payment:
    """One payment of a file. `key` is the same in every file that tells of it; `cents` is below zero if it went out.

    `payer_key` knows the payer again; empty if the file says nothing of the kind. `look`: why somebody has to look at
    it before it is recorded.
    """

    number: int
    key: str
    booked_on: date
    cents: int
    currency: str = "EUR"
    payer_name: str = ""
    payer_email: str = ""
    payer_key: str = ""
    reference: str = ""
    left_out: LeftOut | None = None
    look: Text | None = None
    booking: Booking | None = None

    @property
    def account(self) -> str:
        """The payer's account or number, as the file has it."""
        return account_of(self.payer_key)

    @property
    def why_out(self) -> LeftOut | None:
        """Why it cannot be a contribution, whoever paid it."""
        if self.left_out is None and self.cents <= 0:
            return LeftOut.OUTGOING if self.cents else LeftOut.REVERSED
        return self.left_out


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a place in a file: line and column count from 1, 0 is the file as a whole."""

    line: int
    column: int
    text: Text


class WhyAside(StrEnum):
    """Why a line of a file is no payment of it."""

    CHOSEN = "chosen"  # the bookkeeper leaves it out
    NO_PAYMENT = "no_payment"  # neither a day nor an amount: a balance or a note under the table
    NOT_BOOKED = "not_booked"  # announced or failed, and without a day


@dataclass(frozen=True)
class Aside:
    """A line that is left aside; `text`: what it says, since the file itself is not kept."""

    line: int
    why: WhyAside
    text: str = ""


class UnreadableError(GuildhallError):
    """The file as a whole cannot be read: `message` says why, in the reader's words."""

    status = 422
    code = "file_unreadable"
    title = lazy("This file cannot be read")

    def __init__(self, message: Text, line: int = 0, column: int = 0) -> None:
        self.trouble = Trouble(line, column, message)
        self.message = message
        super().__init__()


def account_of(payer_key: str) -> str:
    """The account or number by which a payer is known again; empty if it is a mail address, or nothing."""
    kind, _colon, value = payer_key.partition(":")
    return value if kind == "payer" else ""


def tidied(text: str, length: int = NAME_LENGTH) -> str:
    """A text of a file as it may stand in a page: one line, nothing that cannot be seen, not too long."""
    seen = text[: 4 * length]
    if not seen.isprintable():  # most are, and a file has a hundred thousand of them
        seen = "".join(
            " " if unicodedata.category(each) in {"Cc", "Zl", "Zp"} else each
            for each in seen
            if unicodedata.category(each) not in {"Cf", "Cs", "Co", "Cn"}
        )
    return _SPACES.sub(" ", unicodedata.normalize("NFC", seen)).strip()[:length]


def trouble_with(payment: Payment, today: date, column: int = 0) -> Trouble | None:
    """What no payment can be: of a day that is yet to come, or of a sum that nobody has."""
    if payment.booked_on > today and payment.why_out is None:
        return Trouble(
            payment.number, column, lazy("This day is yet to come. Look at how the days are written.")
        )
    if payment.booked_on < EARLIEST:
        return Trouble(payment.number, column, lazy("This is too long ago. Look at the year again."))
    if abs(payment.cents) > LARGEST_CENTS:
        return Trouble(payment.number, column, lazy("This amount is too large to be possible."))
    return None


def content_key(kind: str, *said: object) -> str:
    """A key made of what a payment says, where the file gives it no number of its own."""
    told = "\x1f".join(str(each) for each in said)
    return f"{kind}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def numbered(payments: Iterable[Payment]) -> list[Payment]:
    """The second of two payments that say the same gets a key of its own: both were made."""
    seen: Counter[str] = Counter()
    found = []
    for payment in payments:
        seen[payment.key] += 1
        again = seen[payment.key]
        found.append(payment if again == 1 else replace(payment, key=f"{payment.key}#{again}"))
    return found
