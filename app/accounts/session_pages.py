"""The browsers someone is signed in on."""

from fastapi import APIRouter, Request, Response

from app.accounts import sessions, signing_in
from app.accounts.access import SignedIn
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.web.pages import go, page, path_of

router = APIRouter()


@router.get("/account/sessions", name="accounts.sessions")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """All of them, this one first."""
    found = await sessions.list_open(session, viewer.id)
    found.sort(key=lambda each: each.id != viewer.session_id)
    return page(request, "accounts/sessions.html", sessions=found)


@router.post("/account/sessions/end", name="accounts.end_sessions")
async def end_others(request: Request, session: Session, viewer: SignedIn) -> Response:
    """Sign out everywhere else."""
    await sessions.close_all(session, viewer.id, but=viewer.session_id)
    return go(request, path_of(request, "accounts.sessions"), say=lazy("You are signed out everywhere else."))


@router.post("/account/sessions/{session_id:int}/end", name="accounts.end_session")
async def end(request: Request, session: Session, viewer: SignedIn, session_id: int) -> Response:
    """Sign out on one browser; on this one it is a sign-out like any other."""
    if not await sessions.close(session, viewer.id, session_id):
        raise NotFoundError
    if session_id == viewer.session_id:
        response = go(request, path_of(request, "home.landing"), say=lazy("You are signed out."))
        return signing_in.forget(request, response)
    return go(request, path_of(request, "accounts.sessions"), say=lazy("That browser is signed out."))
