"""Files of separated values, whatever their encoding and separator, as a table with limits."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from app.contributions.importing.encodings import decoded
from app.contributions.importing.header_lines import DEEPEST, Row, header_place, usual_width
from app.contributions.importing.payments import UnreadableError, tidied
from app.i18n import lazy

MOST_LINES, MOST_COLUMNS, LONGEST_CELL = 20_000, 100, 5_000
SEPARATORS = (";", ",", "\t", "|")
_SAMPLE = 100_000  # characters by which the separator is known
_SAYS_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?\s*\r?\n", re.IGNORECASE)
# What a spreadsheet was told to leave as it is: ="0012", '-12,00.
_FORMULA = re.compile(r'="([^"]*)"')


@dataclass(frozen=True)
class Table:
    """The names of a file's columns and the lines below them, each with the number of its line in the file.

    `header_line`: the line of the names, 0 if there is none. `top`: the file's first lines, among which it stands.
    """

    columns: tuple[str, ...]
    rows: Sequence[Row]
    header_line: int
    top: Sequence[Row]

    @property
    def header(self) -> str:
        """By what a file with the same columns is known again."""
        return header_key(self.columns if self.header_line else len(self.columns))

    @property
    def before(self) -> Sequence[Row]:
        """What stands above the names of the columns: whose account it is, its balance."""
        return [row for row in self.top if row[0] < self.header_line]


def header_key(columns: Iterable[str] | int) -> str:
    """The key of a header by its names; by the number of columns if the file names none."""
    text = f"none {columns}" if isinstance(columns, int) else "\x1f".join(columns)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def table_of(content: bytes, header_line: int | None = None) -> Table:
    """Read a table. `header_line`: where the names of the columns stand, 0 nowhere; None: look for it.

    Raises UnreadableError.
    """
    rows = _rows(decoded(content))
    top = rows[:DEEPEST]
    if header_line is None or (header_line and header_line not in {line for line, _row in top}):
        place = header_place(rows)
    else:
        place = next((number for number, (line, _row) in enumerate(top) if line == header_line), None)
    below = rows if place is None else rows[place + 1 :]
    header = [] if place is None else rows[place][1]
    named = _names(header)
    width = max(len(named), usual_width(below)) if place is None else len(named)
    if width < 2:  # noqa: PLR2004  a day and an amount at least
        raise UnreadableError(lazy("There is no table in this file."), 1)
    if not below:
        raise UnreadableError(lazy("There is no payment in this file."), 1)
    if len(below) > MOST_LINES:
        raise _too_many()
    columns = (*named, *[""] * (width - len(named)))
    # A file that was put together of several has the names several times.
    return Table(
        columns,
        [(line, [*row, *[""] * (width - len(row))]) for line, row in below if row != header],
        0 if place is None else rows[place][0],
        top,
    )


def headers_in(table: Table) -> dict[str, int]:
    """The keys of all lines that could be the header, with their lines: by one of them an earlier file was read."""
    lines = {header_key(_names(row)): line for line, row in reversed(table.top) if len(_names(row)) > 1}
    return lines | {table.header: table.header_line}


def _names(row: list[str]) -> list[str]:
    return [tidied(cell) for cell in row]


def _rows(text: str) -> list[Row]:
    """The lines that have anything in them."""
    says = _SAYS_SEPARATOR.match(text)
    separator = says[1] if says and says[1] in SEPARATORS else _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    rows: list[Row] = []
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error:
            raise UnreadableError(
                lazy("A field begins here and does not end. Look for a quotation mark that is left open."),
                line,
            ) from None
        if row is None:
            return rows
        if not any(cell.strip() for cell in row) or (says and line == 1):
            continue
        _check(row, line)
        rows.append((line, [_bare(cell) for cell in row]))
        if len(rows) > MOST_LINES + DEEPEST:
            raise _too_many()


def _too_many() -> UnreadableError:
    return UnreadableError(
        lazy("This file has more than %(most)s lines. Export it in parts, a year at a time.", most=MOST_LINES)
    )


def _separator(text: str) -> str:
    """What splits most lines into the same number of parts."""
    return max(SEPARATORS, key=lambda separator: _evenness(text[:_SAMPLE], separator))


def _evenness(text: str, separator: str) -> int:
    widths: Counter[int] = Counter()
    try:
        for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), DEEPEST):
            widths[len(row)] += 1
    except csv.Error:
        pass
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def _bare(cell: str) -> str:
    """A cell without what tells spreadsheets to leave it as it is."""
    if not cell.startswith(("=", "'")):
        return cell
    if match := _FORMULA.fullmatch(cell.strip()):
        return match[1]
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {"-", "+", "=", "@"} else cell


def _check(row: list[str], line: int) -> None:
    if len(row) > MOST_COLUMNS:
        raise UnreadableError(
            lazy("This line has more than %(most)s columns.", most=MOST_COLUMNS), line, MOST_COLUMNS + 1
        )
    for column, cell in enumerate(row, 1):
        if len(cell) > LONGEST_CELL:
            raise UnreadableError(
                lazy("A field begins here and does not end. Look for a quotation mark that is left open."),
                line,
                column,
            )
