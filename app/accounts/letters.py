"""The mails of an account, each in its reader's language, with its link."""

from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of
from app.accounts.models import User
from app.mail import Mailer
from app.web.browser import settings_of
from app.web.pages import address_of

# No mail that a stranger can cause carries the name, or any other words, that the stranger typed.


async def send_verification(session: AsyncSession, request: Request, user: User) -> None:
    """Is this address yours? To a new account's address."""
    token = VerifyLink(user.id, user.email).sign(settings_of(request))
    await _send(
        session, request, user, "verify_address", link=address_of(request, "accounts.verify", token=token)
    )


async def send_account_exists(session: AsyncSession, request: Request, user: User) -> None:
    """You already have an account: to the owner of an address that someone wants to use again."""
    await _send(session, request, user, "account_exists", link=_reset_link(request, user))


async def send_reset(session: AsyncSession, request: Request, user: User) -> None:
    """Set a new password."""
    await _send(session, request, user, "new_password", link=_reset_link(request, user))


async def send_password_changed(session: AsyncSession, request: Request, user: User) -> None:
    """Your password was changed."""
    await _send(session, request, user, "password_changed", link=address_of(request, "accounts.forgot"))


async def send_address_change(session: AsyncSession, request: Request, user: User, new: str) -> None:
    """Is this address yours? To the new address; to the old one, that it was asked for."""
    settings = settings_of(request)
    token = AddressLink(user.id, fragment_of(settings, user), user.email, new).sign(settings)
    link = address_of(request, "accounts.confirm_email", token=token)
    await _send(session, request, user, "confirm_address", to=new, link=link)
    await send_address_change_asked(session, request, user, new)


async def send_address_change_asked(session: AsyncSession, request: Request, user: User, new: str) -> None:
    """Someone wants to move your account to another address: to the old one."""
    link = address_of(request, "accounts.forgot")
    await _send(session, request, user, "address_change_asked", new=new, link=link)


async def send_address_changed(session: AsyncSession, request: Request, user: User, old: str) -> None:
    """Your account has moved to another address: to the old one."""
    await _send(session, request, user, "address_changed", to=old, new=user.email)


async def send_goodbye(session: AsyncSession, request: Request, user: User) -> None:
    """Your account is deleted."""
    await _send(session, request, user, "goodbye")


def _reset_link(request: Request, user: User) -> str:
    settings = settings_of(request)
    token = ResetLink(user.id, fragment_of(settings, user)).sign(settings)
    return address_of(request, "accounts.reset", token=token)


async def _send(
    session: AsyncSession, request: Request, user: User, mail: str, *, to: str | None = None, **context: Any
) -> None:
    mailer: Mailer = request.app.state.mailer
    await mailer.send(session, to or user.email, mail, language=user.language, **context)
