"""One's own data: taking it along, and taking it away."""

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from app.accounts import letters, signing_in
from app.accounts.access import SignedIn, Viewer
from app.accounts.answers import (
    WRONG_PASSWORD,
    again,
    has_own_password,
    is_signed_in_anew,
    is_their_password,
    too_often,
)
from app.accounts.deletion import StillNeededError, delete_account, objections, warnings
from app.accounts.export import export_data
from app.accounts.models import User
from app.accounts.schemas import Farewell
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import gettext, lazy
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
DELETE = "accounts/delete.html"
SIGN_IN_ANEW = lazy(
    "Sign out, sign in through your organisation again, then delete your account within ten minutes."
)


@router.get("/account/data", name="accounts.data")
async def show(request: Request, viewer: SignedIn) -> Response:
    """What can be done with one's data."""
    del viewer
    return page(request, "accounts/data.html")


@router.get("/account/data.json", name="accounts.export")
async def export(session: Session, viewer: SignedIn) -> Response:
    """Everything we hold about the viewer, as a file."""
    data = await export_data(session, viewer.id)
    text = json.dumps(data, ensure_ascii=False, indent=2, default=_plain)
    named = {
        "content-disposition": 'attachment; filename="guildhall-account.json"',
        "cache-control": "no-store",
    }
    return Response(text + "\n", media_type="application/json", headers=named)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@router.get("/account/delete", name="accounts.delete")
async def ask(request: Request, session: Session, viewer: SignedIn) -> Response:
    """What goes and what stays; or what has to be done first."""
    found = await objections(session, viewer.id)
    return page(
        request,
        DELETE,
        form=None,
        word=word(),
        objections=found,
        warnings=await warnings(session, viewer.id),
        own=await has_own_password(session, viewer),
    )


@router.post("/account/delete")
async def delete(request: Request, database: Databased, viewer: SignedIn) -> Response:
    """Delete the account, after the password and a typed word."""
    form = await read_form(request, Farewell)
    async with database.transaction() as session:
        said: dict[str, Any] = {
            "word": word(),
            "objections": [],
            "warnings": await warnings(session, viewer.id),
            "own": await has_own_password(session, viewer),
        }
        is_anew = await is_signed_in_anew(session, viewer)
    if form.value is None:
        return again(request, DELETE, form, **said)
    typed = form.value
    if typed.word.casefold() != word().casefold():
        form = form.fail("word", lazy("Type the word “%(word)s” here.", word=word()))
    elif not said["own"] and not is_anew:
        form = form.fail("", SIGN_IN_ANEW)
    elif said["own"] and not typed.password:
        form = form.fail("password", lazy("Fill this in."))
    if form.value is None:
        return again(request, DELETE, form, **said)
    try:
        if said["own"] and not await is_their_password(database, request, viewer, typed.password):
            return again(request, DELETE, form.fail("password", WRONG_PASSWORD), **said)
        await _delete(database, request, viewer)
    except TooManyError as error:
        return too_often(request, DELETE, form, error, **said)
    except StillNeededError as error:
        return page(request, DELETE, error.status, form=None, **said | {"objections": [error.message]})
    response = go(
        request,
        path_of(request, "home.landing"),
        say=lazy("Your account is deleted. Thank you for having been here."),
    )
    return signing_in.forget(request, response)


async def _delete(database: Database, request: Request, viewer: Viewer) -> None:
    async with database.transaction() as session:
        user = await session.scalar(select(User).where(User.id == viewer.id))
        await delete_account(session, viewer.id, session_id=viewer.session_id)
        if user is not None:
            await letters.send_goodbye(session, request, user)


def word() -> str:
    """What is typed to show that it is meant."""
    return gettext("delete")
