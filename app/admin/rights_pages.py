"""What an operator may do to an account: ban it, make an operator of it, send its mail again."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import letters, rates
from app.accounts.access import Operator
from app.accounts.models import User
from app.admin import bans, operators
from app.admin.meetings import unfinished_of
from app.admin.people_pages import person
from app.admin.rooms import list_rooms
from app.admin.schemas import BanInput
from app.db import Databased, Session
from app.errors import ConflictError
from app.i18n import lazy, ngettext
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/people/{user_id:int}")
log = structlog.get_logger()


@router.get("/ban", name="admin.ban")
async def ask_to_ban(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Say what a ban does, and ask for the reason."""
    user = await person(session, user_id)
    if user.id == viewer.id:
        raise bans.NotYourselfError
    if user.banned_at is not None:
        return _back(request, user_id)
    return await _ban_page(request, session, user, Form())


@router.post("/ban", name="admin.banned")
async def ban(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Ban a person."""
    form = await read_form(request, BanInput)
    if form.value is None:
        return await _ban_page(request, session, await person(session, user_id), form, 422)
    ended = await bans.ban(session, viewer, user_id, form.value.reason)
    log.info("admin.ban", operator=viewer.id, person=user_id, meetings=ended)
    said = ngettext(
        "Banned. One meeting ends in a moment.", "Banned. %(num)s meetings end in a moment.", ended
    )
    return _back(request, user_id, said if ended else lazy("Banned."))


@router.post("/unban", name="admin.unban")
async def unban(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Lift a ban."""
    await bans.unban(session, viewer, user_id)
    log.info("admin.unban", operator=viewer.id, person=user_id)
    return _back(request, user_id, lazy("The ban is lifted."))


@router.get("/operator", name="admin.operator")
async def ask_for_operator(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Say what an operator can do, and ask."""
    user = await person(session, user_id)
    return page(request, "admin/operator.html", person=user, is_self=user.id == viewer.id)


@router.post("/operator", name="admin.operator_made")
async def make_operator(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Make a person an operator."""
    try:
        await operators.make_operator(session, viewer, user_id)
    except operators.CannotOperateError as error:
        return _refused(request, user_id, error)
    log.info("admin.operator.made", operator=viewer.id, person=user_id)
    return _back(request, user_id, lazy("They are an operator now."))


@router.post("/operator/end", name="admin.operator_unmade")
async def unmake_operator(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Take it back; who does so to themselves is led out."""
    try:
        await operators.unmake_operator(session, viewer, user_id)
    except operators.LastOperatorError as error:
        return _refused(request, user_id, error)
    log.info("admin.operator.unmade", operator=viewer.id, person=user_id)
    if user_id == viewer.id:
        return go(request, path_of(request, "home.dashboard"), say=lazy("You are no longer an operator."))
    return _back(request, user_id, lazy("They are no longer an operator."))


@router.post("/bookkeeper", name="admin.bookkeeper_made")
async def make_bookkeeper(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Let a person keep the books: they see the ledger, and none of these pages."""
    try:
        await operators.set_bookkeeper(session, viewer, user_id, is_one=True)
    except operators.CannotOperateError as error:
        return _refused(request, user_id, error)
    log.info("admin.bookkeeper.made", operator=viewer.id, person=user_id)
    return _back(request, user_id, lazy("They keep the books now."))


@router.post("/bookkeeper/end", name="admin.bookkeeper_unmade")
async def unmake_bookkeeper(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Take it back."""
    await operators.set_bookkeeper(session, viewer, user_id, is_one=False)
    log.info("admin.bookkeeper.unmade", operator=viewer.id, person=user_id)
    return _back(request, user_id, lazy("They no longer keep the books."))


@router.post("/verification", name="admin.resend")
async def resend(request: Request, database: Databased, viewer: Operator, user_id: int) -> Response:
    """Send the mail that verifies an address once more, as often as its owner could have it sent."""
    async with database.transaction() as session:
        user = await person(session, user_id)
    if user.verified_at is not None:
        return _back(request, user_id, lazy("Their address is verified already."))
    await rates.count(database, request, rates.to_address(rates.OPERATORS_MAILS, user.email))
    async with database.transaction() as session:
        await letters.send_verification(session, request, user, from_here=False)
    log.info("admin.verification.sent", operator=viewer.id, person=user_id)
    return _back(request, user_id, lazy("The mail is on its way."))


async def _ban_page(
    request: Request, session: AsyncSession, user: User, form: Form[Any], status: int = 200
) -> Response:
    return page(
        request,
        "admin/ban.html",
        status,
        person=user,
        form=form,
        meetings=await unfinished_of(session, user.holder_id),
        rooms=(await list_rooms(session, holder_id=user.holder_id, size=1)).total,
    )


def _back(request: Request, user_id: int, said: Any = None) -> Response:
    return go(request, path_of(request, "admin.person", user_id=user_id), say=said)


def _refused(request: Request, user_id: int, error: ConflictError) -> Response:
    return go(request, path_of(request, "admin.person", user_id=user_id), say=error.message, kind="bad")
