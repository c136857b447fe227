"""The language of the pages: for visitors on their browser, for people with an account everywhere."""

from fastapi import APIRouter, Request, Response

from app.accounts.access import AnyViewer
from app.accounts.changes import change_language
from app.db import Session
from app.i18n import LANGUAGES
from app.web.browser import YEAR, set_cookie
from app.web.pages import go, local_path, path_of

router = APIRouter()


@router.post("/language", name="home.language")
async def choose(request: Request, session: Session, viewer: AnyViewer) -> Response:
    """Remember the language and go back to where it was chosen."""
    form = await request.form()
    wanted, back = str(form.get("language", "")), str(form.get("next", ""))
    response = go(request, local_path(back, path_of(request, "home.landing")))
    if wanted in LANGUAGES:
        set_cookie(request, response, "language", wanted, YEAR)
        if viewer is not None:
            await change_language(session, viewer.id, wanted)
    return response
