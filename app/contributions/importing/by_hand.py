"""Payments that no rule could match: somebody says whose they are, or why they are none of the ledger's."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.by_file import entry_of
from app.contributions.importing.names import names_agree
from app.contributions.importing.payments import PENDING
from app.contributions.importing.pledges import Pledges
from app.contributions.importing.preview import euros_of
from app.contributions.importing.recording import record_all
from app.contributions.models import ImportFile, ImportLine, LineState, MatchedBy
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import hold


class DecidedLineError(ConflictError):
    """Somebody else was faster with this line."""

    code = "line_decided_already"
    message = lazy("Someone else has decided about this payment meanwhile. Look at what they said.")


class NotBookedError(ConflictError):
    """The bank has only announced this payment: it comes again when it is booked, and would count twice."""

    code = "line_not_booked"
    message = lazy("This payment is only announced. It comes again in a later statement, when it is booked.")


async def match(
    session: AsyncSession,
    line_id: int,
    holder_id: int,
    by: str,
    rate: Decimal | None = None,
    *,
    others: bool = False,
) -> int:
    """Say whose a payment is, and record it; it confirms an open pledge, as in a whole file. How many were recorded.

    `rate`: for a payment in another currency whose file had none. `others`: the same payer's other payments that
    wait are theirs too. Raises NotFoundError, DecidedLineError, NotBookedError, NotReadyError (no rate).
    """
    # The contributor first, then the lines: the order in which an import takes them.
    await hold(session, holder_id)
    lines = await _locked_with_others(session, line_id) if others else [await _locked(session, line_id)]
    line = next(one for one in lines if one.id == line_id)
    if line.state == LineState.MATCHED or line.cents <= 0:
        raise DecidedLineError
    if not may_match(line):
        raise NotBookedError
    if line.currency != "EUR" and line.rate is None:
        line.rate = rate
    pledges = await Pledges.of(session, {holder_id})
    entries = []
    for one in lines:
        if one.currency != "EUR" and one.rate is None:
            one.rate = line.rate
        file = await session.get_one(ImportFile, one.file_id)
        rates = {} if one.rate is None else {one.currency: one.rate}
        cents = euros_of(one, rates)
        promised = None if cents is None else pledges.take(holder_id, one.booked_on, cents)
        entries.append(entry_of(one, holder_id, one.id, rates, file, promised))
        one.state, one.holder_id, one.matched_by, one.reason = (
            LineState.MATCHED,
            holder_id,
            MatchedBy.HAND,
            "",
        )
    await session.flush()
    await record_all(session, entries, by)
    return len(entries)


def may_match(line: ImportLine) -> bool:
    """Whether a payment can be somebody's: it came in, and nobody's it is yet, and the bank has booked it."""
    return line.state != LineState.MATCHED and line.cents > 0 and not line.key.startswith(PENDING)


@dataclass(frozen=True)
class Others:
    """A payer's other payments that wait: how many bear the same name, and which other names there are."""

    count: int = 0
    names: Sequence[str] = ()


async def others_of(session: AsyncSession, line: ImportLine) -> Others:
    """What can be matched together with a payment, and what not although it came from the same account."""
    if not line.payer_key:
        return Others()
    rows = await session.scalars(select(ImportLine.payer_name).where(*_others(line)).order_by(ImportLine.id))
    names = list(rows)
    same = [name for name in names if _are_one(name, line.payer_name)]
    return Others(len(same), list(dict.fromkeys(name for name in names if name not in same)))


def _others(line: ImportLine) -> list[ColumnElement[bool]]:
    """The same payer's; in another currency than this one only with a rate of their own."""
    return [
        ImportLine.payer_key == line.payer_key,
        ImportLine.id != line.id,
        ImportLine.state == LineState.UNMATCHED,
        ImportLine.cents > 0,
        or_(ImportLine.currency.in_(("EUR", line.currency)), ImportLine.rate.is_not(None)),
    ]


async def _locked_with_others(session: AsyncSession, line_id: int) -> list[ImportLine]:
    """The line and its payer's others, in the order of their numbers, so that nobody waits for each other.

    Of an account from which several people pay, only those of the same name: the others are not theirs.
    """
    line = await session.scalar(select(ImportLine).where(ImportLine.id == line_id))
    if line is None:
        raise NotFoundError
    wanted = ImportLine.id == line_id
    if line.payer_key:
        wanted = or_(wanted, and_(*_others(line)))
    locked = select(ImportLine).where(wanted).order_by(ImportLine.id)
    found = await session.scalars(locked.with_for_update().execution_options(populate_existing=True))
    return [one for one in found if one.id == line_id or _are_one(one.payer_name, line.payer_name)]


def _are_one(name: str, other: str) -> bool:
    """Whether two payments of an account are of one person, who may be named in both or in none."""
    return bool(name) == bool(other) and names_agree(name, other)


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
