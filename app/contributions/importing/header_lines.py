"""Which line of a table names its columns: not always the first, and not always one."""

from collections import Counter
from collections.abc import Sequence

from app.contributions.importing.column_words import parts_named
from app.contributions.importing.days import is_day
from app.contributions.importing.figures import is_amount

# So far down a header is looked for, and can be moved by the bookkeeper.
DEEPEST = 60
_LONGEST_NAME = 80
_NEEDED = {"day", "amount", "credit", "debit"}

Row = tuple[int, list[str]]


def header_place(rows: Sequence[Row]) -> int | None:
    """The place of the header among a file's first lines; None if there is none.

    It is the line in which most cells are names of columns as banks use them; else the line above the first
    payment, if it is as wide; a file whose first wide line is a payment has none.
    """
    best, place = 0, None
    for number, (_line, row) in enumerate(rows[:DEEPEST]):
        hits = _hits(row)
        if hits > best:
            best, place = hits, number
    if place is not None:
        return place
    first = next((number for number, (_line, row) in enumerate(rows[:DEEPEST]) if _is_payment(row)), None)
    if first is None:
        return next((number for number, (_line, row) in enumerate(rows[:DEEPEST]) if _filled(row) > 1), None)
    if first and _may_be_header(rows[first - 1][1], rows[first][1]):
        return first - 1
    return None


def _hits(row: list[str]) -> int:
    """How many columns a line names; 0 if it has figures, or neither a day nor an amount is among the names."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if len(cells) < 2 or any(len(cell) > _LONGEST_NAME or is_day(cell) or is_amount(cell) for cell in cells):  # noqa: PLR2004  a day and an amount
        return 0
    named = [parts for cell in cells if (parts := parts_named(cell))]
    parts = set().union(*named) if named else set()
    if not parts & _NEEDED or len(named) < 2:  # noqa: PLR2004  as above
        return 0
    return len(named)


def _is_payment(row: list[str]) -> bool:
    days = [is_day(cell) for cell in row]
    amounts = [is_amount(cell) and not day for cell, day in zip(row, days, strict=True)]
    return any(days) and any(amounts)


def _may_be_header(row: list[str], payment: list[str]) -> bool:
    return _filled(row) > 1 and abs(len(row) - len(payment)) <= 1 and not any(map(is_amount, row))


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def usual_width(rows: Sequence[Row]) -> int:
    """How many columns most lines have."""
    counts = Counter(len(row) for _line, row in rows)
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0
