"""Signing up: an account, and a mail to its address."""

from fastapi import APIRouter, Request, Response

from app.accounts import letters, passwords, rates, zones
from app.accounts.access import AnyViewer
from app.accounts.answers import again, too_often
from app.accounts.elsewhere import refuse_if_elsewhere
from app.accounts.mailed import mailed
from app.accounts.models import User
from app.accounts.schemas import SignUp
from app.accounts.service import AddressTakenError, create_account, find_by_email
from app.db import Database, Databased
from app.errors import TooManyError
from app.i18n import spoken
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
    try:
        await rates.count(database, request, rates.from_here(request, rates.SIGN_UPS))
    except TooManyError as error:
        return too_often(request, FORM, form, error, zones=known_zones)
    # Always, so that a known address takes as long. No connection is held meanwhile.
    hashed = await passwords.hash_password(typed.password)
    may_remind = await _may_remind(database, request, typed.email)
    made = await _sign_up(database, request, typed, hashed, may_remind=may_remind)
    return mailed(request, typed.email, made=made)


async def _may_remind(database: Database, request: Request, email: str) -> bool:
    """Whether the owner of an address may get one more mail with a link; each that they have had still opens it."""
    async with database.reading() as session:
        owner = await find_by_email(session, email)
    return await rates.is_within(database, request, rates.of_reset_mail(email, owner))


async def _sign_up(
    database: Database, request: Request, typed: SignUp, hashed: str, *, may_remind: bool
) -> User | None:
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
            owner = await find_by_email(session, typed.email)
            if owner is not None and may_remind:
                # Not the verification mail again, even if it is not verified: whoever signed up first may be
                # someone else. The link sets a new password, and with it the account is the owner's.
                await letters.send_account_exists(session, request, owner)
            return None
        await letters.send_verification(session, request, user)
        return user
