"""Signing someone in on a browser, and out again: the cookie and the session behind it."""

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import sessions
from app.accounts.access import Viewer
from app.accounts.elsewhere import is_staff, refuse_if_elsewhere
from app.accounts.models import User
from app.accounts.service import BannedError
from app.web.browser import YEAR, delete_cookie, set_cookie


async def open_on_this_browser(
    session: AsyncSession, request: Request, user: User, *, elsewhere: bool = False
) -> str:
    """A new session, never one that was there before; returns its token.

    The one door to every session. BannedError for a closed account; SignInElsewhereError for someone whose
    organisation signs its people in by itself, unless it has just done so (`elsewhere`).
    """
    if not elsewhere and not is_staff(user):
        await refuse_if_elsewhere(session, user.email)
    if user.banned_at is not None:
        raise BannedError(user.ban_reason)
    await close_on_this_browser(session, request)
    return await sessions.open_session(session, user.id, request.headers.get("user-agent", ""))


async def close_on_this_browser(session: AsyncSession, request: Request) -> None:
    """End the session of this browser, if it has one."""
    viewer: Viewer | None = request.state.viewer
    if viewer is not None and viewer.session_id is not None:
        await sessions.close(session, viewer.id, viewer.session_id)


def remember(request: Request, response: Response, token: str) -> Response:
    """Put the session's token in its cookie. When the session is over is the database's to say."""
    set_cookie(request, response, sessions.COOKIE, token, YEAR)
    return response


def forget(request: Request, response: Response) -> Response:
    """Take the cookie away."""
    delete_cookie(request, response, sessions.COOKIE)
    return response
