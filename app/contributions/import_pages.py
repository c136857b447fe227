"""Imports: choose a file, look at what would be recorded, record it."""

import structlog
from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from app.contributions.access import Bookkeeping
from app.contributions.import_schemas import VersionInput
from app.contributions.import_views import index_page, preview_page, to_file, today_of, words
from app.contributions.import_words import FILE_KINDS
from app.contributions.importing import files
from app.contributions.importing.by_file import (
    ImportRunningError,
    NotReadyError,
    ReadOtherwiseError,
    import_file,
)
from app.contributions.importing.files import ImportedAlreadyError, find_file, keep_upload
from app.contributions.importing.lists import LINE_COLUMNS, all_lines, earned_by, list_lines
from app.contributions.importing.payments import Trouble, UnreadableError
from app.contributions.importing.reading import LARGEST_FILE
from app.contributions.importing.remembered import asides_of
from app.contributions.models import LineState
from app.db import Databased, Session
from app.i18n import lazy
from app.web.csv import csv_stream
from app.web.forms import read_form
from app.web.lists import Number
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/ledger/imports")
log = structlog.get_logger()


@router.get("", name="contributions.imports")
async def index(request: Request, session: Session, viewer: Bookkeeping, number: Number = 1) -> Response:
    """Every file, the newest first, and the way to bring another."""
    del viewer
    return await index_page(request, session, number)


@router.post("", name="contributions.upload")
async def upload(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """Keep a file to be looked at; the same one again is the one that is here."""
    found = (await request.form()).get("file")
    if not isinstance(found, UploadFile) or not found.filename:
        return await index_page(request, session, 1, Trouble(0, 0, lazy("Choose a file.")))
    content = await found.read(LARGEST_FILE + 1)
    await found.close()
    try:
        file = await keep_upload(session, found.filename, content, viewer.name)
    except UnreadableError as error:
        return await index_page(request, session, 1, error.trouble)
    log.info("imports.uploaded", file=file.id, kind=file.kind, by=viewer.id)
    return to_file(request, file.id)


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
        return await preview_page(request, session, viewer.holder_id, file, number=number, state=state)
    chosen = state if state in set(LineState) else ""
    asides, aside_count = asides_of(file.mapping)
    return page(
        request,
        "contributions/import_done.html",
        file=file,
        kinds=FILE_KINDS,
        lines=await list_lines(session, number, file_id=file_id, state=chosen),
        earned=await earned_by(session, file_id),
        state=chosen,
        asides=asides,
        aside_count=aside_count,
        **words(),
    )


@router.get("/{file_id:int}/lines.csv", name="contributions.import_lines_file")
async def lines_file(database: Databased, viewer: Bookkeeping, file_id: int) -> Response:
    """Every line of an imported file with what became of it."""
    del viewer
    async with database.transaction() as session:
        await find_file(session, file_id)
    return csv_stream(f"import-{file_id}", LINE_COLUMNS, all_lines(database, file_id))


@router.post("/{file_id:int}/import", name="contributions.import_now")
async def record(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Record it all, in one transaction."""
    form = await read_form(request, VersionInput)
    await find_file(session, file_id)
    if form.value is None:
        return to_file(request, file_id, ReadOtherwiseError.message, "warn")
    day = await today_of(session, viewer.holder_id)
    try:
        async with session.begin_nested():
            recorded = await import_file(session, file_id, day, viewer.name, version=form.value.version)
    except (ImportedAlreadyError, ImportRunningError, NotReadyError, ReadOtherwiseError) as error:
        return to_file(request, file_id, error.message, "warn")
    log.info("imports.imported", file=file_id, recorded=recorded, by=viewer.id)
    return to_file(request, file_id, lazy("Imported. Contributions recorded: %(count)s.", count=recorded))


@router.post("/{file_id:int}/discard", name="contributions.import_discard")
async def discard(request: Request, session: Session, viewer: Bookkeeping, file_id: int) -> Response:
    """Throw away a file that was only looked at."""
    try:
        await files.discard(session, file_id)
    except ImportedAlreadyError as error:
        return to_file(request, file_id, error.message, "warn")
    log.info("imports.discarded", file=file_id, by=viewer.id)
    return go(
        request,
        path_of(request, "contributions.imports"),
        say=lazy("The file is gone; nothing of it was recorded."),
    )
