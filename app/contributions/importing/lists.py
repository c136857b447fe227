"""What the pages of imports show: the files, their lines, the payments that wait for somebody."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.contributions.entries import PART
from app.contributions.importing.recording import ASK
from app.contributions.models import (
    Grant,
    GrantEntry,
    GrantState,
    ImportFile,
    ImportLine,
    LedgerEntry,
    LineState,
)
from app.db import Database
from app.memberships.models import Holder
from app.web.csv import Row, euros
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of

LINE_COLUMNS = (
    "number",
    "day",
    "amount",
    "currency",
    "rate",
    "payer",
    "mail",
    "account",
    "reference",
    "state",
    "reason",
    "contributor_number",
    "contributor",
    "matched_by",
    "entry",
    "confirms",
)


async def list_files(session: AsyncSession, number: int) -> Page[Any]:
    """The newest first. Rows: ImportFile, matched, unmatched, left_out."""
    total = await session.scalar(select(func.count()).select_from(ImportFile)) or 0
    found = select(ImportFile).order_by(ImportFile.id.desc()).limit(PAGE_SIZE).offset(offset_of(number))
    files = list(await session.scalars(found))
    counted = (
        select(ImportLine.file_id, ImportLine.state, func.count())
        .where(ImportLine.file_id.in_([file.id for file in files]))
        .group_by(ImportLine.file_id, ImportLine.state)
    )
    counts = {(row[0], row[1]): row[2] for row in await session.execute(counted)}
    rows = [
        {"file": file, **{str(state): counts.get((file.id, state), 0) for state in LineState}}
        for file in files
    ]
    return Page(rows, number, total)


async def count_unmatched(session: AsyncSession) -> int:
    """How many payments wait for somebody who says whose they are."""
    waiting = select(func.count()).select_from(ImportLine).where(ImportLine.state == LineState.UNMATCHED)
    return await session.scalar(waiting) or 0


async def list_lines(
    session: AsyncSession, number: int, *, file_id: int | None = None, state: str = "", search: str = ""
) -> Page[Any]:
    """Lines in the order of their file. Rows: ImportLine, contributor, entry_id, confirms_id."""
    wanted = []
    if file_id is not None:
        wanted.append(ImportLine.file_id == file_id)
    if state:
        wanted.append(ImportLine.state == state)
    if search:
        pattern = like(search)
        columns = (ImportLine.payer_name, ImportLine.payer_email, ImportLine.reference)
        wanted.append(or_(*(column.ilike(pattern) for column in columns)))
    total = await session.scalar(select(func.count()).select_from(ImportLine).where(*wanted)) or 0
    order = (ImportLine.number, ImportLine.id) if file_id is not None else (ImportLine.id,)
    found = _rows().where(*wanted).order_by(*order).limit(PAGE_SIZE).offset(offset_of(number))
    return Page(list(await session.execute(found)), number, total)


async def find_line(session: AsyncSession, line_id: int) -> Any | None:
    """One line as a row of the list."""
    return (await session.execute(_rows().where(ImportLine.id == line_id))).one_or_none()


async def all_lines(database: Database, file_id: int) -> AsyncIterator[Sequence[Row]]:
    """Every line of a file, for a table; each part is a short transaction of its own."""
    after = 0
    while True:
        async with database.transaction() as session:
            part = _rows().where(ImportLine.file_id == file_id, ImportLine.id > after)
            rows = list(await session.execute(part.order_by(ImportLine.id).limit(PART)))
        if not rows:
            return
        yield [_cells(row) for row in rows]
        after = rows[-1].ImportLine.id


@dataclass(frozen=True)
class Earned:
    """What the payments of a file have earned; `asking`: the worker has yet to ask the rules about some of them."""

    granted: int
    proposed: int
    asking: bool


async def earned_by(session: AsyncSession, file_id: int) -> Earned:
    """How many grants and open proposals stand on a file's payments."""
    found = await session.execute(
        select(Grant.state, func.count(Grant.id.distinct()))
        .join(GrantEntry, GrantEntry.grant_id == Grant.id)
        .join(LedgerEntry, LedgerEntry.id == GrantEntry.entry_id)
        .join(ImportLine, ImportLine.id == LedgerEntry.import_line_id)
        .where(ImportLine.file_id == file_id)
        .group_by(Grant.state)
    )
    counts = {row[0]: row[1] for row in found}
    asking = await jobs.is_waiting(session, ASK)
    return Earned(counts.get(GrantState.GRANTED, 0), counts.get(GrantState.PROPOSED, 0), asking)


async def names_of(session: AsyncSession, holder_ids: set[int]) -> dict[int, str]:
    """The names of holders, for a page."""
    found = select(Holder.id, Holder.name).where(Holder.id.in_(sorted(holder_ids)))
    return {row[0]: row[1] for row in await session.execute(found)}


def _rows() -> Any:
    return (
        select(
            ImportLine,
            Holder.name.label("contributor"),
            LedgerEntry.id.label("entry_id"),
            LedgerEntry.confirms_id,
        )
        .outerjoin(Holder, Holder.id == ImportLine.holder_id)
        .outerjoin(LedgerEntry, LedgerEntry.import_line_id == ImportLine.id)
    )


def _cells(row: Any) -> Row:
    line = row.ImportLine
    return (
        line.number,
        line.booked_on,
        euros(line.cents),
        line.currency,
        line.rate,
        line.payer_name,
        line.payer_email,
        line.payer_key,
        line.reference,
        line.state,
        line.reason,
        line.holder_id,
        row.contributor,
        line.matched_by,
        row.entry_id,
        row.confirms_id,
    )
