"""Which open pledge a payment confirms: the one of just this sum, else the oldest.

Those of money that were made by the day of the payment come first. A pledge that was written down later is confirmed
by an older payment too: people pay at once what they promise, and the book learns of it afterwards. A payment of more
than a year before was for something else.

A payment confirms one pledge and goes to it as a whole, also if more came than was promised; the next payment goes to
the next. Whoever wants it otherwise corrects the entry and records it anew.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.matching import parts_of

# How much older than its pledge a payment may be: as old as what a rule counts.
OLDER = timedelta(days=365)


@dataclass
class _Open:
    """A pledge and what of it is still to come, in cents."""

    pledge_id: int
    booked_on: date
    cents: int


@dataclass(frozen=True)
class Pledges:
    """The open pledges of some contributors, the oldest first; what is taken is open no more."""

    by_holder: Mapping[int, list[_Open]] = field(default_factory=dict)

    @classmethod
    async def of(cls, session: AsyncSession, holder_ids: Collection[int]) -> "Pledges":
        """Of these contributors. Before anything is recorded by it they are locked."""
        found: dict[int, list[_Open]] = defaultdict(list)
        for part in parts_of(sorted(holder_ids)):
            for row in await session.execute(_OPEN, {"holders": part}):
                found[row.contributor_id].append(_Open(row.id, row.booked_on, int(row.open_cents)))
        return cls(found)

    def take(self, holder_id: int, booked_on: date, cents: int) -> int | None:
        """The number of the pledge that a payment of so many cents of EUR confirms; None: of none."""
        left = [one for one in self.by_holder.get(holder_id, ()) if one.cents > 0]
        before = [one for one in left if one.booked_on <= booked_on]
        later = [one for one in left if booked_on < one.booked_on <= booked_on + OLDER]
        for promised in (before, later):
            if promised:
                chosen = next((one for one in promised if one.cents == cents), promised[0])
                chosen.cents -= cents
                return chosen.pledge_id
        return None


_OPEN = text("""
    SELECT p.id, p.contributor_id, p.booked_on, p.cents - coalesce(c.cents, 0) AS open_cents
    FROM ledger_entries p
    LEFT JOIN LATERAL (
        SELECT sum(e.cents) AS cents FROM ledger_entries e
        WHERE e.confirms_id = p.id AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = e.id)
    ) c ON true
    WHERE p.contributor_id = ANY(:holders) AND p.kind = 'pledge' AND p.what = 'money'
      AND p.cents > coalesce(c.cents, 0)
      AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = p.id)
    ORDER BY p.booked_on, p.id
""")
