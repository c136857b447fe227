"""How the pages of an account answer: a form again with what was typed, and what password asks for."""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy import select

from app.accounts import passwords, rates
from app.accounts.access import Viewer
from app.accounts.models import User
from app.db import Database
from app.errors import TooManyError
from app.i18n import lazy
from app.web.forms import Form
from app.web.pages import page

M = TypeVar("M", bound=BaseModel)

WRONG_PASSWORD = lazy("This is not your password.")
INVALID = 422


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
    """Whether the viewer typed their own password; raises TooManyError when it is guessed."""
    this = rates.CONFIRMATIONS, str(viewer.id)
    await rates.count(database, request, this)
    async with database.transaction() as session:
        stored = await session.scalar(select(User.password_hash).where(User.id == viewer.id))
    right = (await passwords.verify(password, stored)).right
    if right:
        await rates.give_back(database, request, this)
    return right
