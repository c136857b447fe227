"""One's own account: name, language and time zone, password."""

from fastapi import APIRouter, Request, Response

from app.accounts import known_browsers, letters, passwords, tokens, zones
from app.accounts.access import SignedIn, Viewer
from app.accounts.answers import WRONG_PASSWORD, again, held_signed_in, is_their_password, too_often
from app.accounts.changes import change_password, change_profile
from app.accounts.schemas import ChangePassword, Profile
from app.db import Database, Databased, Session
from app.errors import TooManyError
from app.i18n import lazy, speak
from app.mail.bounces import bounce_of
from app.web.forms import read_form
from app.web.pages import go, page, path_of

router = APIRouter()
PROFILE = "accounts/show.html"
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


@router.get("/account/password", name="accounts.password")
async def show_password(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The form for another password."""
    return page(request, PASSWORD, form=None, tokens=await tokens.count_tokens(session, viewer.id))


@router.post("/account/password")
async def set_password(request: Request, database: Databased, viewer: SignedIn) -> Response:
    """Another password: other browsers are signed out, tokens too if so asked, and a mail tells of it."""
    form = await read_form(request, ChangePassword)
    async with database.reading() as session:
        facts = {"tokens": await tokens.count_tokens(session, viewer.id)}
    if form.value is None:
        return again(request, PASSWORD, form, **facts)
    if (problem := passwords.weakness(form.value.new_password, viewer.email, viewer.name)) is not None:
        return again(request, PASSWORD, form.fail("new_password", problem), **facts)
    try:
        if not await is_their_password(database, request, viewer, form.value.password):
            return again(request, PASSWORD, form.fail("password", WRONG_PASSWORD), **facts)
    except TooManyError as error:
        return too_often(request, PASSWORD, form, error, **facts)
    mark = await _change(database, request, viewer, form.value)
    said = lazy("You have a new password. Other browsers are signed out.")
    if form.value.end_tokens and facts["tokens"]:
        said = lazy("You have a new password. Other browsers are signed out, and your API tokens have ended.")
    response = go(request, path_of(request, "accounts.password"), say=said)
    known_browsers.remember(request, response, mark)
    return response


async def _change(database: Database, request: Request, viewer: Viewer, typed: ChangePassword) -> str:
    """Set it, and return what makes this browser a known one again."""
    hashed = await passwords.hash_password(typed.new_password)
    async with database.transaction() as session:
        user = await held_signed_in(session, viewer)
        ended = typed.end_tokens
        await change_password(session, user, hashed, stay_signed_in=viewer.session_id, end_tokens=ended)
        await letters.send_password_changed(session, request, user, tokens_go_on=not ended)
    return known_browsers.mark_of(request, user)
