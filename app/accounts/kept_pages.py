"""What was typed when the session had ended, once its author has signed in again."""

from types import SimpleNamespace

from fastapi import APIRouter, Request, Response

from app.accounts.access import SEND_AGAIN, SignedIn
from app.db import Reading
from app.i18n import lazy
from app.web.kept_forms import find_kept
from app.web.pages import go, page, path_of

router = APIRouter()
WORDS = SimpleNamespace(
    title=lazy("Send this again?"),
    message=lazy(
        "Your session had ended when you sent this, so nothing has changed yet. Here’s what you typed."
    ),
)


@router.get(SEND_AGAIN, name="accounts.send_again")
async def show(request: Request, session: Reading, viewer: SignedIn) -> Response:
    """What this browser sent, with one button: whoever signed in looks at it first."""
    del viewer
    typed = await find_kept(session, request)
    if typed is None:
        return go(request, path_of(request, "home.dashboard"))
    response = page(request, "errors/resend.html", error=WORDS, typed=typed)
    response.headers["cache-control"] = "no-store"
    return response
