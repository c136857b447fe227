"""Forms are accepted only from our own pages, in the browser that was shown them."""

import secrets
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadSignature, SignatureExpired
from markupsafe import Markup

from app.errors import GuildhallError
from app.i18n import lazy
from app.web.browser import browser_id, keyed_hash, settings_of, stamp

E = TypeVar("E", bound=Callable[..., Any])
FIELD = "form_token"
ANY_AGE = "takes_forms_of_any_age"
HOURS_12 = 12 * 3600
SAFE = {"GET", "HEAD", "OPTIONS"}
# More than any form has, the largest file with it. Checked before a byte of it is read.
LARGEST_FORM = 6_000_000


class Age(Enum):
    """How old a form is."""

    OF_TODAY = "of today"
    OLD = "old"
    NOT_OURS = "not ours"


class ForgedFormError(GuildhallError):
    """The form did not come from a page that this browser was shown."""

    status = 403
    code = "form_not_ours"
    title = lazy("This form did not come from here")
    message = lazy("Open the page again and send the form from there. Cookies must be allowed for this site.")


class TooLargeFormError(GuildhallError):
    """The form, with the files in it, is larger than any that we have, or does not say how large it is."""

    status = 413
    code = "form_too_large"
    title = lazy("This is too large")
    message = lazy("A form can carry 6 MB at most. Go back and choose a smaller file.")


class ExpiredFormError(GuildhallError):
    """The form is ours and old: it can be sent again with one click, nothing typed is lost."""

    status = 409
    code = "form_expired"
    title = lazy("This page was open for a long time")
    message = lazy("Nothing is lost. Look at what you typed, then send it again.")


def csrf_field(request: Request) -> Markup:
    """The hidden field that every form carries. New at each rendering, so that compression tells nothing."""
    nonce = secrets.token_urlsafe(9)
    token = stamp(settings_of(request), "form").sign(f"{nonce}.{_mark(request, nonce)}").decode()
    return Markup(f'<input type="hidden" name="{FIELD}" value="{token}">')  # noqa: S704  letters, digits, dots


async def protect(request: Request) -> None:
    """Refuse a form that is forged or expired. Every page router depends on it; see tests/app/web/test_csrf.py.

    Who is not signed in may send a form of any age, also after their cookies were cleared, if the browser says that
    it came from here.

    Raises ForgedFormError, ExpiredFormError, TooLargeFormError.
    """
    if request.method in SAFE:
        return
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise ForgedFormError
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length[:12]) > LARGEST_FORM:
        raise TooLargeFormError
    form = await request.form()
    request.state.form = form
    age = _age(request, str(form.get(FIELD) or ""))
    # Nobody is signed in: there is no session that another site could use. Unknown as long as nobody has looked.
    is_guest = getattr(request.state, "viewer", ...) is None
    if age is Age.NOT_OURS and not (is_guest and came_from_here(request)):
        raise ForgedFormError
    if age is Age.OLD and not is_guest and not getattr(request.scope.get("endpoint"), ANY_AGE, False):
        raise ExpiredFormError
    request.state.form_is_ours = True


def at_any_age(endpoint: E) -> E:
    """For a form that may be as old as it likes, whoever sends it: one that lets people in, or signs them in."""
    setattr(endpoint, ANY_AGE, True)
    return endpoint


def came_from_here(request: Request) -> bool:
    """Whether the browser itself says that one of our own pages sent this. No page can make it say so of another.

    What protects a form without a token from other sites, sign-ins above all: nobody is signed in to an account that
    is not theirs.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return is_ours(request, request.headers.get("origin", ""))


def is_ours(request: Request, url: str) -> bool:
    """Whether an address is on this site: at its public address, or at the name by which it was asked."""
    ours = urlsplit(settings_of(request).public_url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == ours.scheme and parts.netloc in {ours.netloc, request.headers.get("host") or ...}


def _age(request: Request, token: str) -> "Age":
    """How old a form is, by its token; a token that was made for another browser is none of ours."""
    signed = stamp(settings_of(request), "form")
    try:
        if not _is_of(request, signed.unsign(token)):
            return Age.NOT_OURS
        signed.unsign(token, max_age=HOURS_12)
    except SignatureExpired:
        return Age.OLD
    except BadSignature:
        return Age.NOT_OURS
    return Age.OF_TODAY


def _is_of(request: Request, found: bytes) -> bool:
    nonce, _, mark = found.decode().partition(".")
    return secrets.compare_digest(mark.encode(), _mark(request, nonce).encode())


def _mark(request: Request, nonce: str) -> str:
    """What ties a token to this browser without showing its number, and without repeating itself."""
    return keyed_hash(settings_of(request), "form", f"{nonce}:{browser_id(request)}")
