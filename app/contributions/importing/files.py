"""A file that payments are imported from: uploaded, kept to be looked at, thrown away."""

import asyncio
import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app import clock
from app.contributions.importing.payments import tidied
from app.contributions.importing.reading import FileKind, kind_of, read
from app.contributions.importing.remembered import mapping_before
from app.contributions.models import ImportFile
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy


class ImportedAlreadyError(ConflictError):
    """Someone else has imported this file, or thrown it away."""

    code = "imported_already"
    message = lazy("This file is imported already. Nothing was recorded twice.")


async def keep_upload(session: AsyncSession, name: str, content: bytes, by: str) -> ImportFile:
    """Keep a file to be looked at; one that is here already is that one. Raises UnreadableError."""
    kind = await asyncio.to_thread(kind_of, content)
    digest = hashlib.sha256(content).digest()
    mapping: dict[str, Any] = {}
    if kind is FileKind.CSV:
        reading = await asyncio.to_thread(read, content, kind, {}, date.max)
        mapping = await mapping_before(session, reading)
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


async def find_file(session: AsyncSession, file_id: int, *, lock: bool = False) -> ImportFile:
    """A file with its content, or NotFoundError."""
    wanted = select(ImportFile).where(ImportFile.id == file_id).options(undefer(ImportFile.content))
    if lock:
        # Read anew: what was loaded before the lock may be from before somebody else's import.
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(wanted)
    if found is None:
        raise NotFoundError
    return found


def rates_of(file: ImportFile) -> dict[str, Decimal]:
    """What was typed in: EUR for one unit of each currency."""
    return {name: Decimal(rate) for name, rate in (file.mapping or {}).get("rates", {}).items()}


async def discard(session: AsyncSession, file_id: int) -> None:
    """Throw a file away that is not imported. Raises NotFoundError, ImportedAlreadyError."""
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        raise ImportedAlreadyError
    await session.delete(file)
    await session.flush()


async def leave_lines(session: AsyncSession, file: ImportFile, lines: set[int]) -> None:
    """Read a file without these lines; none: all are read again. `file` is locked."""
    mapping = {name: value for name, value in (file.mapping or {}).items() if name != "left_out"}
    file.mapping = mapping | ({"left_out": sorted(lines)} if lines else {})
    file.version += 1
    await session.flush()
