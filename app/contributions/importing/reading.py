"""From a file's bytes to payments: what kind it is, and reading it in that kind's way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from app.contributions.importing import liberapay, mapped
from app.contributions.importing.archives import ZIP, statements_in
from app.contributions.importing.camt import statements
from app.contributions.importing.column_words import fit
from app.contributions.importing.columns import Columns
from app.contributions.importing.foreign_files import refuse_foreign
from app.contributions.importing.guesses import days_of, guessed
from app.contributions.importing.payers import refusals_of, without_shared
from app.contributions.importing.payments import (
    Aside,
    Payment,
    Trouble,
    UnreadableError,
    WhyAside,
    trouble_with,
)
from app.contributions.importing.tables import Table, table_of
from app.i18n import Text, lazy

LARGEST_FILE = 5_000_000

_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe \r\n\t"


class FileKind(StrEnum):
    """The files that can be read."""

    LIBERAPAY = "liberapay"
    CSV = "csv"
    CAMT = "camt053"  # 052 and 054 too


@dataclass(frozen=True)
class Reading:
    """What is in a file: `table` where a bookkeeper says which column is what.

    `asides`: lines that are no payments. `refusals`: columns that cannot be what they were taken for, and why.
    """

    kind: FileKind
    payments: list[Payment] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    table: Table | None = None
    columns: Columns | None = None
    asides: list[Aside] = field(default_factory=list)
    refusals: Mapping[str, Text] = field(default_factory=dict)


def kind_of(content: bytes) -> FileKind:
    """What the content is, whatever its name says. Raises UnreadableError."""
    if not content.strip():
        raise UnreadableError(lazy("This file is empty."))
    if len(content) > LARGEST_FILE:
        raise UnreadableError(lazy("This file is larger than 5 MB. Export it in parts, a year at a time."))
    if content.startswith(ZIP):
        statements_in(content)
        return FileKind.CAMT
    refuse_foreign(content)
    # In UTF-16 every second byte of it is zero.
    if content[:200].replace(b"\0", b"").lstrip(_BEFORE_XML).startswith(b"<"):
        return FileKind.CAMT
    table = table_of(content)
    liberapay.refuse_patrons(table)
    return FileKind.LIBERAPAY if liberapay.is_liberapay(table) else FileKind.CSV


def read(content: bytes, kind: FileKind, mapping: Mapping[str, Any], today: date) -> Reading:
    """The payments in a file. Raises UnreadableError."""
    left_out = {int(line) for line in mapping.get("left_out", ())}
    reading = _statements(content) if kind is FileKind.CAMT else _table(content, kind, mapping)
    troubles = [*reading.troubles, *_of_payments(reading, today)]
    rows = dict(reading.table.rows) if reading.table else {}
    chosen = [Aside(line, WhyAside.CHOSEN, mapped.told(rows.get(line, []))) for line in left_out]
    return replace(
        reading,
        payments=[each for each in reading.payments if each.number not in left_out],
        troubles=sorted(
            (each for each in troubles if each.line not in left_out), key=lambda one: (one.line, one.column)
        ),
        asides=sorted(
            [*chosen, *(each for each in reading.asides if each.line not in left_out)],
            key=lambda one: one.line,
        ),
    )


def _statements(content: bytes) -> Reading:
    documents = statements_in(content) if content.startswith(ZIP) else [content]
    return Reading(FileKind.CAMT, *statements.payments_of(documents))


def _table(content: bytes, kind: FileKind, mapping: Mapping[str, Any]) -> Reading:
    if kind is FileKind.LIBERAPAY:
        table = table_of(content)
        return Reading(kind, *liberapay.payments_of(table), table)
    table = table_of(content, mapping.get("header_line"))
    columns = columns_of(table, mapping)
    if not columns.is_enough:
        return Reading(kind, table=table, columns=columns)
    payments, troubles, asides = mapped.payments_of(table, columns)
    refusals = refusals_of(table, columns, payments)
    payments = without_shared(table, columns, payments)
    return Reading(kind, payments, troubles, table, columns, asides, refusals)


def columns_of(table: Table, mapping: Mapping[str, Any]) -> Columns:
    """The columns as the bookkeeper has chosen them, for this file or the last one like it; else as they seem."""
    if "columns" not in mapping:
        return guessed(table)
    columns = Columns.kept(mapping)
    if "header_line" in mapping:
        return columns
    # Kept before accounts of one's own, numbers that are none and months that stand first were known as such.
    seeming = guessed(table).places
    names = table.columns
    places = {
        part: place
        for part, place in columns.places.items()
        if place < len(names) and (part not in {"payer", "id"} or fit(part, names[place]) >= 0)
    }
    new = {part: seeming[part] for part in ("direction", "status", "refunded") if part in seeming}
    places |= {part: place for part, place in new.items() if place not in places.values()}
    renewed = replace(columns, places=places)
    return replace(renewed, days=days_of(table, renewed))


def _of_payments(reading: Reading, today: date) -> list[Trouble]:
    found = (trouble_with(each, today) for each in reading.payments)
    return [each for each in found if each is not None]
