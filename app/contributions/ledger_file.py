"""The columns of the ledger as a file."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from app.web.csv import Row, euros

ENTRY_COLUMNS = (
    "number",
    "day",
    "kind",
    "counts_as",
    "what",
    "contributor_number",
    "contributor",
    "custodian",
    "eur",
    "minutes",
    "currency",
    "amount",
    "rate",
    "note",
    "evidence",
    "confirms",
    "reverses",
    "reversed_by",
    "recorded_at",
    "recorded_by",
)


# What contributors see of their own: the names of bookkeepers are not their data.
OWN_COLUMNS = ENTRY_COLUMNS[:-1]


async def entry_lines(
    parts: AsyncIterator[Iterable[Any]], columns: Sequence[str] = ENTRY_COLUMNS
) -> AsyncIterator[list[Row]]:
    """Rows of `app.contributions.entries` as lines of the file: so many of the columns, from the first."""
    async for part in parts:
        yield [entry_line(row)[: len(columns)] for row in part]


def entry_line(row: Any) -> Row:
    """One entry."""
    entry = row.LedgerEntry
    return (
        entry.id,
        entry.booked_on,
        entry.kind,
        entry.counts_as,
        entry.what,
        entry.contributor_id,
        row.contributor,
        row.custodian,
        euros(entry.cents),
        entry.minutes,
        entry.currency,
        euros(entry.cents if entry.currency_cents is None else entry.currency_cents),
        entry.rate,
        entry.note,
        entry.evidence,
        entry.confirms_id,
        entry.reverses_id,
        row.reversed_by,
        entry.recorded_at,
        entry.recorded_by,
    )
