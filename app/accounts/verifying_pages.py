"""The link of the mail to a new account's address: it is verified by whoever made the account, or taken over.

Anybody can make an account with somebody else's address and wait until its owner presses the button of the mail. So
the button alone is for the browser that made it; elsewhere one types the password that was chosen, or sets another.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import letters, passwords, rates, signing_in
from app.accounts.access import AnyViewer, Viewer
from app.accounts.answers import WRONG_PASSWORD, again, too_often
from app.accounts.changes import change_password
from app.accounts.elsewhere import is_staff, refuse_if_elsewhere
from app.accounts.links import LinkOverError, VerifyLink, is_made_here
from app.accounts.models import User
from app.accounts.schemas import KnownPassword, SetPassword
from app.accounts.service import held, verify_address
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import Text, lazy
from app.web.browser import settings_of
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/verify/{token}")
PAGE = "accounts/verify.html"
WELCOME = lazy("Welcome. Your address is verified, and the house is open to you.")
WELCOME_ANEW = lazy(
    "Welcome. Your address is verified, and only the password you’ve just set opens this account."
)


@router.get("", name="accounts.verify")
async def ask(request: Request, session: Session, viewer: AnyViewer, token: str) -> Response:
    """One button, or the password: programs that look into mails open links, but press nothing."""
    user, link = await _of_link(session, request, token)
    if user.verified_at is not None:
        return _already(request, viewer)
    return _page(request, user, token, here=_is_here(request, viewer, link))


@router.post("")
async def verify(request: Request, database: Databased, viewer: AnyViewer, token: str) -> Response:
    """Verify the address and sign in; a link that has done so once signs nobody in again."""
    async with database.transaction() as session:
        user, link = await _of_link(session, request, token)
        if user.verified_at is not None:
            return _already(request, viewer)
        await _refuse_if_elsewhere(session, user)
    if not _is_here(request, viewer, link):
        form = await read_form(request, KnownPassword)
        try:
            if form.value is not None and not await _is_right(database, request, user, form.value.password):
                form.fail("password", WRONG_PASSWORD)
        except TooManyError as error:
            return too_often(request, PAGE, form, error, **_facts(user, token))
        if form.value is None:
            return again(request, PAGE, form, **_facts(user, token))
    return await _enter(request, database, viewer, user, token, WELCOME)


@router.post("/password", name="accounts.verify_anew")
async def set_password(request: Request, database: Databased, viewer: AnyViewer, token: str) -> Response:
    """The owner of the address sets another password: whoever made the account keeps nothing of it."""
    form = await read_form(request, SetPassword)
    async with database.transaction() as session:
        user, _link = await _of_link(session, request, token)
        if user.verified_at is not None:
            return _already(request, viewer)
        await _refuse_if_elsewhere(session, user)
    if form.value is not None:
        problem = passwords.weakness(form.value.new_password, user.email, user.name)
        form = form if problem is None else form.fail("new_password", problem)
    if form.value is None:
        return again(request, PAGE, form, **_facts(user, token))
    hashed = await passwords.hash_password(form.value.new_password)
    return await _enter(request, database, viewer, user, token, WELCOME_ANEW, new_hash=hashed)


async def _enter(
    request: Request,
    database: Database,
    viewer: Viewer | None,
    checked: User,
    token: str,
    welcome: Text,
    *,
    new_hash: str | None = None,
) -> Response:
    """Verified, everybody else signed out, and signed in here: all of it or nothing."""
    async with database.transaction() as session:
        # Locked: of two who press at once, one comes too late.
        user, _link = await _of_link(session, request, token)
        if user.verified_at is not None:
            return _already(request, viewer)
        if user.credentials_version != checked.credentials_version:
            raise signing_in.OutdatedSignInError
        if new_hash is not None:
            await change_password(session, user, new_hash)
            await letters.send_password_changed(session, request, user)
        await verify_address(session, user)
        opened = await signing_in.open_on_this_browser(session, request, user)
    return signing_in.remember(request, go(request, path_of(request, "home.dashboard"), say=welcome), opened)


async def _refuse_if_elsewhere(session: AsyncSession, user: User) -> None:
    if not is_staff(user):
        await refuse_if_elsewhere(session, user.email)


async def _is_right(database: Database, request: Request, user: User, password: str) -> bool:
    this = rates.CONFIRMATIONS, f"verify:{user.id}"
    await rates.count(database, request, this)
    right = (await passwords.verify(password, user.password_hash)).right
    if right:
        await rates.give_back(database, request, this)
    return right


def _is_here(request: Request, viewer: Viewer | None, link: VerifyLink) -> bool:
    """Whether this browser made the account, or is signed in to it with the password that was chosen then."""
    return (viewer is not None and viewer.id == link.user_id) or is_made_here(request, link)


async def _of_link(session: AsyncSession, request: Request, token: str) -> tuple[User, VerifyLink]:
    link = VerifyLink.read(settings_of(request), token)
    user = await held(session, link.user_id) if link else None
    if link is None or user is None or user.email != link.email:
        raise LinkOverError("accounts.sign_in", lazy("Sign in and have a new one sent"))
    return user, link


def _facts(user: User, token: str) -> dict[str, Any]:
    return {"email": user.email, "token": token, "here": False}


def _page(request: Request, user: User, token: str, *, here: bool) -> Response:
    return page(request, PAGE, form=Form(), **_facts(user, token) | {"here": here})


def _already(request: Request, viewer: Viewer | None) -> Response:
    target = "accounts.sign_in" if viewer is None else "home.dashboard"
    return go(request, path_of(request, target), say=lazy("Your address is already verified."))
