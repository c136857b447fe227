"""Who is looking: the viewer of a page, and what a page may demand of them."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from sqlalchemy.exc import DBAPIError

from app import i18n, wording
from app.accounts import sessions, tokens
from app.accounts.service import BannedError
from app.accounts.zones import known_zone
from app.db import Database, get_database
from app.errors import ForbiddenError, GuildhallError, NotFoundError
from app.i18n import lazy
from app.outages import outage_of
from app.web import kept_forms
from app.web.browser import get_cookie, speak_to_stranger
from app.web.csrf import SAFE, is_ours

ZONE_COOKIE = "zone"  # where a guest's browser is; a script writes it
SEND_AGAIN = "/send-again"
ACTING = "acting"  # the cookie that says for whom one acts on this browser


class Represented(NamedTuple):
    """An organisation that the viewer hosts for and is not suspended from."""

    holder_id: int
    name: str
    slug: str


@dataclass(frozen=True)
class Viewer:
    """A signed-in person, as the pages and access rules see them."""

    id: int
    holder_id: int
    name: str
    email: str
    language: str
    time_zone: str
    is_operator: bool
    is_bookkeeper: bool
    is_verified: bool
    session_id: int | None
    organisations: tuple[Represented, ...] = ()
    acting_holder_id: int | None = None
    """for whom they act on this browser, as they chose last; None: they have not chosen"""

    @property
    def acting(self) -> Represented | None:
        """The organisation for which they act on this browser; None: as themselves."""
        return next((one for one in self.organisations if one.holder_id == self.acting_holder_id), None)

    @property
    def initials(self) -> str:
        """One or two letters for the account menu."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


class TokenInUse(NamedTuple):
    """The API token that a request came with; scopes are those of `app.accounts.scopes`."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime | None


class SignInNeededError(GuildhallError):
    """The page is for people with an account: they sign in and come back to it."""

    status = 401
    code = "sign_in_needed"
    title = lazy("Sign in first")
    message = lazy("This page is for people who have an account here.")

    def __init__(self, path: str) -> None:
        self._path = path
        super().__init__()

    def location(self) -> str:
        """The sign-in page, which leads back."""
        return f"/sign-in?next={quote(self._path, safe='/')}"


class VerificationNeededError(ForbiddenError):
    """The account's e-mail address is not verified yet."""

    code = "verification_needed"
    template = "accounts/verification_needed.html"
    title = lazy("Verify your e-mail address first")
    message = lazy(
        "Open the link in the mail that we sent you. You can have it sent again from your account page."
    )


class TokenNeededError(GuildhallError):
    """The API is asked without a token, or with one that is not ours or is over."""

    status = 401
    code = "token_needed"
    title = lazy("Send a token")
    message = lazy("Send a personal API token of yours as: Authorization: Bearer gh_…")

    def headers(self) -> dict[str, str]:
        """How to sign in here (RFC 6750)."""
        return {"www-authenticate": 'Bearer realm="api"'}


class TokenOverError(TokenNeededError):
    """There is a token, and it opens nothing: unknown, revoked or over. Nobody is told which."""

    code = "token_over"
    title = lazy("This token opens nothing")
    message = lazy("It is mistyped, revoked or over. Make a new one on your account page.")

    def headers(self) -> dict[str, str]:
        """What is wrong with it (RFC 6750, 3.1)."""
        return {"www-authenticate": 'Bearer realm="api", error="invalid_token"'}


async def load_viewer(request: Request) -> Viewer | None:
    """The person signed in on this browser, None for everyone else; also sets language and time zone.

    In a transaction of its own: a page that then asks BigBlueButton holds no connection meanwhile.
    """
    # Until it is known who it is: should that fail, the page that says so speaks their language.
    speak_to_stranger(request)
    found = None
    if token := get_cookie(request, sessions.COOKIE):
        found = await _seen(get_database(request), token)
    viewer = viewer_of(found) if found is not None and found.banned_at is None else None
    if (
        viewer is not None
        and (chosen := get_cookie(request, ACTING))
        and chosen.isascii()
        and chosen.isdigit()
    ):
        # What it says is looked up among those whom they may act for: a made-up one means nothing.
        viewer = replace(viewer, acting_holder_id=int(chosen[:18]))
    request.state.viewer = viewer
    use_language(request, viewer)
    return viewer


