"""How a file was read, as the database keeps it: the next one with the same columns is read in the same way."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.payments import Aside, WhyAside
from app.contributions.importing.reading import Reading
from app.contributions.importing.tables import headers_in
from app.contributions.models import ImportFile

# What the next file is read by; the line of the header is looked for anew.
_REMEMBERED = ("header", "columns", "days", "decimals", "shared_out", "custodian")
MOST_ASIDES = 200  # kept with their words; of more, only how many


async def mapping_before(session: AsyncSession, reading: Reading) -> dict[str, Any]:
    """How a table with these columns was read the last time; empty the first time.

    Any of the first lines may have been its header: a bookkeeper can have said so.
    """
    headers = headers_in(reading.table) if reading.table else {}
    header = ImportFile.mapping["header"].astext
    wanted = select(ImportFile.mapping).where(header.in_(headers)).order_by(ImportFile.id.desc()).limit(1)
    before = await session.scalar(wanted) or {}
    kept = {name: before[name] for name in _REMEMBERED if name in before}
    if "header_line" in before:
        kept["header_line"] = headers[before["header"]]
    return kept


def mapping_of(reading: Reading) -> dict[str, Any]:
    """How an imported file was read, and which of its lines were no payments: the file itself is not kept."""
    asides = {
        "asides": [[each.line, each.why, each.text] for each in reading.asides[:MOST_ASIDES]],
        "asides_count": len(reading.asides),
    }
    if reading.columns is None or reading.table is None:
        return asides
    table = {"header": reading.table.header, "header_line": reading.table.header_line}
    return reading.columns.to_keep() | table | asides


def asides_of(mapping: Mapping[str, Any] | None) -> tuple[Sequence[Aside], int]:
    """The lines of an imported file that were no payments, as far as they are kept, and how many they were."""
    kept = mapping or {}
    asides = [Aside(line, WhyAside(why), text) for line, why, text in kept.get("asides", [])]
    return asides, kept.get("asides_count", 0)
