"""One's own account: name, language and time zone, address, password."""

from fastapi import APIRouter, Request, Response

from app.accounts import letters, passwords, rates, zones
from app.accounts.access import SignedIn, Viewer
from app.accounts.answers import WRONG_PASSWORD, again, is_their_password, too_often
from app.accounts.changes import change_address, change_password, change_profile
from app.accounts.elsewhere import required_for
from app.accounts.links import AddressLink, LinkOverError, still_fits
from app.accounts.models import User
from app.accounts.schemas import ChangeAddress, ChangePassword, Profile
from app.accounts.service import AddressTakenError, find_by_email, held
from app.db import Database, Databased, Session
from app.errors import NotFoundError, TooManyError
from app.i18n import Text, lazy, speak
from app.mail.bounces import bounce_of
from app.web.browser import settings_of
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
PROFILE = "accounts/show.html"
EMAIL = "accounts/email.html"
PASSWORD = "accounts/password.html"  # noqa: S105  a template's name


@router.get("/account", name="accounts.show")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """Name, language, time zone."""
    bounce = await bounce_of(session, viewer.email)
    return page(request, PROFILE, form=None, zones=zones.by_part_of_the_world(), bounce=bounce)


@router.post("/account")
async def change(request: Request, session: Session, viewer: SignedIn) -> Response:
    """Change them; the word that says so is in the new language."""
    form = await read_form(request, Profile)
    if form.value is None:
        return again(request, PROFILE, form, zones=zones.by_part_of_the_world())
    await change_profile(session, viewer.id, form.value)
    speak(form.value.language)
    return go(request, path_of(request, "accounts.show"), say=lazy("Saved."))


@router.get("/account/email", name="accounts.email")
async def show_email(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The address, and the form for another one."""
    return page(request, EMAIL, form=None, bounce=await bounce_of(session, viewer.email))


@router.post("/account/email")
async def ask_for_email(request: Request, database: Databased, viewer: SignedIn) -> Response:
    """A mail to the new address, and one to the old; an address that someone has looks the same from here."""
    form = await read_form(request, ChangeAddress)
    if form.value is None:
        return again(request, EMAIL, form)
    new = form.value.email
    if new.lower() == viewer.email.lower():
        return again(request, EMAIL, form.fail("email", lazy("This is the address you have already.")))
    if (problem := await _kept_elsewhere(database, viewer.email, new)) is not None:
        return again(request, EMAIL, form.fail("email", problem))
    try:
        if not await is_their_password(database, request, viewer, form.value.password):
            return again(request, EMAIL, form.fail("password", WRONG_PASSWORD))
        await rates.count(database, request, rates.to_address(rates.MAILS, new))
    except TooManyError as error:
        return too_often(request, EMAIL, form, error)
    await _mail_both(database, request, viewer, new)
    return go(
        request,
        path_of(request, "accounts.email"),
        say=lazy("We have sent a mail to %(email)s. Open the link in it to finish.", email=new),
    )


async def _kept_elsewhere(database: Database, old: str, new: str) -> Text | None:
    """Why an address cannot be changed: the way in that goes with its domain is its organisation's to give."""
    async with database.transaction() as session:
        for email in (old, new):
            if (found := await required_for(session, email)) is not None:
                return lazy(
                    "%(organisation)s signs in everyone with an address like %(email)s. Such an address stays with "
                    "its account.",
                    organisation=found.name,
                    email=email,
                )
    return None


async def _mail_both(database: Database, request: Request, viewer: Viewer, new: str) -> None:
    async with database.transaction() as session:
        user = await session.get_one(User, viewer.id)
        owner = await find_by_email(session, new)
        if owner is None:
            await letters.send_address_change(session, request, user, new)
        else:
            await letters.send_account_exists(session, request, owner)
            await letters.send_address_change_asked(session, request, user, new)


@router.get("/account/email/{token}", name="accounts.confirm_email")
async def ask_to_confirm(request: Request, session: Session, token: str) -> Response:
    """One button, on whatever browser the mail was opened."""
    _user, link = await _of_link(session, request, token)
    return page(request, "accounts/confirm_email.html", token=token, old=link.old, new=link.new)


@router.post("/account/email/{token}")
async def confirm(request: Request, session: Session, token: str) -> Response:
    """The account moves to its new address, and the old one is told."""
    user, link = await _of_link(session, request, token)
    try:
        await change_address(session, user, link.new)
    except AddressTakenError:
        raise LinkOverError("accounts.sign_in", lazy("Sign in")) from None
    await letters.send_address_changed(session, request, user, link.old)
    target = "accounts.email" if request.state.viewer else "accounts.sign_in"
    return go(
        request, path_of(request, target), say=lazy("Your address is %(email)s from now on.", email=link.new)
    )


async def _of_link(session: Session, request: Request, token: str) -> tuple[User, AddressLink]:
    settings = settings_of(request)
    link = AddressLink.read(settings, token)
    user = await held(session, link.user_id) if link else None
    if (
        link is None
        or user is None
        or user.email != link.old
        or not still_fits(settings, user, link.fragment)
    ):
        raise LinkOverError("accounts.email", lazy("Go to your address"))
    return user, link


@router.get("/account/password", name="accounts.password")
async def show_password(request: Request, viewer: SignedIn) -> Response:
    """The form for another password."""
    del viewer
    return page(request, PASSWORD, form=None)


@router.post("/account/password")
async def set_password(request: Request, database: Databased, viewer: SignedIn) -> Response:
    """Another password: other browsers are signed out, and a mail tells of it."""
    form = await read_form(request, ChangePassword)
    if form.value is None:
        return again(request, PASSWORD, form)
    if (problem := passwords.weakness(form.value.new_password, viewer.email, viewer.name)) is not None:
        return again(request, PASSWORD, form.fail("new_password", problem))
    try:
        if not await is_their_password(database, request, viewer, form.value.password):
            return again(request, PASSWORD, form.fail("password", WRONG_PASSWORD))
    except TooManyError as error:
        return too_often(request, PASSWORD, form, error)
    hashed = await passwords.hash_password(form.value.new_password)
    async with database.transaction() as session:
        user = await held(session, viewer.id)
        if user is None:
            raise NotFoundError
        await change_password(session, user, hashed, stay_signed_in=viewer.session_id)
        await letters.send_password_changed(session, request, user)
    return go(
        request,
        path_of(request, "accounts.password"),
        say=lazy("You have a new password. Other browsers are signed out."),
    )
