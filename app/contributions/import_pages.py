"""Imports: choose a file, look at what would be recorded, record it."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from app.contributions.access import Bookkeeping
from app.contributions.import_schemas import SettingsInput, VersionInput, check_columns, read_settings
from app.contributions.import_words import FILE_KINDS, MATCHED, OUT, STATES
from app.contributions.importing import files
from app.contributions.importing.by_file import (
    ImportRunningError,
    NotReadyError,
    ReadOtherwiseError,
    import_file,
)
from app.contributions.importing.files import ImportedAlreadyError, find_file, keep_upload
from app.contributions.importing.lists import (
    LINE_COLUMNS,
    all_lines,
    count_unmatched,
    earned_by,
    list_files,
    list_lines,
    names_of,
)
from app.contributions.importing.mapped import PARTS
from app.contributions.importing.payments import Trouble, UnreadableError
from app.contributions.importing.preview import Preview, preview_of
from app.contributions.importing.reading import LARGEST_FILE, FileKind
from app.contributions.ledger import today
from app.contributions.ledger_pages import custodian_choices
from app.contributions.models import ImportFile, LineState
from app.db import Databased, Session
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.limits import standing_of
from app.memberships.models import Holder, HolderKind
from app.web.csv import csv_stream
from app.web.forms import Form, read_form
from app.web.lists import Number
from app.web.pages import go, page, path_of
from app.web.pagination import PAGE_SIZE, Page, offset_of

router = APIRouter(prefix="/ledger/imports")
log = structlog.get_logger()
TROUBLES = 20


@router.get("", name="contributions.imports")
async def index(request: Request, session: Session, viewer: Bookkeeping, number: Number = 1) -> Response:
    """Every file, the newest first, and the way to bring another."""
    del viewer
    return await _index(request, session, number)


@router.post("", name="contributions.upload")
async def upload(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """Keep a file to be looked at; the same one again is the one that is here."""
    found = (await request.form()).get("file")
    if not isinstance(found, UploadFile) or not found.filename:
        return await _index(request, session, 1, Trouble(0, 0, lazy("Choose a file.")))
    content = await found.read(LARGEST_FILE + 1)
    await found.close()
    try:
        file = await keep_upload(session, found.filename, content, viewer.name)
    except UnreadableError as error:
        return await _index(request, session, 1, error.trouble)
    log.info("imports.uploaded", file=file.id, kind=file.kind, by=viewer.id)
    return _to_file(request, file.id)


@router.get("/{file_id:int}", name="contributions.import")
async def show(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    file_id: int,
    number: Number = 1,
    state: str = "",
) -> Response:
    """What an import would do, or what it did."""
    file = await find_file(session, file_id)
    if file.imported_at is None:
        return await _preview(request, session, viewer.holder_id, file, number=number, state=state)
    chosen = state if state in set(LineState) else ""
    return page(
        request,
        "contributions/import_done.html",
        file=file,
        kinds=FILE_KINDS,
        lines=await list_lines(session, number, file_id=file_id, state=chosen),
        earned=await earned_by(session, file_id),
        state=chosen,
        **_words(),
    )


@router.get("/{file_id:int}/lines.csv", name="contributions.import_lines_file")
async def lines_file(database: Databased, viewer: Bookkeeping, file_id: int) -> Response:
    """Every line of an imported file with what became of it."""
    del viewer
    async with database.transaction() as session:
        await find_file(session, file_id)
    return csv_stream(f"import-{file_id}", LINE_COLUMNS, all_lines(database, file_id))


@router.post("/{file_id:int}/settings", name="contributions.import_settings")
async def change(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Say which column is what, what a foreign unit is worth, who holds the money."""
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        return _to_file(request, file_id, ImportedAlreadyError.message, "warn")
    form, rates = await read_settings(request)
    mapping = dict(file.mapping or {})
    if file.kind == FileKind.CSV:
        preview = await preview_of(session, file, await _today(session, viewer.holder_id))
        table = preview.reading.table
        check_columns(form, len(table.columns) if table else 0)
        if form.value is not None and table is not None:
            mapping |= form.value.columns.to_keep() | {"header": table.header}
    if form.value is not None and form.value.version != file.version:
        form.fail(
            "version", lazy("Someone else has changed this meanwhile. Look at it, then send yours again.")
        )
        form.values = {**form.values, "version": str(file.version)}
    if form.value is not None and not await _is_custodian(session, form.value.custodian):
        form.fail("custodian", lazy("Choose one of the options."))
    if form.value is None:
        return await _preview(request, session, viewer.holder_id, file, form=form, status=422)
    mapping |= {"custodian": form.value.custodian, "rates": rates}
    file.mapping, file.version = mapping, file.version + 1
    await session.flush()
    return _to_file(request, file_id, lazy("Kept. Look at what would be recorded now."))


