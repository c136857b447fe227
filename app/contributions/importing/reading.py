"""From a file's bytes to payments: what kind it is, and reading it in that kind's way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.contributions.importing import liberapay, mapped
from app.contributions.importing.archives import ZIP, statements_in
from app.contributions.importing.camt import statements
from app.contributions.importing.mapped import Columns, guessed
from app.contributions.importing.payments import Payment, Trouble, UnreadableError, trouble_with
from app.contributions.importing.tables import Table, table_of
from app.i18n import lazy

LARGEST_FILE = 5_000_000
_ARCHIVES = (b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")


class FileKind(StrEnum):
    """The files that can be read."""

    LIBERAPAY = "liberapay"
    CSV = "csv"
    CAMT = "camt053"  # 052 and 054 too


@dataclass(frozen=True)
class Reading:
    """What is in a file: `table` where a bookkeeper says which column is what."""

    kind: FileKind
    payments: list[Payment] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    table: Table | None = None
    columns: Columns | None = None


def kind_of(content: bytes) -> FileKind:
    """What the content is, whatever its name says. Raises UnreadableError."""
    if not content.strip():
        raise UnreadableError(lazy("This file is empty."))
    if len(content) > LARGEST_FILE:
        raise UnreadableError(lazy("This file is larger than 5 MB. Export it in parts, a year at a time."))
    if content.startswith(ZIP):
        statements_in(content)
        return FileKind.CAMT
    if content.startswith(_ARCHIVES):
        raise UnreadableError(
            lazy(
                "This is an archive or a spreadsheet. Unpack it, or save the sheet as CSV, and choose that file."
            )
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(lazy("This text is in UTF-16. Save it as CSV in UTF-8."))
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return FileKind.CAMT
    table = table_of(content)
    liberapay.refuse_patrons(table)
    return FileKind.LIBERAPAY if liberapay.is_liberapay(table) else FileKind.CSV


def read(content: bytes, kind: FileKind, mapping: Mapping[str, Any], today: date) -> Reading:
    """The payments in a file. Raises UnreadableError."""
    table, columns = None, None
    if kind is FileKind.CAMT:
        documents = statements_in(content) if content.startswith(ZIP) else [content]
        payments, troubles = statements.payments_of(documents)
    else:
        table = table_of(content)
        if kind is FileKind.LIBERAPAY:
            payments, troubles = liberapay.payments_of(table)
        else:
            columns = Columns.kept(mapping) if "columns" in mapping else guessed(table)
            payments, troubles = mapped.payments_of(table, columns) if columns.is_enough else ([], [])
    troubles += [found for each in payments if (found := trouble_with(each, today)) is not None]
    return Reading(kind, payments, sorted(troubles, key=lambda one: (one.line, one.column)), table, columns)
