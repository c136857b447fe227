"""A file's way: uploaded and looked at, then imported in one transaction, or thrown away."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app import clock
from app.contributions.importing.matching import Match, matches_of, parts_of
from app.contributions.importing.payments import Payment, tidied
from app.contributions.importing.pledges import Pledges
from app.contributions.importing.reading import FileKind, Reading, kind_of, read
from app.contributions.importing.recording import lock_all, record_all
from app.contributions.ledger import Entry
from app.contributions.models import EntryKind, ImportFile, ImportLine, LineState, What
from app.contributions.schemas import LARGEST_CENTS
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from quotas.contributions import in_euros

AT_ONCE = 1_000


class ImportedAlreadyError(ConflictError):
    """Someone else has imported this file, or thrown it away."""

    code = "imported_already"
    message = lazy("This file is imported already. Nothing was recorded twice.")


class ImportRunningError(ConflictError):
    """Another import is being recorded at this moment."""

    code = "import_running"
    message = lazy(
        "Another import is being recorded at this moment. Look at the list, then send this one again."
    )


class NotReadyError(ConflictError):
    """There is something to put right before the file can be imported."""

    code = "import_not_ready"
    message = lazy("Something in this file has to be put right first. It is said below.")


@dataclass(frozen=True)
class Looked:
    """A payment as the preview shows it; `known`: what stands of it since an earlier file, in hundredths."""

    payment: Payment
    match: Match
    known: int | None
    known_file: int | None = None
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
        """Whether somebody has to look: two could have paid it, or another amount stands already."""
        return bool(self.match.others) or (self.known is not None and self.known != self.payment.cents)


@dataclass(frozen=True)
class Preview:
    """What an import would do."""

    reading: Reading
    lines: Sequence[Looked]
    missing_rates: Sequence[str]

    @property
    def is_ready(self) -> bool:
        """Whether it can be imported as it is."""
        return bool(self.lines) and not self.reading.troubles and not self.missing_rates


async def keep_upload(session: AsyncSession, name: str, content: bytes, by: str) -> ImportFile:
    """Keep a file to be looked at; one that is here already is that one. Raises UnreadableError."""
    kind = await asyncio.to_thread(kind_of, content)
    digest = hashlib.sha256(content).digest()
    mapping: dict[str, Any] = {}
    if kind is FileKind.CSV:
        reading = await asyncio.to_thread(read, content, kind, {}, date.max)
        mapping = await _mapping_before(session, reading)
    new = insert(ImportFile).values(
        kind=kind,
        name=tidied(name, 120) or "file",
        digest=digest,
        mapping=mapping,
        content=content,
        uploaded_at=clock.now(),
        uploaded_by=by,
    )
    await session.execute(new.on_conflict_do_nothing(index_elements=[ImportFile.digest]))
    return (await session.scalars(select(ImportFile).where(ImportFile.digest == digest))).one()


async def _mapping_before(session: AsyncSession, reading: Reading) -> dict[str, Any]:
    """How a table with these columns was read the last time; empty the first time."""
    header = reading.table.header if reading.table else ""
    wanted = select(ImportFile.mapping).where(ImportFile.mapping["header"].astext == header)
    before = await session.scalar(wanted.order_by(ImportFile.id.desc()).limit(1)) or {}
    return {
        name: before[name]
        for name in ("header", "columns", "days", "decimals", "custodian")
        if name in before
    }


async def find_file(session: AsyncSession, file_id: int, *, lock: bool = False) -> ImportFile:
    """A file with its content, or NotFoundError."""
    wanted = select(ImportFile).where(ImportFile.id == file_id).options(undefer(ImportFile.content))
    found = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFoundError
    return found


async def preview_of(session: AsyncSession, file: ImportFile, today: date) -> Preview:
    """What would be recorded. Raises UnreadableError, ImportedAlreadyError."""
    if file.content is None:
        raise ImportedAlreadyError
    # Reading is work: other requests go on meanwhile.
    reading = await asyncio.to_thread(read, file.content, FileKind(file.kind), file.mapping or {}, today)
    matches = await matches_of(session, reading.payments)
    known = await _known(session, [each.key for each in reading.payments])
    lines = [
        Looked(payment, match, *known.get(payment.key, (None, None)))
        for payment, match in zip(reading.payments, matches, strict=True)
    ]
    rates = rates_of(file)
    foreign = {
        one.payment.currency for one in lines if one.becomes in {LineState.MATCHED, LineState.UNMATCHED}
    }
    lines = await _with_pledges(session, lines, rates)
    return Preview(reading, lines, sorted(foreign - {"EUR"} - set(rates)))


async def _with_pledges(
    session: AsyncSession, lines: Sequence[Looked], rates: dict[str, Decimal]
) -> list[Looked]:
    """The payments with the pledges that they confirm, taken in the order of the file."""
    pledges = await Pledges.of(session, _contributors(lines))
    found = []
    for one in lines:
        cents = euros_of(one.payment, rates) if one.becomes == LineState.MATCHED else None
        pledge_id = None
        if cents is not None and one.match.holder_id is not None:
            pledge_id = pledges.take(one.match.holder_id, one.payment.booked_on, cents)
        found.append(replace(one, confirms_id=pledge_id))
    return found


def _contributors(lines: Sequence[Looked]) -> set[int]:
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


def rates_of(file: ImportFile) -> dict[str, Decimal]:
    """What was typed in: EUR for one unit of each currency."""
    return {name: Decimal(rate) for name, rate in (file.mapping or {}).get("rates", {}).items()}


async def _known(session: AsyncSession, keys: list[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for part in parts_of(keys):
        rows = select(ImportLine.key, ImportLine.cents, ImportLine.file_id).where(ImportLine.key.in_(part))
        found |= {row[0]: (row[1], row[2]) for row in await session.execute(rows)}
    return found


async def import_file(session: AsyncSession, file_id: int, today: date, by: str) -> int:
    """Record a file: every line is kept, what is matched is confirmed. How many were recorded.

    Raises ImportedAlreadyError, ImportRunningError, NotReadyError, UnreadableError.
    """
    # One import at a time: the second is told at once, and does not wait until it fails.
    if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('contributions.import'))")):
        raise ImportRunningError
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        raise ImportedAlreadyError
    preview = await preview_of(session, file, today)
    if not preview.is_ready:
        raise NotReadyError
    rates = rates_of(file)
    wanted = [one for one in preview.lines if one.becomes != "known"]
    # The contributors first, as everywhere: then what is theirs.
    await lock_all(session, _contributors(wanted))
    ids = await _keep_lines(session, file, wanted, rates)
    # Read again under the lock: a pledge may have been confirmed, or taken back, since the preview.
    kept = await _with_pledges(session, [one for one in wanted if one.payment.key in ids], rates)
    entries = [
        entry_of(one.payment, one.match.holder_id, ids[one.payment.key], rates, file, one.confirms_id)
        for one in kept
        if one.becomes == LineState.MATCHED and one.match.holder_id is not None
    ]
    await record_all(session, entries, by)
    file.imported_at, file.imported_by, file.content = clock.now(), by, None
    file.known = len(preview.lines) - len(ids)
    await session.flush()
    return len(entries)


async def _keep_lines(
    session: AsyncSession, file: ImportFile, wanted: Sequence[Looked], rates: dict[str, Decimal]
) -> dict[str, int]:
    """Their numbers by key; a line that someone else kept in this moment is theirs."""
    ids: dict[str, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = [_row(one, file.id, rates) for one in wanted[start : start + AT_ONCE]]
        new = insert(ImportLine).on_conflict_do_nothing(index_elements=[ImportLine.key])
        made = await session.execute(new.values(rows).returning(ImportLine.key, ImportLine.id))
        ids |= {row[0]: row[1] for row in made}
    return ids


def _row(one: Looked, file_id: int, rates: dict[str, Decimal]) -> dict[str, Any]:
    payment, state = one.payment, one.becomes
    matched = state == LineState.MATCHED
    return {
        "file_id": file_id,
        "number": payment.number,
        "key": payment.key,
        "booked_on": payment.booked_on,
        "cents": payment.cents,
        "currency": payment.currency,
        "rate": rates.get(payment.currency),
        "payer_name": payment.payer_name,
        "payer_email": payment.payer_email,
        "payer_key": payment.payer_key,
        "reference": payment.reference,
        "state": state,
        "reason": payment.why_out or "",
        "holder_id": one.match.holder_id if matched else None,
        "matched_by": one.match.by if matched else None,
    }


def entry_of(
    payment: Payment | ImportLine,
    holder_id: int,
    line_id: int,
    rates: dict[str, Decimal],
    file: ImportFile,
    confirms_id: int | None,
) -> Entry:
    """The confirmation that a payment becomes.

    Raises NotReadyError: its value in EUR is not known, or not possible.
    """
    foreign = payment.currency != "EUR"
    cents = euros_of(payment, rates)
    if cents is None or not 0 < cents <= LARGEST_CENTS:
        raise NotReadyError
    return Entry(
        kind=EntryKind.CONFIRMATION,
        what=What.MONEY,
        booked_on=payment.booked_on,
        contributor_id=holder_id,
        cents=cents,
        custodian_id=(file.mapping or {}).get("custodian"),
        currency=payment.currency,
        currency_cents=payment.cents if foreign else None,
        rate=rates[payment.currency] if foreign else None,
        note=f"{file.name}, {payment.number}",
        confirms_id=confirms_id,
        import_line_id=line_id,
    )


async def discard(session: AsyncSession, file_id: int) -> None:
    """Throw a file away that is not imported. Raises NotFoundError, ImportedAlreadyError."""
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        raise ImportedAlreadyError
    await session.delete(file)
    await session.flush()
