"""What an import of a file would do, as its preview shows it and the import reads it again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.files import ImportedAlreadyError, rates_of
from app.contributions.importing.matching import Match, matches_of, parts_of
from app.contributions.importing.payments import Payment
from app.contributions.importing.pledges import Pledges
from app.contributions.importing.reading import FileKind, Reading, read
from app.contributions.models import ImportFile, ImportLine, LineState
from app.contributions.schemas import LARGEST_CENTS
from quotas.contributions import in_euros


@dataclass(frozen=True)
class Looked:
    """A payment as the preview shows it; `known`: what stands of it since an earlier file, in hundredths."""

    payment: Payment
    match: Match
    known: int | None
    confirms_id: int | None = None
    """the open pledge that it confirms"""

    @property
    def becomes(self) -> str:
        """What the import makes of it: known, left_out, matched, unmatched."""
        if self.known is not None:
            return "known"
        if self.payment.why_out is not None:
            return LineState.LEFT_OUT
        return LineState.MATCHED if self.match.holder_id is not None else LineState.UNMATCHED

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to look: two could have paid it, another amount stands, the bank is unclear."""
        return bool(
            self.match.others
            or (self.known is not None and self.known != self.payment.cents)
            or (self.known is None and self.payment.look is not None)
        )


@dataclass(frozen=True)
class Preview:
    """What an import would do."""

    reading: Reading
    lines: Sequence[Looked]
    missing_rates: Sequence[str]

    @property
    def is_ready(self) -> bool:
        """Whether it can be imported as it is."""
        is_read = self.lines and not self.reading.troubles and not self.reading.refusals
        return bool(is_read) and not self.missing_rates


async def preview_of(session: AsyncSession, file: ImportFile, today: date) -> Preview:
    """What would be recorded. Raises UnreadableError, ImportedAlreadyError."""
    if file.content is None:
        raise ImportedAlreadyError
    # Reading is work: other requests go on meanwhile.
    reading = await asyncio.to_thread(read, file.content, FileKind(file.kind), file.mapping or {}, today)
    matches = await matches_of(session, reading.payments)
    known = await _known(session, [each.key for each in reading.payments])
    lines = [
        Looked(payment, match, known.get(payment.key))
        for payment, match in zip(reading.payments, matches, strict=True)
    ]
    rates = rates_of(file)
    foreign = {
        one.payment.currency for one in lines if one.becomes in {LineState.MATCHED, LineState.UNMATCHED}
    }
    lines = await with_pledges(session, lines, rates)
    return Preview(reading, lines, sorted((foreign - {"EUR"} - set(rates)) | _slips(lines, rates)))


def _slips(lines: Sequence[Looked], rates: dict[str, Decimal]) -> set[str]:
    """Currencies whose rate must be a slip of the keyboard: a payment would be worth nothing by it, or too much."""
    foreign = [
        one.payment for one in lines if one.becomes == LineState.MATCHED and one.payment.currency in rates
    ]
    return {one.currency for one in foreign if not 0 < (euros_of(one, rates) or 0) <= LARGEST_CENTS}


async def with_pledges(
    session: AsyncSession, lines: Sequence[Looked], rates: dict[str, Decimal]
) -> list[Looked]:
    """The payments with the pledges that they confirm, taken in the order of the file."""
    pledges = await Pledges.of(session, contributors_of(lines))
    found = []
    for one in lines:
        cents = euros_of(one.payment, rates) if one.becomes == LineState.MATCHED else None
        pledge_id = None
        if cents is not None and one.match.holder_id is not None:
            pledge_id = pledges.take(one.match.holder_id, one.payment.booked_on, cents)
        found.append(replace(one, confirms_id=pledge_id))
    return found


def contributors_of(lines: Sequence[Looked]) -> set[int]:
    """The holders that lines are matched to."""
    return {
        one.match.holder_id
        for one in lines
        if one.becomes == LineState.MATCHED and one.match.holder_id is not None
    }


def euros_of(payment: Payment | ImportLine, rates: dict[str, Decimal]) -> int | None:
    """The value in cents of EUR; None while nobody has said what the currency is worth."""
    if payment.currency == "EUR":
        return payment.cents
    rate = rates.get(payment.currency)
    return None if rate is None else in_euros(payment.cents, rate)


async def _known(session: AsyncSession, keys: list[str]) -> dict[str, int]:
    """What earlier files have kept of these payments: the amount, in hundredths, by key."""
    found: dict[str, int] = {}
    for part in parts_of(keys):
        rows = select(ImportLine.key, ImportLine.cents).where(ImportLine.key.in_(part))
        found |= {row.key: row.cents for row in await session.execute(rows)}
    return found
