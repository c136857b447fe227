"""What an import of a file would do, as its preview shows it and the import reads it again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.choices import Choice, choices_of
from app.contributions.importing.files import ImportedAlreadyError, rates_of
from app.contributions.importing.known import known_of
from app.contributions.importing.matching import Match, matches_of, real_holders, with_names
from app.contributions.importing.payments import Payment
from app.contributions.importing.pledges import Pledges
from app.contributions.importing.reading import FileKind, Reading, read
from app.contributions.importing.twins import Twin
from app.contributions.models import ImportFile, ImportLine, LineState, MatchedBy
from app.contributions.schemas import LARGEST_CENTS
from quotas.contributions import in_euros


@dataclass(frozen=True)
class Looked:
    """A payment as the preview shows it, with what is here of it already or may be."""

    payment: Payment
    match: Match
    place: int
    """in the file, from 1"""
    known: Twin | None = None
    alike: Twin | None = None
    choice: Choice | None = None
    """what a bookkeeper has decided about it"""
    confirms_id: int | None = None
    """the open pledge that it confirms"""

    @property
    def becomes(self) -> str:
        """What the import makes of it: known, left_out, matched, unmatched."""
        if self.known is not None:
            return "known"
        if self.payment.why_out is not None or (self.choice is not None and self.choice.reason):
            return LineState.LEFT_OUT
        if self.choice is None and self.alike is not None:
            return LineState.UNMATCHED
        return LineState.MATCHED if self.match.holder_id is not None else LineState.UNMATCHED

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to look: two could have paid it, the name is another, it may be here already."""
        if self.known is not None:
            return not (self.known.is_entry or self.known.earlier.agrees_with(self.payment))
        if self.payment.why_out is not None:
            return self.payment.look is not None
        if self.choice is not None:
            return False
        unclear = self.match.others or self.match.differs or self.alike or self.payment.look
        return bool(unclear)

    @property
    def can_be_changed(self) -> bool:
        """Whether a bookkeeper may say something else about it."""
        return self.known is None and self.payment.why_out is None


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
    known = await known_of(session, reading.payments)
    payments = [one.payment for one in known]
    choices = choices_of(file)
    chosen = [choices.get(one.key) for one in payments]
    matches = await chosen_matches(session, payments, chosen, await matches_of(session, payments))
    lines = [
        Looked(one.payment, match, place, one.known, one.alike, choice)
        for place, (one, match, choice) in enumerate(zip(known, matches, chosen, strict=True), 1)
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


async def chosen_matches(
    session: AsyncSession,
    payments: Sequence[Payment],
    chosen: Sequence[Choice | None],
    matches: Sequence[Match],
) -> list[Match]:
    """The matches with what a bookkeeper has chosen in their place; whoever has left meanwhile is nobody."""
    if not any(chosen):
        return list(matches)
    here = await real_holders(session, {one.holder_id for one in chosen if one and one.holder_id is not None})
    changed = [
        match
        if choice is None
        else Match(choice.holder_id, MatchedBy.HAND)
        if choice.holder_id in here
        else Match(others=match.others if match.holder_id is None else [match.holder_id])
        for choice, match in zip(chosen, matches, strict=True)
    ]
    return await with_names(session, payments, changed)


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
