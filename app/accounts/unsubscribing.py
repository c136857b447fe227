"""Ending reminders from a mail: one click in the mail program, or one on the page that the link opens."""

import structlog
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import load_viewer
from app.accounts.models import User
from app.accounts.reminders import WORDS, read_link
from app.db import Session
from app.errors import NotFoundError
from app.mail.reminders import allow, refuse
from app.web.browser import settings_of
from app.web.csrf import ForgedFormError, TooLargeFormError, protect
from app.web.pages import page

# Without `csrf.protect`: mail programs send no cookie and no form token. What counts is the token in the address.
router = APIRouter(dependencies=[Depends(load_viewer)])
log = structlog.get_logger()
LARGEST = 10_000
FIELD, ONE_CLICK = "List-Unsubscribe", "One-Click"


@router.get("/unsubscribe/{token}", name="accounts.unsubscribe")
async def ask(request: Request, session: Session, token: str) -> Response:
    """One button: programs that look at every link in a mail must not end anything."""
    _user_id, kind = await _of_link(session, request, token)
    return page(request, "accounts/unsubscribe.html", token=token, words=WORDS[kind], is_over=False)


@router.post("/unsubscribe/{token}")
async def unsubscribe(request: Request, session: Session, token: str) -> Response:
    """No more of these: RFC 8058's one click, or the button of our page. The answer is no redirect."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length[:12]) > LARGEST:
        raise TooLargeFormError
    form = await request.form()
    if form.get(FIELD) != ONE_CLICK:
        await protect(request)
    if form.get(FIELD) not in {ONE_CLICK, "Undo"}:
        raise ForgedFormError
    user_id, kind = await _of_link(session, request, token)
    is_over = form.get(FIELD) == ONE_CLICK
    await (refuse if is_over else allow)(session, user_id, kind)
    log.info("mail.reminders", person=user_id, kind=kind, on=not is_over)
    return page(request, "accounts/unsubscribe.html", token=token, words=WORDS[kind], is_over=is_over)


async def _of_link(session: AsyncSession, request: Request, token: str) -> tuple[int, str]:
    found = read_link(settings_of(request), token)
    if found is None or await session.get(User, found[0]) is None:
        raise NotFoundError
    return found
