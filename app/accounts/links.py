"""Links in mails: signed, each with an end, none of use twice."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from fastapi import Request
from itsdangerous import BadSignature

from app import clock
from app.accounts.models import User
from app.errors import GuildhallError
from app.i18n import Text, lazy
from app.settings import Settings
from app.web.browser import bare_token, browser_id, keyed_hash, settings_of, signer, undated_signer, unsigned

FRAGMENT = 24


class LinkOverError(GuildhallError):
    """The link is forged, too old, or has been used."""

    status = 410
    code = "link_over"
    title = lazy("This link no longer works")
    message = lazy(
        "It may be too old, have been used already, or not be the whole link: copy all of it from the mail."
    )
    template = "accounts/link_over.html"

    def __init__(self, next_route: str, next_words: Text) -> None:
        self._next: dict[str, object] = {"next_route": next_route, "next_words": next_words}
        super().__init__()

    def context(self) -> dict[str, object]:
        """What helps now."""
        return self._next


@dataclass(frozen=True)
class Link:
    """One kind of link: a purpose with a key of its own, and how long it holds."""

    purpose: ClassVar[str]
    holds: ClassVar[timedelta]

    def sign(self, settings: Settings) -> str:
        """The token that stands in the address."""
        return signer(settings, self.purpose).dumps(list(vars(self).values()))


def _read(settings: Settings, kind: type[Link], token: str) -> list[object]:
    found = unsigned(settings, kind.purpose, token, seconds=int(kind.holds.total_seconds()))
    return found if isinstance(found, list) else []


@dataclass(frozen=True)
class VerifyLink(Link):
    """Verifies an address; of no use once it is verified or changed.

    `browser`: a trace of the one on which the account was made; empty if the mail was asked for by somebody else.
    """

    purpose = "verify"
    holds = timedelta(days=3)
    user_id: int
    email: str
    browser: str = ""

    @classmethod
    def read(cls, settings: Settings, token: str) -> "VerifyLink | None":
        """The link behind a token that is ours and not too old."""
        match _read(settings, cls, token):
            case [int(user_id), str(email), str(browser)]:
                return cls(user_id, email, browser)
            case [int(user_id), str(email)]:  # from before the browser stood in it
                return cls(user_id, email)
            case _:
                return None


@dataclass(frozen=True)
class ResetLink(Link):
    """Sets a new password; covers a fragment of the present one's hash, so that it holds once.

    `made_at`, in seconds since 1970: asked for again, it is the same link, and ends when the first one does.
    """

    purpose = "reset"
    holds = timedelta(hours=1)
    user_id: int
    fragment: str
    made_at: int

    def sign(self, settings: Settings) -> str:
        """The token that stands in the address: the same each time."""
        return undated_signer(settings, self.purpose).dumps(list(vars(self).values()))

    @classmethod
    def read(cls, settings: Settings, token: str) -> "ResetLink | None":
        """The link behind a token that is ours and not too old."""
        try:
            written = undated_signer(settings, cls.purpose).loads(bare_token(token))
        except BadSignature:
            return None
        match written:
            case [int(user_id), str(fragment), int(made_at)] if timedelta(0) <= _age(made_at) <= cls.holds:
                return cls(user_id, fragment, made_at)
            case _:
                return None


@dataclass(frozen=True)
class AddressLink(Link):
    """Moves an account to a new address; of no use after that, or after a change of password."""

    purpose = "change-address"
    holds = timedelta(days=1)
    user_id: int
    fragment: str
    old: str
    new: str

    @classmethod
    def read(cls, settings: Settings, token: str) -> "AddressLink | None":
        """The link behind a token that is ours and not too old."""
        match _read(settings, cls, token):
            case [int(user_id), str(fragment), str(old), str(new)]:
                return cls(user_id, fragment, old, new)
            case _:
                return None


def trace_of_browser(request: Request, user_id: int) -> str:
    """A trace of this browser that tells nothing about it, different for every account."""
    return keyed_hash(settings_of(request), "verify-browser", f"{user_id}:{browser_id(request)}")[:FRAGMENT]


def is_made_here(request: Request, link: VerifyLink) -> bool:
    """Whether the account of the link was made on this browser."""
    return hmac.compare_digest(trace_of_browser(request, link.user_id), link.browser)


def _age(made_at: int) -> timedelta:
    return timedelta(seconds=int(clock.now().timestamp()) - made_at)


def fragment_of(settings: Settings, user: User) -> str:
    """A trace of the present password that tells nothing about it."""
    return keyed_hash(settings, "password-fragment", f"{user.id}:{user.password_hash}")[:FRAGMENT]


def still_fits(settings: Settings, user: User, fragment: str) -> bool:
    """Whether the password is still the one of the moment when the link was made."""
    return hmac.compare_digest(fragment_of(settings, user), fragment)
