"""The browser itself: a random number in a cookie, which ties forms and a participant's place to it."""

import hashlib
import hmac
import re
import secrets
from functools import cache

from fastapi import Request, Response
from itsdangerous import BadSignature, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

from app import clock, i18n
from app.settings import Settings

NO_TOKEN = re.compile(r"(?:&(?:gt|lt|quot|#\d+);|[^A-Za-z0-9_-])+\Z")
YEAR = 365 * 24 * 3600


def settings_of(request: Request) -> Settings:
    """The process's settings."""
    found: Settings = request.app.state.settings
    return found


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` tells the browser to accept the cookie from this very host only, and over https only."""
    return f"__Host-{name}" if settings.secure else name


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send along with a form."""
    settings = settings_of(request)
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        httponly=True,
        secure=settings.secure,
        samesite="lax",
        path="/",
    )


def get_cookie(request: Request, name: str) -> str | None:
    """The cookie's value, None without one."""
    return request.cookies.get(cookie_name(settings_of(request), name))


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Make the browser forget a cookie."""
    settings = settings_of(request)
    response.delete_cookie(cookie_name(settings, name), path="/", secure=settings.secure, httponly=True)


def asked_for(request: Request) -> str:
    """The first of the languages that the browser or program asks for that is spoken here."""
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip().split("-")[0].lower()
        if code in i18n.LANGUAGES:
            return code
    return i18n.DEFAULT


def speak_to_stranger(request: Request) -> None:
    """Speak the language that was chosen on this browser, else the one that it asks for."""
    i18n.speak(get_cookie(request, "language") or asked_for(request))


def browser_id(request: Request) -> str:
    """This browser's number; a new one is remembered and sent with the answer (`app.web.frame`)."""
    state = request.state
    known: str | None = getattr(state, "browser_id", None)
    if known is None:
        known = get_cookie(request, "browser")
        state.new_browser = known is None
        known = known or secrets.token_urlsafe(24)
        state.browser_id = known
    return known


def keyed_hash(settings: Settings, purpose: str, text: str) -> str:
    """A hash that only this site can make: hex, different for every purpose."""
    key = f"guildhall.{purpose}.{settings.secret_key.get_secret_value()}".encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class _ByOurClock(TimestampSigner):
    """Dates what it signs by the site's clock, which tests and the demo can move."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def signer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    """Signs small values that travel through a browser or a mail, each purpose with its own key."""
    return _signer(settings.secret_key.get_secret_value(), purpose)


def undated_signer(settings: Settings, purpose: str) -> URLSafeSerializer:
    """The same without a date: what is signed twice is the same text."""
    return URLSafeSerializer(settings.secret_key.get_secret_value(), salt=f"guildhall.undated.{purpose}")


def stamp(settings: Settings, purpose: str) -> TimestampSigner:
    """The same for a plain text of letters and digits, as every form carries one: without JSON and packing."""
    return _stamp(settings.secret_key.get_secret_value(), purpose)


@cache
def _signer(key: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"guildhall.{purpose}", signer=_ByOurClock)


@cache
def _stamp(key: str, purpose: str) -> TimestampSigner:
    return _ByOurClock(key, salt=f"guildhall.stamp.{purpose}")


def bare_token(text: str) -> str:
    """A token as it was made: what mail programs and chats glue to the end of a link is none of it.

    Tokens end with a letter, a digit, a hyphen or an underscore: a full stop, a bracket, a quotation mark or a space
    behind one was part of the sentence.
    """
    return NO_TOKEN.sub("", text)


def unsigned(settings: Settings, purpose: str, text: str | None, *, seconds: int) -> object | None:
    """What `signer` signed for this purpose, or None if it is missing, forged or older than `seconds`."""
    if not text:
        return None
    try:
        value: object = signer(settings, purpose).loads(bare_token(text), max_age=seconds)
    except BadSignature:
        return None
    return value
