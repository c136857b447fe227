"""Signing in and out."""

from fastapi import APIRouter, Request, Response

from app.accounts import known_browsers, rates, signing_in
from app.accounts.access import SEND_AGAIN, AnyViewer
from app.accounts.answers import again, too_often
from app.accounts.elsewhere import Provided, SignInElsewhereError, is_staff, provided_for
from app.accounts.models import User
from app.accounts.schemas import SignIn
from app.accounts.service import BannedError, authenticate, find_by_email
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import lazy
from app.web.csrf import at_any_age, is_ours
from app.web.forms import Form, read_form
from app.web.kept_forms import find_kept, forget_kept
from app.web.pages import go, local_path, page, path_of

router = APIRouter()
FORM = "accounts/sign_in.html"
NO_COOKIES = lazy("Your browser doesn’t keep our cookies. Allow them for this site to sign in.")
UNKNOWN = lazy("There is no account with this address and this password.")


@router.get("/sign-in", name="accounts.sign_in")
async def ask(request: Request, database: Databased, viewer: AnyViewer, next: str = "") -> Response:  # noqa: A002  the address says next
    """The form; someone who is signed in goes on."""
    onward = _onward(request, next)
    if viewer is not None:
        return go(request, onward)
    async with database.reading() as session:
        kept = onward == SEND_AGAIN and await find_kept(session, request) is not None
    return page(
        request,
        FORM,
        form=Form().fail("", NO_COOKIES) if _lacks_cookies(request) else None,
        next=onward,
        kept=kept,
    )


def _lacks_cookies(request: Request) -> bool:
    """Every page of ours gives the browser a cookie: one that comes from such a page without any keeps none."""
    return not request.cookies and is_ours(request, request.headers.get("referer", ""))


@router.post("/sign-in")
@at_any_age
async def sign_in(request: Request, database: Databased) -> Response:
    """A new session, or one sentence for whatever was wrong."""
    form = await read_form(request, SignIn)
    onward = _onward(request, form.values.get("next", ""))
    provided, user = await _look_up(database, form)
    if provided is not None and not form.values.get("password"):
        raise SignInElsewhereError(provided, onward)
    if form.value is None:
        return again(request, FORM, form, next=onward)
    tries = rates.of_sign_in(request, form.value.email, user)
    try:
        await rates.count(database, request, *tries)
    except TooManyError as error:
        return too_often(request, FORM, form, error, next=onward)
    if not _is_known(request, user):
        tries.append(await rates.slow_down(database, request, form.value.email))
    user = await authenticate(database, form.value.email, form.value.password)
    # Only now, and whatever was found: the same page in the same time for everyone of that domain. Who looks after
    # the site comes in by password, also when a provider is away.
    if provided is not None and provided.required and not is_staff(user):
        raise SignInElsewhereError(provided, onward)
    if user is None:
        return again(request, FORM, form.fail("", UNKNOWN), next=onward)
    await rates.give_back(database, request, *tries)
    return await _enter(request, database, form, user, onward)


async def _enter(
    request: Request, database: Database, form: Form[SignIn], user: User, onward: str
) -> Response:
    try:
        async with database.transaction() as session:
            opened = await signing_in.open_on_this_browser(session, request, user)
    except signing_in.OutdatedSignInError:
        # The password was right a moment ago, and is no longer.
        return again(request, FORM, form.fail("", UNKNOWN), next=onward)
    except BannedError as error:
        return again(request, FORM, form.fail("", error.message), status=error.status, next=onward)
    return signing_in.remember(request, go(request, onward), opened)


@router.post("/sign-out", name="accounts.sign_out")
async def sign_out(request: Request, session: Session) -> Response:
    """End this browser's session."""
    await signing_in.close_on_this_browser(session, request)
    await forget_kept(session, request)
    response = go(request, path_of(request, "home.landing"), say=lazy("You are signed out."))
    return signing_in.forget(request, response)


async def _look_up(database: Database, form: Form[SignIn]) -> tuple[Provided | None, User | None]:
    """The organisation that signs the typed address in, and whoever has it; read in the same way for everyone."""
    email = form.values.get("email", "").strip()
    async with database.reading() as session:
        return await provided_for(session, email), await find_by_email(session, email)


def _is_known(request: Request, user: User | None) -> bool:
    return user is not None and known_browsers.is_known(request, user)


def _onward(request: Request, wanted: str) -> str:
    return local_path(wanted, path_of(request, "home.dashboard"))
