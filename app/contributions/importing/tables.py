"""Files of comma-separated values, whatever their encoding and separator, as a table with limits."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from app.contributions.importing.payments import UnreadableError, tidied
from app.i18n import lazy

MOST_LINES, MOST_COLUMNS, LONGEST_CELL = 20_000, 100, 5_000
SEPARATORS = (",", ";", "\t")
# What the names of columns are known by begins here; a longer one is cut for the page.
_CONTROLS = {chr(number) for number in range(32)} - {"\t", "\n", "\r"}


@dataclass(frozen=True)
class Table:
    """A file's first line and the others, each with the number of its line in the file."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[int, list[str]]]

    @property
    def header(self) -> str:
        """By what a file with the same columns is known again."""
        return hashlib.sha256("\x1f".join(self.columns).encode()).hexdigest()[:16]


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, with or without a mark, else what Windows and older banks write.

    Raises UnreadableError.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Five bytes have no sign in cp1252; Latin-1 has one for each.
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    for number, line in enumerate(text.split("\n"), 1):
        if not _CONTROLS.isdisjoint(line):
            column = next(place for place, each in enumerate(line, 1) if each in _CONTROLS)
            raise UnreadableError(
                lazy("This is not a text file. Export it as CSV, or as CAMT.053 from a bank."), number, column
            )
    return text


def table_of(content: bytes) -> Table:
    """Read a table. Raises UnreadableError."""
    text = decoded(content)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    columns: tuple[str, ...] = ()
    rows: list[tuple[int, list[str]]] = []
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
            break
        if not any(cell.strip() for cell in row):
            continue
        _check(row, line)
        if not columns:
            columns = tuple(tidied(cell) for cell in row)
            continue
        rows.append((line, [*row, *[""] * (len(columns) - len(row))]))
        if len(rows) > MOST_LINES:
            raise UnreadableError(
                lazy(
                    "This file has more than %(most)s lines. Export it in parts, a year at a time.",
                    most=MOST_LINES,
                )
            )
    if len(columns) < 2:  # noqa: PLR2004  a day and an amount at least
        raise UnreadableError(lazy("There is no table in this file: its first line names the columns."), 1)
    if not rows:
        raise UnreadableError(lazy("There is no payment in this file."), 1)
    return Table(columns, rows)


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
