"""Payments that nobody could be found for: saying whose they are, or why they are left out."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.access import Bookkeeping
from app.contributions.import_schemas import LeaveOutInput, MatchInput
from app.contributions.import_words import MATCHED, OUT, STATES
from app.contributions.importing.by_file import NotReadyError
from app.contributions.importing.by_hand import (
    DecidedLineError,
    NotBookedError,
    Others,
    leave_out,
    match,
    may_match,
    others_of,
)
from app.contributions.importing.lists import find_line, list_lines
from app.contributions.importing.payments import account_of
from app.contributions.importing.preview import euros_of
from app.contributions.importing.suggestions import People, people_for
from app.contributions.importing.twins import alike_to
from app.contributions.models import LineState
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy, ngettext
from app.web.forms import Form, read_form
from app.web.lists import Number, Search, tidy
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/ledger/imports")
log = structlog.get_logger()


@router.get("/unmatched", name="contributions.unmatched")
async def unmatched(
    request: Request, session: Session, viewer: Bookkeeping, search: Search = "", number: Number = 1
) -> Response:
    """Every payment that waits, whatever file it came with."""
    del viewer
    wanted = tidy(search)
    lines = await list_lines(session, number, state=LineState.UNMATCHED, search=wanted)
    return page(request, "contributions/import_unmatched.html", lines=lines, search=wanted)


@router.get("/lines/{line_id:int}", name="contributions.import_line")
async def show(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    line_id: int,
    search: Search | None = None,
    number: Number = 1,
) -> Response:
    """One payment, whose it could be, and finding whose it is by name."""
    del viewer
    return await _page(request, session, line_id, search, number, Form())


@router.post("/lines/{line_id:int}/match", name="contributions.import_match")
async def matched(request: Request, session: Session, viewer: Bookkeeping, line_id: int) -> Response:
    """Say whose it is: it is recorded, and may earn something."""
    form: Form[Any] = await read_form(request, MatchInput)
    if form.value is None:
        return await _page(request, session, line_id, None, 1, form, 422)
    try:
        async with session.begin_nested():
            said = form.value
            count = await match(session, line_id, said.holder, viewer.name, said.rate, others=said.others)
    except (DecidedLineError, NotBookedError) as error:
        return _to_line(request, line_id, error.message, "warn")
    except NotReadyError:
        form.fail("rate", lazy("Write how many EUR one unit is: 0.92 or 1.1537."))
        return await _page(request, session, line_id, None, 1, form, 422)
    log.info("imports.matched", line=line_id, count=count, by=viewer.id)
    told = ngettext(
        "Recorded. The next payment of this payer is matched by itself.",
        "%(num)s payments are recorded. The next one of this payer is matched by itself.",
        count,
    )
    return go(request, path_of(request, "contributions.unmatched"), say=told)


@router.post("/lines/{line_id:int}/leave-out", name="contributions.import_leave_out")
async def left_out(request: Request, session: Session, viewer: Bookkeeping, line_id: int) -> Response:
    """Say why it is not recorded."""
    form: Form[Any] = await read_form(request, LeaveOutInput)
    if form.value is None:
        return await _page(request, session, line_id, None, 1, form, 422)
    try:
        await leave_out(session, line_id, form.value.why)
    except DecidedLineError as error:
        late = (error.message, form.value.why)
        return await _page(request, session, line_id, None, 1, form, 409, late)
    log.info("imports.left_out", line=line_id, by=viewer.id)
    return go(
        request,
        path_of(request, "contributions.unmatched"),
        say=lazy("Left out. It is kept with its reason."),
    )


async def _page(
    request: Request,
    session: AsyncSession,
    line_id: int,
    search: str | None,
    number: int,
    form: Form[Any],
    status: int = 200,
    late: tuple[Any, str] = (None, ""),
) -> Response:
    row = await find_line(session, line_id)
    if row is None:
        raise NotFoundError
    line, people, others, alike = row.ImportLine, People(), Others(), None
    if may_match(line):
        cents = euros_of(line, {} if line.rate is None else {line.currency: line.rate})
        people = await people_for(session, line, cents, search=search, number=number)
        others, alike = await others_of(session, line), await alike_to(session, line)
    return page(
        request,
        "contributions/import_line.html",
        status,
        row=row,
        account=account_of(line.payer_key),
        people=people,
        is_open=may_match(line),
        others=others,
        alike=alike,
        form=form,
        states=STATES,
        matched=MATCHED,
        out=OUT,
        late=late,
    )


def _to_line(request: Request, line_id: int, said: Any, kind: Any) -> Response:
    return go(request, path_of(request, "contributions.import_line", line_id=line_id), say=said, kind=kind)
