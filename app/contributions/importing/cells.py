"""What the cells of a column look like: days, amounts, addresses, words for money in and out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.contributions.importing.days import is_day
from app.contributions.importing.figures import Decimals, is_amount, money_of
from app.contributions.importing.tables import Table
from app.contributions.importing.words import CURRENCIES, UnknownStateError, state_of, way_of
from app.web.forms import Problem

_SAMPLE = 300  # lines that are looked at: the same kinds of cells come again
NEARLY_ALL = 0.8
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")


@dataclass(frozen=True)
class Cells:
    """The cells of one column, of the lines that look like payments."""

    name: str
    place: int
    every: Sequence[str]

    @cached_property
    def filled(self) -> list[str]:
        """Those with something in them."""
        return [cell for cell in self.every if cell]

    @cached_property
    def is_full(self) -> bool:
        """Whether nearly every line has something here."""
        few = len(self.every) < 3  # noqa: PLR2004  of two lines, both
        return bool(self.filled) and len(self.filled) >= (len(self.every) if few else _most(len(self.every)))

    @cached_property
    def are_days(self) -> bool:
        """Whether they are days."""
        return self._mostly(is_day)

    @cached_property
    def are_amounts(self) -> bool:
        """Whether they are amounts."""
        return self._mostly(is_amount)

    @cached_property
    def are_currencies(self) -> bool:
        """Whether they are currencies."""
        return self._mostly(is_currency)

    @cached_property
    def are_mails(self) -> bool:
        """Whether they are mail addresses."""
        return self._mostly(lambda cell: "@" in cell)

    @cached_property
    def are_accounts(self) -> bool:
        """Whether they are IBANs."""
        return self._mostly(is_iban)

    @cached_property
    def vary(self) -> bool:
        """Whether not all say the same."""
        return len({cell.casefold() for cell in self.filled}) > 1

    @cached_property
    def are_unique(self) -> bool:
        """Whether every line has a value of its own."""
        return len(set(self.filled)) == len(self.every)

    @cached_property
    def count_lines(self) -> bool:
        """Whether they only count the lines: 1, 2, 3, or downwards; the next file begins anew."""
        if not all(cell.isdecimal() and cell.isascii() and len(cell) < 6 for cell in self.filled):  # noqa: PLR2004  20,000 lines
            return False
        numbers = [int(cell) for cell in self.filled]
        return min(numbers, default=2) <= 1 and abs(max(numbers) - min(numbers)) < len(numbers) + 2

    @cached_property
    def ways(self) -> set[int] | None:
        """The ways that words for money in and out say, if every cell is one."""
        ways = [way_of(cell) for cell in self.every]
        return None if None in ways or not ways else {way for way in ways if way}

    @cached_property
    def know_states(self) -> bool:
        """Whether a word for the state of a payment is among them."""
        return any(_is_state(cell) for cell in set(self.filled))

    def cents(self, decimals: Decimals | None) -> list[int | None]:
        """The amounts in hundredths; None where there is none."""
        return [_cents(cell, decimals or Decimals.POINT) for cell in self.every]

    def _mostly(self, is_one: Callable[[str], bool]) -> bool:
        return bool(self.filled) and sum(map(is_one, self.filled)) >= _most(len(self.filled))


def cells_of(table: Table) -> list[Cells]:
    """The columns of a table, without the lines under it that are shorter: sums and balances."""
    width = len(table.columns)
    sample = table.rows[:_SAMPLE]
    usual = [row for _line, row in sample if sum(bool(cell.strip()) for cell in row) * 3 >= _usual(sample)]
    return [
        Cells(table.columns[place], place, [row[place].strip() for row in usual]) for place in range(width)
    ]


def is_iban(text: str) -> bool:
    """Whether a cell looks like an IBAN."""
    return _IBAN.fullmatch(text.strip().upper()) is not None


def is_currency(text: str) -> bool:
    """Whether a cell is a currency: three letters, a sign, or its name."""
    return bool(re.fullmatch(r"[A-Za-z]{3}", text)) or text.upper() in CURRENCIES


def _most(lines: int) -> float:
    """How many of so many lines are nearly all: of a few, all but one."""
    return max(1, min(NEARLY_ALL * lines, lines - 1))


def _usual(rows: Sequence[tuple[int, list[str]]]) -> int:
    counts = sorted(sum(bool(cell.strip()) for cell in row) for _line, row in rows)
    return counts[len(counts) // 2] * 2 if counts else 0


def _is_state(text: str) -> bool:
    try:
        state_of(text)
    except UnknownStateError:
        return False
    return True


def _cents(text: str, decimals: Decimals) -> int | None:
    try:
        return money_of(text, decimals).cents
    except Problem:
        return None
