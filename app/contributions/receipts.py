"""Receipts: of one confirmed contribution, and of a year's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.entries import Filter, entry_row, list_entries
from app.contributions.models import EntryKind, LedgerEntry
from app.errors import NotFoundError
from app.memberships.models import Holder
from app.organisations.models import Organisation

# Of one contributor in a year: its receipt is whole, or its sum would be wrong.
MOST = 100_000


@dataclass(frozen=True)
class YearReceipt:
    """What someone gave in a year; what was reversed is left out."""

    holder_id: int
    name: str
    address: str  # by post, of an organisation that has written one
    year: int
    rows: Sequence[Any]
    cents: int


async def receipt_of(session: AsyncSession, entry_id: int) -> Any:
    """The row of a confirmed contribution, or NotFoundError: there is no receipt of a promise."""
    row = await entry_row(session, entry_id)
    if row is None or row.LedgerEntry.kind != EntryKind.CONFIRMATION:
        raise NotFoundError
    return row


async def year_receipt(session: AsyncSession, holder_id: int, year: int) -> YearReceipt:
    """A year's confirmed contributions, the first of the year first, with their sum; or NotFoundError."""
    holder = await session.get(Holder, holder_id)
    wanted = Filter(contributor=holder_id, kind=EntryKind.CONFIRMATION, quarter=str(year))
    if holder is None or wanted.days is None:
        raise NotFoundError
    found = await list_entries(session, wanted, 1, MOST)
    rows = [row for row in reversed(found.items) if row.reversed_by is None]
    address = await address_of(session, holder_id)
    cents = sum(row.LedgerEntry.cents for row in rows)
    return YearReceipt(holder_id, holder.name, address, year, rows, cents)


async def address_of(session: AsyncSession, holder_id: int) -> str:
    """Where an organisation is reached by post, as it has written it; empty for a person."""
    found = select(Organisation.address).where(Organisation.holder_id == holder_id)
    return await session.scalar(found) or ""


async def years_of(session: AsyncSession, holder_id: int) -> list[int]:
    """The years in which something of a contributor was confirmed, the newest first."""
    year = func.extract("year", LedgerEntry.booked_on)
    found = select(year).where(
        LedgerEntry.contributor_id == holder_id, LedgerEntry.kind == EntryKind.CONFIRMATION
    )
    return sorted({int(one) for one in await session.scalars(found.distinct())}, reverse=True)
