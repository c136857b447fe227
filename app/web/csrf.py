"""Forms are accepted only from our own pages, in the browser that was shown them."""

import secrets

from fastapi import Request
from itsdangerous import BadSignature, SignatureExpired
from markupsafe import Markup

from app.errors import GuildhallError
from app.i18n import lazy
from app.web.browser import browser_id, keyed_hash, settings_of, stamp

FIELD = "form_token"
HOURS_12 = 12 * 3600
SAFE = {"GET", "HEAD", "OPTIONS"}
# More than any form has, the largest file with it. Checked before a byte of it is read.
LARGEST_FORM = 6_000_000


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
    token = form.get(FIELD)
    request.state.form = form
    try:
        found = stamp(settings_of(request), "form").unsign(str(token or ""), max_age=HOURS_12)
    except SignatureExpired as old:
        if _is_of(request, old.payload or b""):
            raise ExpiredFormError from None
        raise ForgedFormError from None
    except BadSignature:
        raise ForgedFormError from None
    if not _is_of(request, found):
        raise ForgedFormError
    request.state.form_is_ours = True


def _is_of(request: Request, found: bytes) -> bool:
    nonce, _, mark = found.decode().partition(".")
    return secrets.compare_digest(mark.encode(), _mark(request, nonce).encode())


def _mark(request: Request, nonce: str) -> str:
    """What ties a token to this browser without showing its number, and without repeating itself."""
    return keyed_hash(settings_of(request), "form", f"{nonce}:{browser_id(request)}")