@router.post("/{file_id:int}/import", name="contributions.import_now")
async def record(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Record it all, in one transaction."""
    form = await read_form(request, VersionInput)
    await find_file(session, file_id)
    if form.value is None:
        return _to_file(request, file_id, ReadOtherwiseError.message, "warn")
    day = await _today(session, viewer.holder_id)
    try:
        async with session.begin_nested():
            recorded = await import_file(session, file_id, day, viewer.name, version=form.value.version)
    except (ImportedAlreadyError, ImportRunningError, NotReadyError, ReadOtherwiseError) as error:
        return _to_file(request, file_id, error.message, "warn")
    log.info("imports.imported", file=file_id, recorded=recorded, by=viewer.id)
    return _to_file(request, file_id, lazy("Imported. Contributions recorded: %(count)s.", count=recorded))


@router.post("/{file_id:int}/discard", name="contributions.import_discard")
async def discard(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Throw away a file that was only looked at."""
    try:
        await files.discard(session, file_id)
    except ImportedAlreadyError as error:
        return _to_file(request, file_id, error.message, "warn")
    log.info("imports.discarded", file=file_id, by=viewer.id)
    return go(
        request,
        path_of(request, "contributions.imports"),
        say=lazy("The file is gone; nothing of it was recorded."),
    )


async def _index(
    request: Request, session: AsyncSession, number: int, trouble: Trouble | None = None
) -> Response:
    return page(
        request,
        "contributions/imports.html",
        200 if trouble is None else 422,
        files=await list_files(session, number),
        kinds=FILE_KINDS,
        waiting=await count_unmatched(session),
        trouble=trouble,
    )


async def _preview(
    request: Request,
    session: AsyncSession,
    holder_id: int,
    file: ImportFile,
    *,
    number: int = 1,
    state: str = "",
    form: Form[SettingsInput] | None = None,
    status: int = 200,
) -> Response:
    try:
        preview = await preview_of(session, file, await _today(session, holder_id))
    except UnreadableError as error:
        # A newer version of the program may read more strictly than the one that took the file.
        return await _index(request, session, 1, error.trouble)
    counts = dict.fromkeys((*(str(one) for one in LineState), "known", "doubtful", "confirming"), 0)
    for one in preview.lines:
        counts[one.becomes] += 1
        counts["doubtful"] += one.doubtful
        counts["confirming"] += one.confirms_id is not None
    chosen = state if counts.get(state) else ""
    wanted = [
        one
        for one in preview.lines
        if not chosen or (one.doubtful if chosen == "doubtful" else one.becomes == chosen)
    ]
    start = offset_of(number)
    shown = Page(wanted[start : start + PAGE_SIZE], number, len(wanted))
    holders = {one.match.holder_id for one in shown.items if one.match.holder_id is not None}
    holders |= {other for one in shown.items for other in one.match.others[:5]}
    return page(
        request,
        "contributions/import.html",
        status,
        file=file,
        kinds=FILE_KINDS,
        preview=preview,
        troubles=preview.reading.troubles[:TROUBLES],
        counts=counts,
        state=chosen,
        lines=shown,
        names=await names_of(session, holders),
        form=form or _form_of(file, preview),
        parts=PARTS,
        custodians=await custodian_choices(session),
        currencies=_currencies(preview),
        **_words(),
    )


def _currencies(preview: Preview) -> list[str]:
    return sorted({one.payment.currency for one in preview.lines if one.payment.why_out is None} - {"EUR"})


def _form_of(file: ImportFile, preview: Preview) -> Form[SettingsInput]:
    mapping = file.mapping or {}
    values = {"version": str(file.version), "custodian": str(mapping.get("custodian") or "")}
    values |= {f"rate_{code}": rate for code, rate in mapping.get("rates", {}).items()}
    if preview.reading.columns is not None:
        kept = preview.reading.columns.to_keep()
        values |= {name: str(place) for name, place in kept["columns"].items()}
        values |= {"days": kept["days"], "decimals": kept["decimals"]}
    return Form(values=values)


def _words() -> dict[str, Any]:
    return {"states": STATES, "matched": MATCHED, "out": OUT, "_known": _("Known already")}


async def _today(session: AsyncSession, holder_id: int) -> Any:
    return today(await standing_of(session, holder_id))


async def _is_custodian(session: AsyncSession, holder_id: int | None) -> bool:
    if holder_id is None:
        return True
    found = await session.get(Holder, holder_id)
    return found is not None and found.kind == HolderKind.ORGANISATION


def _to_file(request: Request, file_id: int, said: Any = None, kind: Any = "good") -> Response:
    return go(request, path_of(request, "contributions.import", file_id=file_id), say=said, kind=kind)
