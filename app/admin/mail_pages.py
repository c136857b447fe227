"""Mails that are not sent yet: why, in the mail server's words; try again, drop."""

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.access import Operator
from app.admin.mails import drop_mail, list_mails, retry_mails
from app.db import Session
from app.i18n import lazy
from app.web.lists import Number
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/mails")
log = structlog.get_logger()
BUSY = lazy("It’s being sent right now. Look again in a minute.")


@router.get("", name="admin.mails")
async def index(request: Request, session: Session, viewer: Operator, number: Number = 1) -> Response:
    """The list."""
    del viewer
    return page(request, "admin/mails.html", mails=await list_mails(session, number=number))


@router.post("/retry", name="admin.retry_mails")
async def retry_all(request: Request, session: Session, viewer: Operator) -> Response:
    """Try all of them now: the mail server is mended."""
    number = await retry_mails(session)
    log.info("mail.retry_all", by=viewer.id, mails=number)
    return go(request, path_of(request, "admin.mails"), say=lazy("They’re being tried now."))


@router.post("/{mail_id:int}/retry", name="admin.retry_mail")
async def retry_one(request: Request, session: Session, viewer: Operator, mail_id: int) -> Response:
    """Try one now."""
    number = await retry_mails(session, mail_id)
    log.info("mail.retry", by=viewer.id, mail=mail_id, mails=number)
    path = path_of(request, "admin.mails")
    if not number:
        return go(request, path, say=BUSY, kind="warn")
    return go(request, path, say=lazy("It’s being tried now."))


@router.post("/{mail_id:int}/drop", name="admin.drop_mail")
async def drop(request: Request, session: Session, viewer: Operator, mail_id: int) -> Response:
    """Throw one away."""
    is_dropped = await drop_mail(session, mail_id)
    log.info("mail.drop", by=viewer.id, mail=mail_id, dropped=is_dropped)
    path = path_of(request, "admin.mails")
    if not is_dropped:
        return go(request, path, say=BUSY, kind="warn")
    return go(request, path, say=lazy("Dropped. It won’t be sent."))
