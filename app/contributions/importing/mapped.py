"""A table whose columns are known: its payments, what is wrong with other lines, and which are no payments."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from app.contributions.importing.columns import Columns
from app.contributions.importing.days import Days, day_of
from app.contributions.importing.figures import Decimals, Money, money_of
from app.contributions.importing.payments import (
    KEY_LENGTH,
    PENDING,
    REFERENCE_LENGTH,
    Aside,
    Payment,
    Trouble,
    WhyAside,
    content_key,
    numbered,
    tidied,
)
from app.contributions.importing.tables import Table
from app.contributions.importing.words import CURRENCIES, UnknownStateError, is_service, state_of, way_of
from app.contributions.models import LeftOut
from app.i18n import Text, lazy
from app.web.forms import Problem

# In the name of a column of amounts: “Amount (GBP)”, “Betrag in €”. Other three letters there are words.
_CODES = re.compile(r"\b(?:EUR|CHF|USD|GBP|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|BRL)\b|[€£$]")
# What stands in a column of accounts or numbers where there is none.
_NOTHING = {"", "-", "0", "N/A", "NA", "NULL", "NONE", "NOTPROVIDED", "UNKNOWN", "NONREF"}


def payments_of(table: Table, columns: Columns) -> tuple[list[Payment], list[Trouble], list[Aside]]:
    """The payments, what is wrong with the others' lines, and the lines that are none."""
    payments: list[Payment] = []
    troubles: list[Trouble] = []
    asides: list[Aside] = []
    reader = _Reader(table, columns)
    for line, row in table.rows:
        try:
            payments.append(reader.payment(line, row))
        except _AsideError as aside:
            asides.append(Aside(line, aside.why, told(row)))
        except _CellProblem as problem:
            place = columns.places.get(problem.part)
            troubles.append(Trouble(line, 0 if place is None else place + 1, problem.text))
    unread = [each for each in asides if each.why is WhyAside.NO_PAYMENT]
    if len(unread) > len(payments):
        # Most lines are none: then the columns are wrong, and no line is left aside for it.
        place = columns.places["day"] + 1
        text = lazy("This is not a day as this file writes them.")
        troubles += [Trouble(each.line, place, text) for each in unread]
        asides = [each for each in asides if each.why is not WhyAside.NO_PAYMENT]
    return numbered(payments), troubles, asides


def told(row: list[str]) -> str:
    """A line as it may stand in a page, where it is said that it was left aside."""
    return tidied(" · ".join(cell for cell in row if cell.strip()))


class _CellProblem(Exception):  # noqa: N818  it is what is wrong with a cell
    def __init__(self, part: str, text: Text) -> None:
        self.part, self.text = part, text
        super().__init__()


class _AsideError(Exception):
    """A line that is no payment: a balance under the table, or what a bank has only announced without a day."""

    def __init__(self, why: WhyAside) -> None:
        self.why = why
        super().__init__()


