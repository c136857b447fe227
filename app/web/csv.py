"""Tables as CSV files that a spreadsheet opens without running anything that somebody typed into them."""

import csv
import io
import unicodedata
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from fastapi import Response
from fastapi.responses import StreamingResponse

TYPE = "text/csv; charset=utf-8"
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
# What may stand before it unseen: white space, controls, and characters without a width (Unicode's categories).
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}

Row = Sequence[object]


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that looks like one gets an apostrophe before it.

    Looked at as spreadsheets do, to whom a full-width sign is one and white space of any kind is none.
    """
    seen = unicodedata.normalize("NFKC", text)
    first = next((sign for sign in seen if sign in DANGEROUS or unicodedata.category(sign) not in UNSEEN), "")
    return f"'{text}" if first in DANGEROUS else text


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Row]) -> Response:
    """A file of a table; `name` without its end. Texts are made harmless, numbers and moments stay what they are."""
    return Response(lines([columns, *rows]), media_type=TYPE, headers=_headers(name))


def csv_stream(name: str, columns: Sequence[str], parts: AsyncIterator[Iterable[Row]]) -> Response:
    """The same for a long table: sent part by part, so that it never stands in memory as a whole."""

    async def chunks() -> AsyncIterator[str]:
        yield lines([columns])
        async for part in parts:
            yield lines(part)

    return StreamingResponse(chunks(), media_type=TYPE, headers=_headers(name))


def lines(rows: Iterable[Row]) -> str:
    """Rows as the lines of a file."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def euros(cents: int | None) -> Decimal | None:
    """Cents (also as PostgreSQL adds them up) as a number of a spreadsheet: 12050 is 120.50."""
    return None if cents is None else Decimal(int(cents)).scaleb(-2)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return harmless(str(value))


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
