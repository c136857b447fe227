"""One's own API tokens."""

from fastapi import APIRouter, Request, Response

from app import clock
from app.accounts import tokens
from app.accounts.access import SignedIn, Verified, Viewer
from app.accounts.answers import again, held_signed_in
from app.accounts.schemas import NewToken
from app.db import Session
from app.i18n import lazy
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of

router = APIRouter()
LIST = "accounts/tokens.html"


@router.get("/account/tokens", name="accounts.tokens")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The list, and the form for one more."""
    found = await tokens.list_tokens(session, viewer.id)
    return page(request, LIST, form=None, tokens=found, now=clock.now())


@router.post("/account/tokens")
async def create(request: Request, session: Session, viewer: Verified) -> Response:
    """A new token, shown this once: in this answer, which no browser keeps."""
    form = await read_form(request, NewToken)
    if form.value is None:
        return await _again(request, session, viewer, form)
    days = int(form.value.days) if form.value.days else None
    try:
        await held_signed_in(session, viewer)
        made = await tokens.create_token(session, viewer.id, form.value.name, days=days)
    except tokens.TooManyTokensError as error:
        return await _again(request, session, viewer, form.fail("", error.message))
    response = page(request, "accounts/token.html", token=made.row, secret=made.secret)
    response.headers["cache-control"] = "no-store"
    return response


async def _again(request: Request, session: Session, viewer: Viewer, form: Form[NewToken]) -> Response:
    found = await tokens.list_tokens(session, viewer.id)
    return again(request, LIST, form, tokens=found, now=clock.now())


@router.post("/account/tokens/{token_id:int}/revoke", name="accounts.revoke_token")
async def revoke(request: Request, session: Session, viewer: SignedIn, token_id: int) -> Response:
    """End one of them."""
    await tokens.revoke_token(session, viewer.id, token_id)
    return go(
        request,
        path_of(request, "accounts.tokens"),
        say=lazy("The token is revoked. It no longer opens anything."),
    )
