"""Payments that no rule could match: somebody says whose they are, or why they are none of the ledger's."""

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.by_file import NotReadyError, entry_of
from app.contributions.importing.pledges import Pledges
from app.contributions.importing.preview import euros_of
from app.contributions.ledger import record
from app.contributions.models import ImportFile, ImportLine, LedgerEntry, LineState, MatchedBy
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import hold


class DecidedLineError(ConflictError):
    """Somebody else was faster with this line."""

    code = "line_decided_already"
    message = lazy("Someone else has decided about this payment meanwhile. Look at what they said.")


async def match(
    session: AsyncSession, line_id: int, holder_id: int, by: str, rate: Decimal | None = None
) -> LedgerEntry:
    """Say whose a payment is, and record it; it confirms an open pledge, as in a whole file.

    `rate`: for a payment in another currency whose file had none. Raises NotFoundError, DecidedLineError,
    NotReadyError (no rate).
    """
    # The contributor first, then the line: the order in which an import takes them.
    await hold(session, holder_id)
    line = await _locked(session, line_id)
    if line.state == LineState.MATCHED or line.cents <= 0:
        raise DecidedLineError
    file = await session.get_one(ImportFile, line.file_id)
    line.rate = line.rate if line.rate is not None else rate
    rates = {} if line.rate is None else {line.currency: line.rate}
    cents = euros_of(line, rates)
    if cents is None:
        raise NotReadyError
    pledges = await Pledges.of(session, {holder_id})
    promised = pledges.take(holder_id, line.booked_on, cents)
    entry = await record(session, entry_of(line, holder_id, line.id, rates, file, promised), by)
    line.state, line.holder_id, line.matched_by, line.reason = (
        LineState.MATCHED,
        holder_id,
        MatchedBy.HAND,
        "",
    )
    await session.flush()
    return entry


async def leave_out(session: AsyncSession, line_id: int, why: str) -> None:
    """Say why a payment is not recorded; it is kept, and can still be matched. Raises DecidedLineError."""
    line = await _locked(session, line_id)
    if line.state != LineState.UNMATCHED:
        raise DecidedLineError
    line.state, line.reason = LineState.LEFT_OUT, why
    await session.flush()


async def _locked(session: AsyncSession, line_id: int) -> ImportLine:
    found = await session.scalar(select(ImportLine).where(ImportLine.id == line_id).with_for_update())
    if found is None:
        raise NotFoundError
    return found
