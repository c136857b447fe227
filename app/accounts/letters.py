"""The mails of an account, each in its reader's language, with its link."""

from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of, trace_of_browser
from app.accounts.models import ApiToken, User
from app.accounts.scopes import WORDS, Scope
from app.mail import Mailer
from app.web.browser import settings_of
from app.web.pages import address_of

# Asked for again, it is the same link; but nobody is sent one that is over before they have opened it.
SAME_LINK = ResetLink.holds - timedelta(minutes=15)

# No mail that a stranger can cause carries the name, or any other words, that the stranger typed.


async def send_verification(
    session: AsyncSession, request: Request, user: User, *, from_here: bool = True
) -> None:
    """Is this address yours? To a new account's address.

    `from_here`: this browser made the account, or knows its password; there one button is enough.
    """
    browser = trace_of_browser(request, user.id) if from_here else ""
    token = VerifyLink(user.id, user.email, browser).sign(settings_of(request))
    await _send(
        session, request, user, "verify_address", link=address_of(request, "accounts.verify", token=token)
    )


async def send_account_exists(session: AsyncSession, request: Request, user: User) -> None:
    """You already have an account: to the owner of an address that someone wants to use again."""
    await _send(session, request, user, "account_exists", link=await _reset_link(session, request, user))


async def send_reset(session: AsyncSession, request: Request, user: User) -> None:
    """Set a new password."""
    await _send(session, request, user, "new_password", link=await _reset_link(session, request, user))


async def send_password_changed(
    session: AsyncSession, request: Request, user: User, *, tokens_go_on: bool = False
) -> None:
    """Your password was changed; `tokens_go_on`: the API tokens still open the account."""
    link = address_of(request, "accounts.forgot")
    await _send(session, request, user, "password_changed", link=link, tokens_go_on=tokens_go_on)


async def send_token_made(session: AsyncSession, request: Request, user: User, token: ApiToken) -> None:
    """A program has a token for your account now: to its owner, who may not be who made it."""
    link = address_of(request, "accounts.tokens")
    made: dict[str, Any] = {
        "name": token.name,
        "scopes": [WORDS[Scope(scope)] for scope in token.scopes],
        "ends": token.expires_at,
    }
    await _send(session, request, user, "token_made", link=link, **made)


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


async def _reset_link(session: AsyncSession, request: Request, user: User) -> str:
    """The link that is on its way, if it holds for a while yet; else a new one."""
    settings, now = settings_of(request), clock.now()
    made_at = await session.scalar(
        # One statement: of two who ask at once, both get the link of the first.
        update(User)
        .where(User.id == user.id)
        .values(reset_link_at=case((User.reset_link_at > now - SAME_LINK, User.reset_link_at), else_=now))
        .returning(User.reset_link_at)
        .execution_options(synchronize_session=False)
    )
    made = int((made_at or now).timestamp())  # nobody's account has none, and no mail either
    token = ResetLink(user.id, fragment_of(settings, user), made).sign(settings)
    return address_of(request, "accounts.reset", token=token)


async def _send(
    session: AsyncSession, request: Request, user: User, mail: str, *, to: str | None = None, **context: Any
) -> None:
    mailer: Mailer = request.app.state.mailer
    await mailer.send(session, to or user.email, mail, language=user.language, **context)
