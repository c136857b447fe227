"""Signing up, and showing that the address is one's own."""

from fastapi import APIRouter, Request, Response

from app.accounts import letters, passwords, rates, signing_in, zones
from app.accounts.access import AnyViewer
from app.accounts.answers import again, too_often
from app.accounts.links import LinkOverError, VerifyLink
from app.accounts.models import User
from app.accounts.schemas import SignUp
from app.accounts.service import AddressTakenError, create_account, find_by_email, held, verify_address
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import lazy, spoken
from app.web.browser import get_cookie, set_cookie, settings_of, signer, unsigned
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
FORM = "accounts/sign_up.html"
MAILED = "mailed"  # the cookie that remembers where a mail went, for the page that says so
MAILED_SECONDS = 3600


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
    here, there = rates.from_here(request, rates.SIGN_UPS), rates.to_address(rates.MAILS, typed.email)
    try:
        await rates.count(database, request, here, there)
    except TooManyError as error:
        return too_often(request, FORM, form, error, zones=known_zones)
    # Always, so that a known address takes as long. No connection is held meanwhile.
    hashed = await passwords.hash_password(typed.password)
    await _sign_up(database, request, typed, hashed)
    return mailed(request, typed.email)


async def _sign_up(database: Database, request: Request, typed: SignUp, hashed: str) -> None:
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
            await letters.send_verification(session, request, user)
        except AddressTakenError:
            if (owner := await find_by_email(session, typed.email)) is not None:
                # Not the verification mail again, even if it is not verified: whoever signed up first may be
                # someone else. The link sets a new password, and with it the account is the owner's.
                await letters.send_account_exists(session, request, owner)


def mailed(request: Request, email: str) -> Response:
    """To the page that says where the mail went."""
    response = go(request, path_of(request, "accounts.mailed"))
    note = signer(settings_of(request), MAILED).dumps(email)
    set_cookie(request, response, MAILED, note, MAILED_SECONDS)
    return response


@router.get("/mail-sent", name="accounts.mailed")
async def sent(request: Request) -> Response:
    """Look into your mail: the same page whoever the address belongs to."""
    note = get_cookie(request, MAILED)
    email = unsigned(settings_of(request), MAILED, note, seconds=MAILED_SECONDS)
    return page(request, "accounts/mailed.html", email=email)


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


@router.post("/verify", name="accounts.resend")
async def resend(request: Request, database: Databased, viewer: AnyViewer) -> Response:
    """The mail once more: to the viewer's address, or to the one that was just typed on this browser."""
    note = get_cookie(request, MAILED)
    known = unsigned(settings_of(request), MAILED, note, seconds=MAILED_SECONDS)
    email = viewer.email if viewer else known
    if not isinstance(email, str):
        return go(request, path_of(request, "accounts.sign_in"))
    await rates.count(
        database, request, rates.from_here(request, rates.ASKED_MAILS), rates.to_address(rates.MAILS, email)
    )
    async with database.transaction() as session:
        await _send_again(session, request, email)
    return mailed(request, email)


async def _send_again(session: Session, request: Request, email: str) -> None:
    user = await find_by_email(session, email)
    if user is None:
        return
    if user.verified_at is None:
        await letters.send_verification(session, request, user)
    else:
        await letters.send_account_exists(session, request, user)


async def _of_link(session: Session, request: Request, token: str) -> User:
    link = VerifyLink.read(settings_of(request), token)
    user = await held(session, link.user_id) if link else None
    if link is None or user is None or user.email != link.email:
        raise LinkOverError("accounts.sign_in", lazy("Sign in and have a new one sent"))
    return user


def _already(request: Request, *, signed_in: bool) -> Response:
    target = "home.dashboard" if signed_in else "accounts.sign_in"
    return go(request, path_of(request, target), say=lazy("Your address is already verified."))
