"""What contributions would earn: proposals, which operators accept or decline, and what became of the others."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.contributions.access import Bookkeeping, Deciding
from app.contributions.granting import DecidedAlreadyError, NoGroundError, accept, decline
from app.contributions.models import GrantState
from app.contributions.proposals import Shown, list_grants, show_grant
from app.contributions.schemas import NOTE_LENGTH, Why
from app.db import Session
from app.i18n import lazy
from app.web.forms import Form, Input, Lines, Tick, read_form
from app.web.lists import Number
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/ledger/grants")
log = structlog.get_logger()


class AcceptInput(Input):
    """That a proposal is granted; for some rules with what the organisation does for the service."""

    commitment: Tick = False
    words: Annotated[Lines, Field(max_length=NOTE_LENGTH)] = ""


class DeclineInput(Input):
    """Why a proposal is declined."""

    why: Why


@router.get("", name="contributions.grants")
async def index(request: Request, session: Session, viewer: Bookkeeping, number: Number = 1) -> Response:
    """Proposals first, the oldest first; then what was decided, the newest first."""
    del viewer
    return page(request, "contributions/grants.html", grants=await list_grants(session, number))


@router.get("/{grant_id:int}", name="contributions.grant")
async def show(request: Request, session: Session, viewer: Bookkeeping, grant_id: int) -> Response:
    """One of them, with what it stands on."""
    del viewer
    return await _page(request, await show_grant(session, grant_id), Form(), Form())


@router.post("/{grant_id:int}/accept", name="contributions.accept_grant")
async def accept_it(request: Request, session: Session, viewer: Deciding, grant_id: int) -> Response:
    """Grant the membership."""
    shown = await show_grant(session, grant_id)
    form = await read_form(request, AcceptInput)
    if form.value is not None and shown.rule.needs_commitment:
        if not form.value.commitment:
            form.fail("commitment", lazy("This tier is for those who help to run the service."))
        elif not form.value.words:
            form.fail("words", lazy("Write what they have agreed to do."))
    if form.value is None:
        return await _page(request, shown, form, Form(), 422)
    try:
        async with session.begin_nested():
            await accept(session, grant_id, viewer.name, form.value.words)
    except (DecidedAlreadyError, NoGroundError) as error:
        shown = await show_grant(session, grant_id)
        return await _page(request, shown, form, Form(), 409, (error.message, form.value.words))
    log.info("grant.accepted", grant=grant_id, operator=viewer.id)
    return _back(request, grant_id, lazy("Granted. It holds from now on."))


@router.post("/{grant_id:int}/decline", name="contributions.decline_grant")
async def decline_it(request: Request, session: Session, viewer: Deciding, grant_id: int) -> Response:
    """Say no, with a reason."""
    shown = await show_grant(session, grant_id)
    form = await read_form(request, DeclineInput)
    if form.value is None:
        return await _page(request, shown, Form(), form, 422)
    try:
        async with session.begin_nested():
            await decline(session, grant_id, viewer.name, form.value.why)
    except DecidedAlreadyError as error:
        shown = await show_grant(session, grant_id)
        return await _page(request, shown, Form(), form, 409, (error.message, form.value.why))
    log.info("grant.declined", grant=grant_id, operator=viewer.id)
    return _back(request, grant_id, lazy("Declined. It is proposed again when they give more."))


async def _page(
    request: Request,
    shown: Shown,
    accepting: Form[Any],
    declining: Form[Any],
    status: int = 200,
    late: tuple[Any, str] = (None, ""),
) -> Response:
    is_open = shown.grant.state == GrantState.PROPOSED
    return page(
        request,
        "contributions/grant.html",
        status,
        shown=shown,
        is_open=is_open,
        accepting=accepting,
        declining=declining,
        late=late,
    )


def _back(request: Request, grant_id: int, said: Any, kind: Any = "good") -> Response:
    return go(request, path_of(request, "contributions.grant", grant_id=grant_id), say=said, kind=kind)
