"""A forgotten password: a mail with a link, and a new one."""

from fastapi import APIRouter, Request, Response

from app.accounts import known_browsers, letters, passwords, rates, signing_in
from app.accounts.answers import again, too_often
from app.accounts.changes import change_password
from app.accounts.elsewhere import SignInElsewhereError, is_staff, refuse_if_elsewhere, required_for
from app.accounts.links import LinkOverError, ResetLink, still_fits
from app.accounts.mailed import mailed
from app.accounts.models import User
from app.accounts.schemas import Forgotten, SetPassword
from app.accounts.service import find_by_email, held, nobody, verify_address
from app.db import Databased, Session
from app.errors import TooManyError
from app.i18n import lazy
from app.web.browser import settings_of
from app.web.forms import read_form
from app.web.kept_forms import find_kept
from app.web.pages import go, page, path_of

router = APIRouter()
ASK = "accounts/forgot.html"
SET = "accounts/reset.html"


@router.get("/forgotten-password", name="accounts.forgot")
async def ask(request: Request) -> Response:
    """Whose password?"""
    return page(request, ASK, form=None)


@router.post("/forgotten-password")
async def send(request: Request, database: Databased) -> Response:
    """A mail, if there is such an account; the page is the same if there is none."""
    form = await read_form(request, Forgotten)
    if form.value is None:
        return again(request, ASK, form)
    email = form.value.email
    async with database.reading() as session:
        owner = await find_by_email(session, email)
    if owner is None or not known_browsers.is_known(request, owner):
        try:
            await rates.count(database, request, rates.from_here(request, rates.ASKED_MAILS))
        except TooManyError as error:
            return too_often(request, ASK, form, error)
    # Who asks once more is told the same: there are five mails already, and the link in them still works.
    may_send = await rates.is_within(database, request, rates.of_reset_mail(email, owner))
    async with database.transaction() as session:
        user = await find_by_email(session, email)
        provided = await required_for(session, email)
        if provided is not None and not is_staff(user):
            user = None
        async with session.begin_nested() as writing:
            # Written for nobody too, and taken back: an address that nobody has takes as long.
            await letters.send_reset(session, request, user or nobody(email))
            if user is None or not may_send:
                await writing.rollback()
    if provided is not None:
        raise SignInElsewhereError(provided)
    return mailed(request, email, forgotten=True)


@router.get("/new-password/{token}", name="accounts.reset")
async def show(request: Request, session: Session, token: str) -> Response:
    """The form of a link that still holds."""
    user = await _of_link(session, request, token)
    return page(request, SET, form=None, token=token, email=user.email)


@router.post("/new-password/{token}")
async def reset(request: Request, database: Databased, token: str) -> Response:
    """The new password. All sessions end; reading the mail has also verified the address."""
    form = await read_form(request, SetPassword)
    async with database.transaction() as session:
        user = await _of_link(session, request, token)
    if form.value is not None:
        problem = passwords.weakness(form.value.new_password, user.email, user.name)
        form = form if problem is None else form.fail("new_password", problem)
    if form.value is None:
        return again(request, SET, form, token=token, email=user.email)
    hashed = await passwords.hash_password(form.value.new_password)
    async with database.transaction() as session:
        user = await _of_link(
            session, request, token
        )  # locked: of two who use it at once, one comes too late
        await change_password(session, user, hashed)
        await verify_address(session, user)
        await letters.send_password_changed(session, request, user)
    return await _enter(request, database, user)


async def _enter(request: Request, database: Databased, user: User) -> Response:
    async with database.transaction() as session:
        opened = await signing_in.open_on_this_browser(session, request, user)
        kept = await find_kept(session, request)
    response = go(
        request,
        path_of(request, "home.dashboard" if kept is None else "accounts.send_again"),
        say=lazy("You have a new password, and are signed in here. You are signed out everywhere else."),
    )
    return signing_in.remember(request, response, opened)


async def _of_link(session: Session, request: Request, token: str) -> User:
    settings = settings_of(request)
    link = ResetLink.read(settings, token)
    user = await held(session, link.user_id) if link else None
    if link is None or user is None or not still_fits(settings, user, link.fragment):
        raise LinkOverError("accounts.forgot", lazy("Have a new link sent"))
    if not is_staff(user):
        await refuse_if_elsewhere(session, user.email)
    return user
