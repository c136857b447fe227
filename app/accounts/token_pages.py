"""One's own API tokens."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import letters, tokens
from app.accounts.access import SignedIn, Verified, Viewer
from app.accounts.answers import again, held_signed_in
from app.accounts.schemas import NewToken
from app.accounts.scopes import HINTS, WORDS
from app.db import Session
from app.i18n import lazy
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
LIST = "accounts/tokens.html"


@router.get("/account/tokens", name="accounts.tokens")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The list, and the form for one more."""
    return page(request, LIST, form=None, **await _facts(session, viewer))


@router.post("/account/tokens")
async def create(request: Request, session: Session, viewer: Verified) -> Response:
    """A new token, shown this once: in this answer, which no browser keeps. Its owner is told by mail."""
    form = await read_form(request, NewToken)
    if form.value is not None and not form.value.scopes:
        form.fail("scope_read", lazy("Tick at least one thing that it may do."))
    if form.value is None:
        return again(request, LIST, form, **await _facts(session, viewer))
    typed = form.value
    days = None if typed.days == "never" else int(typed.days)
    try:
        user = await held_signed_in(session, viewer)
        made = await tokens.create_token(session, viewer.id, typed.name, days=days, scopes=typed.scopes)
    except tokens.TooManyTokensError as error:
        return again(request, LIST, form.fail("", error.message), **await _facts(session, viewer))
    await letters.send_token_made(session, request, user, made.row)
    response = page(request, "accounts/token.html", token=made.row, secret=made.secret)
    response.headers["cache-control"] = "no-store"
    return response


async def _facts(session: AsyncSession, viewer: Viewer) -> dict[str, Any]:
    made = await tokens.list_tokens(session, viewer.id)
    return {"tokens": made, "now": clock.now(), "words": WORDS, "hints": HINTS}


@router.post("/account/tokens/{token_id:int}/revoke", name="accounts.revoke_token")
async def revoke(request: Request, session: Session, viewer: SignedIn, token_id: int) -> Response:
    """End one of them."""
    await tokens.revoke_token(session, viewer.id, token_id)
    return go(
        request,
        path_of(request, "accounts.tokens"),
        say=lazy("The token is revoked. It no longer opens anything."),
    )
