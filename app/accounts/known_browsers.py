"""Browsers on which somebody has signed in to an account before: their wrong passwords are counted by themselves.

OWASP calls it device cookies: whoever guesses from elsewhere uses up nothing of what the owner's own browsers have.
"""

from fastapi import Request, Response

from app.accounts.models import User
from app.web.browser import (
    YEAR,
    browser_id,
    get_cookie,
    keyed_hash,
    set_cookie,
    settings_of,
    signer,
    unsigned,
)

COOKIE = "known"
# Of how many accounts one browser is remembered; the oldest goes first.
MOST_ACCOUNTS = 8
# How many counters one account has for its known browsers, however many there are.
SLOTS = 32
LENGTH = 32


def mark_of(request: Request, user: User) -> str:
    """What says that this browser was signed in to this account: of no use for another one, or on another browser.

    It covers the version of the credentials: a new password makes every browser an unknown one.
    """
    text = f"{user.id}:{user.credentials_version}:{browser_id(request)}"
    return keyed_hash(settings_of(request), "known-browser", text)[:LENGTH]


def is_known(request: Request, user: User) -> bool:
    """Whether somebody has signed in to the account on this browser since its password was last changed."""
    return mark_of(request, user) in _marks(request)


def slot_of(request: Request, user: User) -> str:
    """Which of the account's counters is this browser's: there is a fixed number of them."""
    return f"{user.id}:{int(mark_of(request, user), 16) % SLOTS}"


def remember(request: Request, response: Response, mark: str) -> None:
    """Note on the browser that it is known to one more account."""
    marks = [mark, *(other for other in _marks(request) if other != mark)][:MOST_ACCOUNTS]
    set_cookie(request, response, COOKIE, signer(settings_of(request), COOKIE).dumps(marks), YEAR)


def _marks(request: Request) -> list[str]:
    marks = unsigned(settings_of(request), COOKIE, get_cookie(request, COOKIE), seconds=YEAR)
    return [mark for mark in marks if isinstance(mark, str)] if isinstance(marks, list) else []
