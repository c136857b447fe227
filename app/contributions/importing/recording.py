"""Many confirmations at once: what `app.contributions.ledger.record` does, for ten thousand in one transaction.

The rows are the ledger's own (`columns_of`), the locks and the rules are the same; only the order is another: all
locks first, then all rows in a few statements, then the rules once for each contributor, not for each payment. A
pledge needs no check of its own, since `pledges` has found it under the same locks; a unique
constraint of the table sees to it that no line is written twice.
"""

from collections.abc import Sequence

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.contributions import granting
from app.contributions.ledger import Entry, columns_of
from app.contributions.models import LedgerEntry
from app.memberships.limits import hold
from app.memberships.models import Holder

AT_ONCE = 1_000
# So many contributors are asked about while the browser waits; of more, the worker asks right after the import.
ASKED_AT_ONCE = 100
ASK = "contributions:ask_rules"

# The holders whose confirmed contributions reach the smallest sum that any rule or membership asks for: the others
# are not asked about, since nothing can come of it.
_REACHING = text("""
    SELECT e.contributor_id FROM ledger_entries e
    WHERE e.contributor_id = ANY(:holders) AND e.counts_as = 'confirmation'
    GROUP BY e.contributor_id
    HAVING sum(e.cents) >= least(
        (SELECT min(cents) FROM grant_rules WHERE retired_at IS NULL),
        (SELECT min(cents) FROM memberships WHERE cents IS NOT NULL),
        (SELECT min(price::bigint) FROM tiers, jsonb_array_elements_text(yearly_cents) price)
    )
    ORDER BY e.contributor_id
""")


async def lock_all(session: AsyncSession, holder_ids: set[int]) -> None:
    """Lock the contributors' rows, always in the same order, so that two imports cannot wait for each other."""
    locked = select(Holder.id).where(Holder.id.in_(sorted(holder_ids))).order_by(Holder.id)
    await session.execute(locked.with_for_update(key_share=True))


async def record_all(session: AsyncSession, entries: Sequence[Entry], by: str) -> None:
    """Write confirmations whose contributors are locked, then ask the rules once for each contributor.

    Of the first hundred at once; the worker asks about the others, each in a transaction of its own.
    """
    for start in range(0, len(entries), AT_ONCE):
        part = [columns_of(entry, by) for entry in entries[start : start + AT_ONCE]]
        await session.execute(insert(LedgerEntry), part)
    holders = sorted({entry.contributor_id for entry in entries})
    if holders:
        reaching = list(await session.scalars(_REACHING, {"holders": holders}))
        if len(reaching) > ASKED_AT_ONCE:
            await jobs.defer(session, ASK, timestamp=0)
        for holder_id in reaching[:ASKED_AT_ONCE]:
            await granting.ask(session, await hold(session, holder_id))
