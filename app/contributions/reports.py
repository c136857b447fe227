"""Sums over the ledger: by quarter, kind and custodian, and by contributor."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.models import EntryKind, LedgerEntry, What
from app.memberships.models import Holder
from app.web.pagination import PAGE_SIZE, Page, offset_of

QUARTERS = 8
EVERY = 1_000_000


@dataclass(frozen=True)
class QuarterSum:
    """What was pledged and confirmed in a quarter, of one kind, held by one custodian; corrections are in it."""

    quarter: str
    what: str
    custodian: str | None
    pledged: int
    confirmed: int


@dataclass(frozen=True)
class Sums:
    """The sums of some quarters, and ways to add them up."""

    quarters: Sequence[str]
    lines: Sequence[QuarterSum]

    def pledged(self, quarter: str) -> int:
        """In cents."""
        return sum(line.pledged for line in self.lines if line.quarter == quarter)

    def confirmed(self, quarter: str, what: str | None = None) -> int:
        """In cents, of one kind or of all."""
        wanted = (line for line in self.lines if line.quarter == quarter and what in {None, line.what})
        return sum(line.confirmed for line in wanted)


async def sums_by_quarter(session: AsyncSession, quarters: int = QUARTERS) -> Sums:
    """The last quarters up to the present one, in one statement."""
    names = [_name(number) for number in range(_present() - quarters + 1, _present() + 1)]
    first = date(int(names[0][:4]), 3 * int(names[0][-1]) - 2, 1)
    year = func.extract("year", LedgerEntry.booked_on)
    quarter = func.extract("quarter", LedgerEntry.booked_on)
    found = await session.execute(
        select(
            year, quarter, LedgerEntry.what, Holder.name, LedgerEntry.counts_as, func.sum(LedgerEntry.cents)
        )
        .select_from(LedgerEntry)
        .outerjoin(Holder, Holder.id == LedgerEntry.custodian_id)
        .where(LedgerEntry.booked_on >= first)
        .group_by(year, quarter, LedgerEntry.what, Holder.id, Holder.name, LedgerEntry.counts_as)
    )
    added: dict[tuple[str, str, str | None], dict[str, int]] = defaultdict(dict)
    for in_year, in_quarter, what, custodian, counts_as, cents in found:
        key = (f"{int(in_year)}-Q{int(in_quarter)}", what, custodian)
        added[key][counts_as] = added[key].get(counts_as, 0) + int(cents)
    lines = [
        QuarterSum(*key, sums.get(EntryKind.PLEDGE, 0), sums.get(EntryKind.CONFIRMATION, 0))
        for key, sums in sorted(added.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or ""))
    ]
    return Sums(names, lines)


async def sums_by_custodian(session: AsyncSession) -> list[Any]:
    """What each custodian holds of all that was ever confirmed: custodian (None: the collective), cents."""
    cents = func.sum(LedgerEntry.cents)
    found = (
        select(Holder.name.label("custodian"), cents.label("cents"))
        .select_from(LedgerEntry)
        .outerjoin(Holder, Holder.id == LedgerEntry.custodian_id)
        .where(LedgerEntry.counts_as == EntryKind.CONFIRMATION)
        .group_by(Holder.id, Holder.name)
        .having(cents != 0)
        .order_by(cents.desc())
    )
    return list(await session.execute(found))


async def by_contributor(
    session: AsyncSession, year: int, kind: str, number: int = 1, size: int = PAGE_SIZE
) -> Page[Any]:
    """What each organisation, or person, gave in a year, the largest first.

    Rows: id, name, kind, pledged, confirmed, and of what was confirmed money, hours, server, other; in cents.
    """
    parameters = {"since": date(year, 1, 1), "until": date(year + 1, 1, 1), "kind": kind}
    rows = list(
        await session.execute(_BY_CONTRIBUTOR, parameters | {"size": size, "offset": offset_of(number, size)})
    )
    return Page(rows, number, rows[0].total if rows else 0, size)


def _of(what: What) -> str:
    return f"coalesce(sum(cents) FILTER (WHERE counts_as = 'confirmation' AND what = '{what}'), 0) AS {what}"


# Summed first and joined afterwards: names are needed for one page only.
_BY_CONTRIBUTOR = text(f"""
    WITH sums AS (
        SELECT contributor_id,
               coalesce(sum(cents) FILTER (WHERE counts_as = 'pledge'), 0) AS pledged,
               coalesce(sum(cents) FILTER (WHERE counts_as = 'confirmation'), 0) AS confirmed,
               {", ".join(_of(what) for what in What)}
        FROM ledger_entries WHERE booked_on >= :since AND booked_on < :until
        GROUP BY contributor_id
    )
    SELECT h.id, h.name, h.kind, s.*, count(*) OVER () AS total
    FROM sums s JOIN holders h ON h.id = s.contributor_id
    WHERE :kind = '' OR h.kind = :kind
    ORDER BY s.confirmed DESC, h.id
    LIMIT :size OFFSET :offset
""")  # noqa: S608  names of an enumeration


def _present() -> int:
    day = clock.now().date()
    return day.year * 4 + (day.month - 1) // 3


def _name(number: int) -> str:
    return f"{number // 4}-Q{number % 4 + 1}"
