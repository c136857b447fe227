"""People whose organisation signs them in: where an address leads, said before anybody looks for its account."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.db import Statement
from app.errors import GuildhallError
from app.i18n import lazy


class Provided(NamedTuple):
    """An organisation that signs the people of a domain in by itself; `required`: they come in no other way."""

    name: str
    slug: str
    required: bool


# By names of tables: organisations stand further right. Only what an operator has confirmed counts.
_OF_DOMAIN = Statement("""
    SELECT h.name, o.slug, p.required FROM sign_in_domains d JOIN sign_in_providers p ON p.id = d.provider_id
    JOIN organisations o ON o.id = p.organisation_id JOIN holders h ON h.id = o.holder_id
    WHERE d.domain = :domain AND d.proven_at IS NOT NULL
""")


class SignInElsewhereError(GuildhallError):
    """Passwords and links do not sign people of this domain in. Says nothing about who has an account."""

    status = 403
    code = "sign_in_elsewhere"
    template = "accounts/elsewhere.html"
    title = lazy("Your organisation signs you in")
    message = lazy("Sign in through your organisation. A password is not needed for it.")

    def __init__(self, provided: Provided, onward: str = "") -> None:
        self._context: dict[str, object] = {"provided": provided, "next": onward}
        super().__init__()

    def context(self) -> dict[str, object]:
        """Through which organisation, and where to go then."""
        return self._context


def domain_of(email: str) -> str:
    """The domain of an address, in small letters, as it is compared."""
    return email.lower().rpartition("@")[2]


def is_staff(user: User | None) -> bool:
    """Whether someone looks after the site: they sign in with their own password, and never through others."""
    return user is not None and (user.is_operator or user.is_bookkeeper)


async def provided_for(session: AsyncSession, email: str) -> Provided | None:
    """The organisation that signs people of this address's domain in; None: each signs in by themselves."""
    found = await _OF_DOMAIN.row(session, domain=domain_of(email))
    return Provided(found.name, found.slug, found.required) if found else None


async def required_for(session: AsyncSession, email: str) -> Provided | None:
    """The same where they may come in no other way."""
    found = await provided_for(session, email)
    return found if found and found.required else None


async def refuse_if_elsewhere(session: AsyncSession, email: str, onward: str = "") -> None:
    """Raise SignInElsewhereError if people of this address's domain come in through their organisation only."""
    if (found := await required_for(session, email)) is not None:
        raise SignInElsewhereError(found, onward)
