"""How the pages of an account answer: a form again with what was typed, and what password asks for."""

from datetime import timedelta
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import passwords, rates, sessions
from app.accounts.access import SignInNeededError, Viewer
from app.accounts.elsewhere import is_staff, required_for
from app.accounts.models import BrowserSession, User
from app.accounts.service import held
from app.db import Database
from app.errors import TooManyError
from app.i18n import lazy
from app.web.forms import Form
from app.web.pages import page

M = TypeVar("M", bound=BaseModel)

WRONG_PASSWORD = lazy("This is not your password.")
INVALID = 422
# How long ago someone without a password may have signed in to be asked for nothing else.
ANEW = timedelta(minutes=10)


def again(
    request: Request, template: str, form: Form[M], *, status: int = INVALID, **context: Any
) -> HTMLResponse:
    """The page with the form as it was typed, its errors beside the fields, passwords left out."""
    return page(request, template, status, form=form, **context)


def too_often(
    request: Request, template: str, form: Form[M], error: TooManyError, **context: Any
) -> HTMLResponse:
    """The same, when it was tried too often: nothing that was typed is lost."""
    form.fail("", error.message)
    response = again(request, template, form, status=error.status, **context)
    response.headers.update(error.headers())
    return response


async def is_their_password(database: Database, request: Request, viewer: Viewer, password: str) -> bool:
    """Whether the viewer typed their own password; raises TooManyError when it is guessed.

    Counted by the session: whoever guesses in one that is not theirs leaves the owner's alone.
    """
    this = rates.CONFIRMATIONS, f"{viewer.id}:{viewer.session_id}"
    await rates.count(database, request, this)
    async with database.transaction() as session:
        stored = await session.scalar(select(User.password_hash).where(User.id == viewer.id))
    right = (await passwords.verify(password, stored)).right
    if right:
        await rates.give_back(database, request, this)
    return right


async def held_signed_in(session: AsyncSession, viewer: Viewer) -> User:
    """The viewer's account, locked, while they are still signed in on this browser.

    For whatever outlasts a session: a token, a password, another address. Raises SignInNeededError if the session has
    ended since the page was asked for: whoever was in it may be the reason why.
    """
    user = await held(session, viewer.id)
    if user is None or not await sessions.is_open(session, viewer.id, viewer.session_id):
        raise SignInNeededError("/")
    return user


async def has_own_password(session: AsyncSession, viewer: Viewer) -> bool:
    """Whether the viewer comes in by a password; everyone else is signed in by their organisation."""
    user = await session.get_one(User, viewer.id)
    if not user.password_hash:
        return False
    return is_staff(user) or await required_for(session, user.email) is None


async def is_signed_in_anew(session: AsyncSession, viewer: Viewer) -> bool:
    """Whether the viewer has just signed in on this browser: what stands for a password where there is none."""
    began = select(BrowserSession.created_at).where(BrowserSession.id == viewer.session_id)
    found = await session.scalar(began)
    return found is not None and clock.now() - found <= ANEW
