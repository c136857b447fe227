"""The e-mail addresses of a list that people paste, type or keep as CSV."""

import csv
import re
from collections.abc import Sequence

from app.errors import ConflictError
from app.i18n import lazy

MOST = 1000


class TooManyLinesError(ConflictError):
    """More than one goes through by eye."""

    code = "too_many_lines"
    message = lazy("At most %(most)s people at a time. Send the list in parts.", most=MOST)


def addresses_in(typed: str) -> list[str]:
    """The addresses of what was typed, pasted or is in a CSV: of a table the first of each row.

    A line of nothing but addresses gives all of them, as mail programs list them. A line of column names is left out;
    every other line without an address stands in the report as it is. Raises TooManyLinesError.
    """
    text = typed.replace("\0", "").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    divider = ";" if text.count(";") > text.count(",") else "\t" if "\t" in text else ","
    found: list[str] = []
    for number, line in enumerate(text.split("\n")):
        cells = _cells(line, divider)
        with_at = [address for cell in cells if "@" in cell for address in _in_cell(cell)]
        is_table = any("@" not in cell for cell in cells) and line.count("<") < 2  # noqa: PLR2004  two people
        if not with_at and (number or not _is_heading(cells)):
            with_at = cells[:1]
        found += [address[:300] for address in (with_at[:1] if is_table else with_at)]
    if len(found) > MOST:
        raise TooManyLinesError
    return found


def _cells(line: str, divider: str) -> list[str]:
    """The cells of a line that say something. Line by line: a quote that nobody closed takes no other line along."""
    try:
        cells = next(csv.reader([line], delimiter=divider), [])
    except csv.Error:  # longer than a cell can be
        cells = [line]
    return [cell.strip() for cell in cells if cell.strip()]


def _in_cell(cell: str) -> list[str]:
    """The addresses of a cell: Cora Ruiz <cora@example.org>, or several with spaces between them."""
    # No @ before the first one: else a hundred thousand of them would be tried in pairs, for minutes.
    in_brackets = re.findall(r"<([^<>\s@]*@[^<>\s]*)>", cell)
    pieces = [piece for piece in re.split(r"[;,\s]+", cell) if piece]
    return in_brackets or (pieces if all("@" in piece for piece in pieces) else [cell])


def _is_heading(cells: Sequence[str]) -> bool:
    return any(word in cell.lower() for cell in cells for word in ("mail", "address", "correu", "adreça"))
