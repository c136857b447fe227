"""Another e-mail address for one's account: asked for with the password, confirmed by the link of a mail.

The link alone is not enough: a mistyped address is somebody else's, and whoever asks for a stranger's address would
have it confirmed by a stranger's click. So it is confirmed where one is signed in to the account, or with its
password.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import letters, passwords, rates
from app.accounts.access import AnyViewer, SignedIn, Viewer
from app.accounts.answers import WRONG_PASSWORD, again, held_signed_in, is_their_password, too_often
from app.accounts.changes import change_address
from app.accounts.elsewhere import required_for
from app.accounts.links import AddressLink, LinkOverError, still_fits
from app.accounts.models import User
from app.accounts.schemas import ChangeAddress, KnownPassword
from app.accounts.service import AddressTakenError, find_by_email, held
from app.accounts.signing_in import OutdatedSignInError
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import Text, lazy
from app.mail.bounces import bounce_of
from app.web.browser import settings_of
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/account/email")
EMAIL = "accounts/email.html"
CONFIRM = "accounts/confirm_email.html"


@router.get("", name="accounts.email")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The address, and the form for another one."""
    return page(request, EMAIL, form=None, bounce=await bounce_of(session, viewer.email))


@router.post("")
async def ask(request: Request, database: Databased, viewer: SignedIn) -> Response:
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
        theirs = rates.CHANGE_MAILS, f"{viewer.id} {new.lower()}"
        await rates.count(database, request, theirs, rates.to_address(rates.CHANGE_MAILS_TO, new))
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
        user = await held_signed_in(session, viewer)
        owner = await find_by_email(session, new)
        if owner is None:
            await letters.send_address_change(session, request, user, new)
        else:
            await letters.send_account_exists(session, request, owner)
            await letters.send_address_change_asked(session, request, user, new)


@router.get("/{token}", name="accounts.confirm_email")
async def ask_to_confirm(request: Request, session: Session, viewer: AnyViewer, token: str) -> Response:
    """One button where one is signed in to the account, else its password."""
    _user, link = await _of_link(session, request, token)
    return page(request, CONFIRM, form=Form(), **_facts(link, viewer, token))


@router.post("/{token}")
async def confirm(request: Request, database: Databased, viewer: AnyViewer, token: str) -> Response:
    """The account moves to its new address, and the old one is told. Other browsers are signed out."""
    async with database.transaction() as session:
        checked, link = await _of_link(session, request, token)
    facts = _facts(link, viewer, token)
    if not facts["here"]:
        form = await read_form(request, KnownPassword)
        try:
            if form.value is not None and not await _is_right(
                database, request, checked, form.value.password
            ):
                form.fail("password", WRONG_PASSWORD)
        except TooManyError as error:
            return too_often(request, CONFIRM, form, error, **facts)
        if form.value is None:
            return again(request, CONFIRM, form, **facts)
    await _move(request, database, viewer if facts["here"] else None, checked, token)
    target = "accounts.email" if facts["here"] else "accounts.sign_in"
    said = lazy("Your address is %(email)s from now on.", email=link.new)
    return go(request, path_of(request, target), say=said)


async def _move(
    request: Request, database: Database, viewer: Viewer | None, checked: User, token: str
) -> None:
    """`viewer`: who is signed in to the account here and stays so; None: all are signed out, and tokens end too."""
    async with database.transaction() as session:
        user, link = await _of_link(session, request, token)
        if viewer is not None:
            await held_signed_in(session, viewer)
        elif user.credentials_version != checked.credentials_version:
            raise OutdatedSignInError
        stays = viewer.session_id if viewer else None
        try:
            await change_address(session, user, link.new, stay_signed_in=stays, end_tokens=viewer is None)
        except AddressTakenError:
            raise LinkOverError("accounts.sign_in", lazy("Sign in")) from None
        await letters.send_address_changed(session, request, user, link.old)


async def _is_right(database: Database, request: Request, user: User, password: str) -> bool:
    this = rates.CONFIRMATIONS, f"address:{user.id}"
    await rates.count(database, request, this)
    right = (await passwords.verify(password, user.password_hash)).right
    if right:
        await rates.give_back(database, request, this)
    return right


def _facts(link: AddressLink, viewer: Viewer | None, token: str) -> dict[str, Any]:
    here = viewer is not None and viewer.id == link.user_id
    return {"old": link.old, "new": link.new, "token": token, "here": here}


async def _of_link(session: AsyncSession, request: Request, token: str) -> tuple[User, AddressLink]:
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
