"""Signing someone in on a browser, and out again: the cookie and the session behind it."""

from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import known_browsers, sessions
from app.accounts.access import Viewer
from app.accounts.elsewhere import is_staff, refuse_if_elsewhere
from app.accounts.models import User
from app.accounts.service import BannedError, held
from app.errors import ConflictError
from app.i18n import lazy
from app.web.browser import YEAR, delete_cookie, set_cookie


class OutdatedSignInError(ConflictError):
    """The password was changed, or the account deleted, after this sign-in had begun."""

    code = "outdated_sign_in"
    title = lazy("Sign in again")
    message = lazy("The password of this account was changed a moment ago. Sign in with the new one.")


class Opened(NamedTuple):
    """A session that was just opened: the token for its cookie, and what makes this browser a known one."""

    token: str
    mark: str


async def open_on_this_browser(
    session: AsyncSession, request: Request, user: User, *, elsewhere: bool = False
) -> Opened:
    """A new session, never one that was there before.

    `user`: as they were when their password, or whatever else opens the account, was checked. The one door to every
    session. OutdatedSignInError if that was changed since; BannedError for a closed account; SignInElsewhereError for
    someone whose organisation signs its people in by itself, unless it has just done so (`elsewhere`).
    """
    checked = user.credentials_version
    # Locked until the session is there: whoever changes the password at this moment ends it, or has come first.
    present = await held(session, user.id)
    if present is None or present.credentials_version != checked:
        raise OutdatedSignInError
    if not elsewhere and not is_staff(present):
        await refuse_if_elsewhere(session, present.email)
    if present.banned_at is not None:
        raise BannedError(present.ban_reason)
    await close_on_this_browser(session, request)
    token = await sessions.open_session(session, present.id, request.headers.get("user-agent", ""))
    return Opened(token, known_browsers.mark_of(request, present))


async def close_on_this_browser(session: AsyncSession, request: Request) -> None:
    """End the session of this browser, if it has one."""
    viewer: Viewer | None = request.state.viewer
    if viewer is not None and viewer.session_id is not None:
        await sessions.close(session, viewer.id, viewer.session_id)


def remember(request: Request, response: Response, opened: Opened) -> Response:
    """Put the session's token in its cookie. When the session is over is the database's to say."""
    set_cookie(request, response, sessions.COOKIE, opened.token, YEAR)
    known_browsers.remember(request, response, opened.mark)
    return response


def forget(request: Request, response: Response) -> Response:
    """Take the cookie away."""
    delete_cookie(request, response, sessions.COOKIE)
    return response
