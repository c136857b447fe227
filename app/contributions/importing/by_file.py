"""Importing a whole file: every line is kept, and what is matched is confirmed, in one transaction."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.importing.files import ImportedAlreadyError, find_file, rates_of
from app.contributions.importing.payments import Payment
from app.contributions.importing.preview import Looked, contributors_of, euros_of, preview_of, with_pledges
from app.contributions.importing.recording import lock_all, record_all
from app.contributions.importing.remembered import mapping_of
from app.contributions.ledger import Entry
from app.contributions.models import EntryKind, ImportFile, ImportLine, LineState, What
from app.contributions.schemas import LARGEST_CENTS
from app.errors import ConflictError
from app.i18n import lazy

AT_ONCE = 1_000


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


class ReadOtherwiseError(ConflictError):
    """Somebody else has changed how the file is read since it was looked at."""

    code = "import_read_otherwise"
    message = lazy("Someone else has changed how this file is read. Look at it again, then import it.")


async def import_file(
    session: AsyncSession, file_id: int, today: date, by: str, *, version: int | None = None
) -> int:
    """Record a file: every line is kept, what is matched is confirmed. How many were recorded.

    `version`: of the file as it was looked at; None: nobody looked. Raises ImportedAlreadyError, ImportRunningError,
    ReadOtherwiseError, NotReadyError, UnreadableError.
    """
    # One import at a time: the second is told at once, and does not wait until it fails.
    if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('contributions.import'))")):
        raise ImportRunningError
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        raise ImportedAlreadyError
    if version is not None and version != file.version:
        raise ReadOtherwiseError
    preview = await preview_of(session, file, today)
    if not preview.is_ready:
        raise NotReadyError
    rates = rates_of(file)
    wanted = [one for one in preview.lines if one.becomes != "known"]
    # The contributors first, as everywhere: then what is theirs.
    await lock_all(session, contributors_of(wanted))
    ids = await _keep_lines(session, file, wanted, rates)
    # Read again under the lock: a pledge may have been confirmed, or taken back, since the preview.
    kept = await with_pledges(session, [one for one in wanted if one.payment.key in ids], rates)
    entries = [
        entry_of(one.payment, one.match.holder_id, ids[one.payment.key], rates, file, one.confirms_id)
        for one in kept
        if one.becomes == LineState.MATCHED and one.match.holder_id is not None
    ]
    await record_all(session, entries, by)
    file.imported_at, file.imported_by, file.content = clock.now(), by, None
    file.mapping = {**(file.mapping or {}), **mapping_of(preview.reading)}
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
        "reason": payment.why_out or (one.choice.reason if one.choice is not None else ""),
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