class _Reader:
    """Reads the lines of one table."""

    def __init__(self, table: Table, columns: Columns) -> None:
        self.columns = columns
        self.header = table.header
        self.width = len(table.columns)
        self.decimals = columns.decimals or Decimals.POINT
        self.currency = _currency_of_names([table.columns[place] for place in columns.of_amounts])

    def payment(self, line: int, row: list[str]) -> Payment:
        """The payment of a line. Raises _CellProblem, _AsideError."""
        said = {name: row[place].strip() for name, place in self.columns.places.items() if place < len(row)}
        if any(cell.strip() for cell in row[self.width :]):
            raise _CellProblem(
                "",
                lazy(
                    "This line has more columns than the header. A separator in a text or an amount may "
                    "have split it."
                ),
            )
        out = self._state(said)
        day = self._day(said, out)
        cents, currency = self._money(said)
        email = tidied(said.get("email", ""))
        name = tidied(f"{said.get('first_name', '')} {said.get('name', '')}")
        texts = dict.fromkeys(said[part] for part in ("reference", "reference_2") if said.get(part))
        reference = tidied(" ".join(texts), REFERENCE_LENGTH)
        payer = tidied(said.get("payer", ""), KEY_LENGTH).replace(" ", "").upper()
        payer = "" if payer in _NOTHING or is_service(name) else payer
        number = tidied(said.get("id", ""), KEY_LENGTH)
        # Without a number of its own a payment is what it says; two that say the same are counted by `numbered`.
        key = (
            f"csv:{self.header}:{number}"
            if number
            else content_key("csv", day, cents, currency, name, email.lower(), payer, reference)
        )
        return Payment(
            number=line,
            # One that is only announced comes again when it is booked.
            key=f"{PENDING}{key}" if out is LeftOut.PENDING else key,
            booked_on=day,
            cents=cents,
            currency=currency,
            payer_name=name,
            payer_email=email if "@" in email else "",
            payer_key=f"payer:{payer}" if payer else f"mail:{email.lower()}" if "@" in email else "",
            reference=reference,
            left_out=out,
        )

    def _state(self, said: Mapping[str, str]) -> LeftOut | None:
        word = said.get("status", "")
        try:
            return state_of(word) if word else None
        except UnknownStateError:
            text = lazy(
                "We don’t know what “%(word)s” means for a payment. Leave the line out, or choose None "
                "for the state.",
                word=tidied(word, 40),
            )
            raise _CellProblem("status", text) from None

    def _day(self, said: Mapping[str, str], out: LeftOut | None) -> date:
        day = said.get("day", "")
        try:
            return day_of(day, self.columns.days or Days.ISO)
        except Problem as problem:
            if out is not None or _is_announced(day):
                raise _AsideError(WhyAside.NOT_BOOKED) from None
            amounts = [said[part] for part in ("amount", "credit", "debit") if said.get(part)]
            if not amounts:
                raise _AsideError(WhyAside.NO_PAYMENT) from None
            raise _CellProblem("day", problem.text) from None

    def _money(self, said: Mapping[str, str]) -> tuple[int, str]:
        """Hundredths, below zero for what went out, and three letters."""
        if "amount" in self.columns.places:
            money = self._amount("amount", said)
            cents = _directed(money.cents, said["direction"]) if "direction" in said else money.cents
        else:
            cents, money = self._sides(said)
        if said.get("refunded"):
            cents -= abs(self._amount("refunded", said).cents)
        written = said.get("currency", "").upper()
        currency = CURRENCIES.get(written, written) or money.currency or self.currency or "EUR"
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise _CellProblem("currency", lazy("Write the three letters of the currency: EUR, CHF, USD."))
        if money.currency and money.currency != currency:
            raise _CellProblem("currency", lazy("The amount is in another currency than this says."))
        return cents, currency

    def _sides(self, said: Mapping[str, str]) -> tuple[int, Money]:
        """What came in or went out, where each has a column: one of them is filled, the other empty or zero."""
        sides = {part: self._amount(part, said) for part in ("credit", "debit") if said.get(part)}
        money = {part: each for part, each in sides.items() if each.cents}
        if not sides:
            part = next(part for part in ("credit", "debit") if part in self.columns.places)
            raise _CellProblem(part, lazy("There is no amount on this line."))
        if len(money) > 1:
            raise _CellProblem("debit", lazy("This line says that money came in and went out."))
        if not money:
            return 0, next(iter(sides.values()))
        [(part, amount)] = money.items()
        # Some banks put a minus before what went out although its column says it; none before what came in.
        return (amount.cents if part == "credit" else -abs(amount.cents)), amount

    def _amount(self, part: str, said: Mapping[str, str]) -> Money:
        text = said.get(part, "")
        if not text:
            raise _CellProblem(part, lazy("There is no amount on this line."))
        try:
            return money_of(text, self.decimals)
        except Problem as problem:
            raise _CellProblem(part, problem.text) from None


def _directed(cents: int, word: str) -> int:
    """An amount with the sign that a word or a column of signs gives it."""
    way = way_of(word)
    if way is None:
        text = lazy("“%(word)s” says neither that money came in nor that it went out.", word=tidied(word, 40))
        raise _CellProblem("direction", text)
    if way > 0 > cents:
        raise _CellProblem(
            "direction", lazy("This says that money came in, but the amount says that it went out.")
        )
    return way * abs(cents)


def _is_announced(day: str) -> bool:
    """Whether a word stands where the day will be: “offen”, “pending”."""
    try:
        return bool(day) and state_of(day) is LeftOut.PENDING
    except UnknownStateError:
        return False


def _currency_of_names(names: Sequence[str]) -> str:
    """The currency that the name of a column of amounts has in it."""
    codes = {CURRENCIES.get(code, code) for name in names for code in _CODES.findall(name.upper())}
    return codes.pop() if len(codes) == 1 else ""
