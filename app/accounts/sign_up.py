"""Signing up, and showing that the address is one's own."""

from fastapi import APIRouter, Request, Response

from app.accounts import letters, passwords, rates, signing_in, zones
from app.accounts.access import AnyViewer
from app.accounts.answers import again, too_often
from app.accounts.elsewhere import refuse_if_elsewhere
from app.accounts.links import LinkOverError, VerifyLink
from app.accounts.mailed import mailed
from app.accounts.models import User
from app.accounts.schemas import SignUp
from app.accounts.service import AddressTakenError, create_account, find_by_email, held, verify_address
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import lazy, spoken
from app.web.browser import settings_of
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
FORM = "accounts/sign_up.html"


@router.get("/sign-up", name="accounts.sign_up")
async def new(request: Request, viewer: AnyViewer) -> Response:
    """The form."""
    if viewer is not None:
        return go(request, path_of(request, "home.dashboard"))
    return page(request, FORM, form=None, zones=zones.by_part_of_the_world())


@router.post("/sign-up")
async def create(request: Request, database: Databased) -> Response:
    """An account and a mail, or only a mail to who has one already: from here both look the same."""
    form = await read_form(request, SignUp)
    known_zones = zones.by_part_of_the_world()
    if form.value is None:
        return again(request, FORM, form, zones=known_zones)
    typed = form.value
    async with database.transaction() as session:
        await refuse_if_elsewhere(session, typed.email)
    here, there = rates.from_here(request, rates.SIGN_UPS), rates.to_address(rates.MAILS, typed.email)
    try:
        await rates.count(database, request, here, there)
    except TooManyError as error:
        return too_often(request, FORM, form, error, zones=known_zones)
    # Always, so that a known address takes as long. No connection is held meanwhile.
    hashed = await passwords.hash_password(typed.password)
    made = await _sign_up(database, request, typed, hashed)
    return mailed(request, typed.email, made=made)


async def _sign_up(database: Database, request: Request, typed: SignUp, hashed: str) -> User | None:
    async with database.transaction() as session:
        try:
            user = await create_account(
                session,
                email=typed.email,
                name=typed.name,
                password_hash=hashed,
                language=spoken(),
                time_zone=typed.time_zone,
            )
        except AddressTakenError:
            if (owner := await find_by_email(session, typed.email)) is not None:
                # Not the verification mail again, even if it is not verified: whoever signed up first may be
                # someone else. The link sets a new password, and with it the account is the owner's.
                await letters.send_account_exists(session, request, owner)
            return None
        await letters.send_verification(session, request, user)
        return user


@router.get("/verify/{token}", name="accounts.verify")
async def ask(request: Request, session: Session, viewer: AnyViewer, token: str) -> Response:
    """One button: programs that look into mails open links, but press nothing."""
    user = await _of_link(session, request, token)
    if user.verified_at is not None:
        return _already(request, signed_in=viewer is not None)
    return page(request, "accounts/verify.html", email=user.email, token=token)


@router.post("/verify/{token}")
async def verify(request: Request, session: Session, viewer: AnyViewer, token: str) -> Response:
    """Verify the address and sign in; a link that has done so once signs nobody in again."""
    user = await _of_link(session, request, token)
    if user.verified_at is not None:
        return _already(request, signed_in=viewer is not None)
    opened = await signing_in.open_on_this_browser(session, request, user)
    await verify_address(session, user)
    response = go(
        request,
        path_of(request, "home.dashboard"),
        say=lazy("Welcome. Your address is verified, and the house is open to you."),
    )
    return signing_in.remember(request, response, opened)


async def _of_link(session: Session, request: Request, token: str) -> User:
    link = VerifyLink.read(settings_of(request), token)
    user = await held(session, link.user_id) if link else None
    if link is None or user is None or user.email != link.email:
        raise LinkOverError("accounts.sign_in", lazy("Sign in and have a new one sent"))
    return user


def _already(request: Request, *, signed_in: bool) -> Response:
    target = "home.dashboard" if signed_in else "accounts.sign_in"
    return go(request, path_of(request, target), say=lazy("Your address is already verified."))
