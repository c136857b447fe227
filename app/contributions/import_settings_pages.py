"""How a file is read before it is imported: its columns, its header, the lines that are left out."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.access import Bookkeeping
from app.contributions.import_schemas import LeaveLinesInput, SettingsInput, check_columns, read_settings
from app.contributions.import_views import preview_page, to_file, today_of
from app.contributions.importing.by_file import ReadOtherwiseError
from app.contributions.importing.columns import KEPT
from app.contributions.importing.files import ImportedAlreadyError, find_file, leave_lines
from app.contributions.importing.guesses import days_of, decimals_of
from app.contributions.importing.payments import UnreadableError
from app.contributions.importing.preview import preview_of
from app.contributions.importing.reading import FileKind, columns_of, read
from app.contributions.importing.tables import table_of
from app.db import Session
from app.i18n import lazy, ngettext
from app.memberships.models import Holder, HolderKind
from app.web.forms import Form, read_form

router = APIRouter(prefix="/ledger/imports")
log = structlog.get_logger()
# Whoever leaves out more has the columns wrong, or the wrong file.
MOST_LEFT_OUT = 100


@router.post("/{file_id:int}/settings", name="contributions.import_settings")
async def change(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Say which column is what, what a foreign unit is worth, who holds the money."""
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        return to_file(request, file_id, ImportedAlreadyError.message, "warn")
    form, rates = await read_settings(request)
    mapping = dict(file.mapping or {})
    if file.kind == FileKind.CSV and form.value is not None:
        day = await today_of(session, viewer.holder_id)
        # Reading is work: other requests go on meanwhile.
        mapping = await asyncio.to_thread(_checked, form, form.value, file.content or b"", mapping, day)
    if form.value is not None and form.value.version != file.version:
        form.fail(
            "version", lazy("Someone else has changed this meanwhile. Look at it, then send yours again.")
        )
        form.values = {**form.values, "version": str(file.version)}
    if form.value is not None and not await _is_custodian(session, form.value.custodian):
        form.fail("custodian", lazy("Choose one of the options."))
    if form.value is None:
        return await preview_page(request, session, viewer.holder_id, file, form=form, status=422)
    file.mapping = mapping | {"custodian": form.value.custodian, "rates": rates}
    file.version += 1
    await session.flush()
    return to_file(request, file_id, lazy("Kept. Look at what would be recorded now."))


@router.post("/{file_id:int}/leave-lines", name="contributions.import_leave_lines")
async def leave_out(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Leave out a line that cannot be read, or all of them; or read them again."""
    form = await read_form(request, LeaveLinesInput)
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        return to_file(request, file_id, ImportedAlreadyError.message, "warn")
    if form.value is None or form.value.version != file.version:
        return to_file(request, file_id, ReadOtherwiseError.message, "warn")
    line = form.value.line
    if line == "none":
        await leave_lines(session, file, set())
        return to_file(request, file_id, lazy("All lines are read again."))
    preview = await preview_of(session, file, await today_of(session, viewer.holder_id))
    broken = {each.line for each in preview.reading.troubles if each.line}
    chosen = broken if line == "all" else broken & {int(line)}
    left_out = {*(file.mapping or {}).get("left_out", ()), *chosen}
    if not chosen:
        return to_file(request, file_id, lazy("This line can be read, or it’s already left out."), "warn")
    if len(left_out) > MOST_LEFT_OUT:
        text = lazy(
            "More than %(most)s lines can’t be read. Check how the columns are read instead.",
            most=MOST_LEFT_OUT,
        )
        return to_file(request, file_id, text, "warn")
    await leave_lines(session, file, left_out)
    log.info("imports.lines_left_out", file=file_id, count=len(chosen), by=viewer.id)
    told = ngettext(
        "One line is left out. It is not recorded.",
        "%(num)s lines are left out. They are not recorded.",
        len(chosen),
    )
    return to_file(request, file_id, told)


def _checked(
    form: Form[SettingsInput], said: SettingsInput, content: bytes, mapping: Mapping[str, Any], today: date
) -> dict[str, Any]:
    """The mapping as it would be kept; errors stand in the form then.

    A header that is moved brings new names of columns: they are guessed anew, unless the columns were chosen with it.
    """
    rest = {name: value for name, value in mapping.items() if name not in {*KEPT, "header", "header_line"}}
    before = table_of(content, mapping.get("header_line"))
    line = before.header_line if said.header_line is None else said.header_line
    try:
        table = before if line == before.header_line else table_of(content, line)
    except UnreadableError as error:
        form.fail("header_line", error.message)
        return dict(mapping)
    header = {"header": table.header, "header_line": table.header_line}
    if table.header_line != before.header_line and said.columns.places == columns_of(before, mapping).places:
        return rest | {"header_line": table.header_line}
    check_columns(form, len(table.columns))
    if form.value is None:
        return dict(mapping)
    columns = said.columns
    columns = replace(
        columns,
        days=columns.days or days_of(table, columns),
        decimals=columns.decimals or decimals_of(table, columns),
    )
    if columns.days is None:
        form.fail("days", lazy("Choose which comes first. Every day in this file can be read both ways."))
    if columns.decimals is None:
        form.fail(
            "decimals",
            lazy("Choose what stands before the cents. Every amount in this file can be read both ways."),
        )
    kept = rest | columns.to_keep() | header
    for part, text in read(content, FileKind.CSV, kept, today).refusals.items():
        form.fail(part, text)
    return kept


async def _is_custodian(session: AsyncSession, holder_id: int | None) -> bool:
    if holder_id is None:
        return True
    found = await session.get(Holder, holder_id)
    return found is not None and found.kind == HolderKind.ORGANISATION