async def _seen(database: Database, token: str) -> Any | None:
    async with database.reading() as session:
        found = await sessions.find(session, token)
    if found is not None and sessions.is_to_be_seen(found.last_seen_at):
        try:
            async with database.transaction() as session:
                await sessions.keep_alive(session, found.session_id)
        except DBAPIError as error:
            # A full disk, or a server that only reads for now: that is no reason not to show a page.
            if outage_of(error) is None:
                raise
    return found


def viewer_of(row: object) -> Viewer:
    """The viewer that a row of `sessions.find` or of an API token describes."""
    names = ("id", "holder_id", "name", "email", "language", "time_zone", "is_operator", "is_bookkeeper")
    return Viewer(
        **{name: getattr(row, name) for name in names},
        is_verified=row.verified_at is not None,  # type: ignore[attr-defined]  # rows have the columns asked for
        session_id=getattr(row, "session_id", None),
        organisations=tuple(Represented(*one) for one in _listed(row.organisations)),  # type: ignore[attr-defined]  # as above
    )


def _listed(organisations: str | list[list[Any]] | None) -> list[list[Any]]:
    """As the driver brings JSON, a text, or as SQLAlchemy does, read."""
    found: list[list[Any]] = (
        json.loads(organisations) if isinstance(organisations, str) else organisations or []
    )
    return found


def use_language(request: Request, viewer: Viewer | None) -> None:
    """The viewer's own language and zone; else the one chosen on this browser, else what the browser asks for.

    Guests have the zone that their browser is in: `static/js/guest_zone.js` says it in a cookie.
    """
    wording.use_zone(viewer.time_zone if viewer else known_zone(request.cookies.get(ZONE_COOKIE)))
    if viewer:
        i18n.speak(viewer.language)
    else:
        speak_to_stranger(request)


AnyViewer = Annotated[Viewer | None, Depends(load_viewer)]


# Coroutines, though nothing in them waits: FastAPI hands anything else to a thread.
async def _signed_in(request: Request, viewer: AnyViewer) -> Viewer:
    if viewer is None:
        raise SignInNeededError(await _onward(request))
    return viewer


async def _onward(request: Request) -> str:
    """Where to go once signed in: to the same page; for a form, to what was typed in it, or to its page."""
    if request.method in SAFE:
        return _address_of(request)
    is_kept = await kept_forms.keep_form(get_database(request), request)
    await request.state.form.close()
    if is_kept:
        return SEND_AGAIN
    referer = request.headers.get("referer", "")
    return urlsplit(referer).path or "/" if is_ours(request, referer) else "/"


def _address_of(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


SignedIn = Annotated[Viewer, Depends(_signed_in)]


async def _verified(viewer: SignedIn) -> Viewer:
    if not viewer.is_verified:
        raise VerificationNeededError
    return viewer


Verified = Annotated[Viewer, Depends(_verified)]


async def _operator(viewer: SignedIn) -> Viewer:
    if not viewer.is_operator:
        raise NotFoundError
    return viewer


Operator = Annotated[Viewer, Depends(_operator)]


async def load_api_viewer(request: Request) -> Viewer:
    """The person behind the request's token. Cookies mean nothing here, so no other site's form can get in.

    Raises TokenNeededError, TokenOverError, BannedError, VerificationNeededError.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenNeededError
    async with get_database(request).transaction() as session:
        found = await tokens.find_by_token(session, token.strip())
    if found is None:
        raise TokenOverError
    viewer = viewer_of(found)
    use_language(request, viewer)
    if found.banned_at is not None:
        raise BannedError(found.ban_reason)
    if not viewer.is_verified:
        raise VerificationNeededError
    request.state.viewer = viewer
    request.state.token = TokenInUse(found.token_name, frozenset(found.scopes), found.expires_at)
    return viewer


ApiViewer = Annotated[Viewer, Depends(load_api_viewer)]
