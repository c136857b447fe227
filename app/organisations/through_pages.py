"""Signing in through one's organisation: which one, the way to its provider, and the way back."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import rates, signing_in
from app.accounts.access import AnyViewer, Verified, Viewer
from app.accounts.answers import held_signed_in
from app.accounts.elsewhere import provided_for
from app.accounts.models import User
from app.accounts.service import BannedError
from app.db import Database, Databased, Session
from app.errors import NotFoundError
from app.i18n import Text, lazy
from app.organisations.attempts import begin, begun_at, client_of, take
from app.organisations.entering import Entered, enter, known, link
from app.organisations.identity import Claims
from app.organisations.models import SignInAttempt
from app.organisations.openid import Answer, claims_of, discover
from app.organisations.providers import Provider, find_provider, held_unchanged
from app.organisations.sign_in_errors import WentWrongError, Why
from app.organisations.sign_in_schemas import FindInput, LinkInput
from app.organisations.sign_in_words import SignInFailedError
from app.organisations.trail import Step, Trail
from app.organisations.trying import show_trail, tried
from app.web.browser import settings_of, signer, unsigned
from app.web.forms import read_form
from app.web.pages import go, local_path, page, path_of

router = APIRouter(prefix="/sign-in")
log = structlog.get_logger()
LINK = "sign-in-link"
LINK_SECONDS = 600
FIND = "organisations/sign_in_find.html"


@router.get("/through", name="sign_in.find")
async def ask(request: Request, next: str = "") -> Response:  # noqa: A002  the address says next
    """Whose organisation signs them in?"""
    return page(request, FIND, form=None, next=local_path(next, ""))


@router.post("/through", name="sign_in.found")
async def find(request: Request, session: Session) -> Response:
    """The organisation of the address's domain; says nothing about who has an account."""
    form = await read_form(request, FindInput)
    onward = local_path(form.values.get("next", ""), "")
    if form.value is None:
        return page(request, FIND, 422, form=form, next=onward)
    provided = await provided_for(session, form.value.email)
    if provided is None:
        form.fail("email", lazy("No organisation signs in the people of this domain. Use your password."))
        return page(request, FIND, 422, form=form, next=onward)
    # A page and no redirect: the way to another host is a link that is followed, never a form that is sent on.
    return page(request, "accounts/elsewhere.html", provided=provided, next=onward, error=None)


@router.get("/with/{slug}", name="sign_in.begin")
async def there(request: Request, database: Databased, slug: str, next: str = "") -> Response:  # noqa: A002  the address says next
    """To the provider; who comes from another site is asked first, so that nobody is signed in unawares."""
    async with database.transaction() as session:
        provider = await find_provider(session, slug)
    onward = local_path(next, path_of(request, "home.dashboard"))
    if not provider.proven:
        raise NotFoundError
    if request.headers.get("sec-fetch-site") != "same-origin":
        return page(request, "organisations/sign_in_begin.html", provider=provider, next=onward)
    await rates.count(database, request, rates.from_here(request, rates.SIGN_INS_ELSEWHERE))
    return await leave(request, database, provider, onward=onward)


async def leave(
    request: Request, database: Database, provider: Provider, *, onward: str, tried_by: int | None = None
) -> Response:
    """Send the browser to the provider."""
    try:
        metadata = await discover(settings_of(request), provider.row.issuer)
        async with database.transaction() as session:
            address = await begin(session, request, provider, metadata, onward=onward, tried_by=tried_by)
    except WentWrongError as error:
        raise _failed(provider, error) from error
    response = go(request, address)
    response.headers["cache-control"] = "no-store"
    return response


@router.get("/with/{slug}/return", name="sign_in.returned")
async def back(request: Request, database: Databased, viewer: AnyViewer, slug: str) -> Response:
    """Back from the provider, with a code or with an error; each state counts once."""
    async with database.transaction() as session:
        provider = await find_provider(session, slug)
    names = ("state", "code", "error", "error_description", "iss")
    said = {name: request.query_params.get(name, "")[:4000] for name in names}
    try:
        async with database.transaction() as session:
            attempt = await take(session, request, provider, said["state"])
    except WentWrongError as error:
        raise _failed(provider, error) from error
    trail = Trail()
    try:
        claims = await _claims(request, provider, attempt, said, trail)
        if attempt.tried_by is not None:
            return await tried(request, database, provider, viewer, attempt.tried_by, claims, trail)
        return await _come_in(request, database, provider, viewer, attempt, claims)
    except WentWrongError as error:
        if viewer is None or viewer.id != attempt.tried_by:
            raise _failed(provider, error) from error
        _log(provider, error)
        return await show_trail(request, database, provider, viewer, trail, error)


async def _claims(
    request: Request, provider: Provider, attempt: SignInAttempt, said: dict[str, str], trail: Trail
) -> Claims:
    """Who came back. Raises WentWrongError."""
    client = client_of(request, provider)
    trail.begin(Step.ANSWER)
    if said["error"] or not said["code"]:
        # What it says of why is for nobody's eyes but those of an admin who tries it.
        raise WentWrongError(Why.DENIED, fact=f"{said['error']} {said['error_description']}".strip())
    answer = Answer(said["code"], said["iss"])
    return await claims_of(settings_of(request), client, answer, attempt.nonce, attempt.verifier, trail)


async def _come_in(
    request: Request,
    database: Database,
    provider: Provider,
    viewer: Viewer | None,
    attempt: SignInAttempt,
    claims: Claims,
) -> Response:
    async with database.transaction() as session:
        provider = await _unchanged(session, provider, provider.row.version)
        if viewer is not None and not await known(session, provider, claims):
            return _ask_to_link(request, provider, viewer, claims, attempt.onward)
        entered = await enter(session, provider, claims, begun_at=begun_at(attempt))
        opened = await signing_in.open_on_this_browser(session, request, entered.user, elsewhere=True)
    await rates.give_back(database, request, rates.from_here(request, rates.SIGN_INS_ELSEWHERE))
    log.info("sign_in.through", organisation=provider.organisation.id, person=entered.user.id)
    return signing_in.remember(request, _onward(request, provider, entered, attempt.onward), opened)


def _onward(request: Request, provider: Provider, entered: Entered, onward: str) -> Response:
    said = entered.said
    if said is None and entered.is_new:
        said = lazy("Welcome. You host for %(organisation)s now.", organisation=provider.name)
    return go(request, onward, say=said, kind="warn" if entered.said else "good")


def _ask_to_link(
    request: Request, provider: Provider, viewer: Viewer, claims: Claims, onward: str
) -> Response:
    """Someone is signed in here and new there: one person with one account, if they say so."""
    values = sorted(claims.values(provider.row.role_claim)) if provider.row.role_claim else []
    # By this very session: what was asked before a new password ended it is over.
    asked = [provider.row.id, provider.row.version, viewer.id, viewer.session_id]
    told = [claims.subject, claims.email, claims.name, values, onward]
    signed = signer(settings_of(request), LINK).dumps([asked, told])
    return page(request, "organisations/sign_in_link.html", provider=provider, claims=claims, link=signed)


@router.post("/with/{slug}/link", name="sign_in.link")
async def link_account(request: Request, session: Session, viewer: Verified, slug: str) -> Response:
    """Link the account that is signed in here with who they are there.

    A verified one: that somebody is known there under another address says nothing about this one.
    """
    provider = await find_provider(session, slug)
    form = await read_form(request, LinkInput)
    told = unsigned(settings_of(request), LINK, form.value.link if form.value else None, seconds=LINK_SECONDS)
    match told:
        case [
            [provider.row.id, int(version), viewer.id, viewer.session_id],
            [str(subject), str(email), str(name), list(values), str(onward)],
        ]:
            claims = Claims(subject, email, name, {provider.row.role_claim: values})
        case _:
            raise _failed(provider, WentWrongError(Why.OVER))
    try:
        provider = await _unchanged(session, provider, version)
        user = await _account(session, viewer)
        await link(session, provider, user, claims.subject)
        entered = await enter(session, provider, claims, begun_at=clock.now())
    except WentWrongError as error:
        raise _failed(provider, error) from error
    said: Text = entered.said or lazy(
        "Linked. %(organisation)s signs you in now.", organisation=provider.name
    )
    return go(request, local_path(onward, path_of(request, "home.dashboard")), say=said)


async def _unchanged(session: AsyncSession, provider: Provider, version: int) -> Provider:
    """The provider, held. Raises WentWrongError if an admin has saved it since: what it said was said to another."""
    held_one = await held_unchanged(session, provider.organisation.slug, version)
    if held_one is None or held_one.row.id != provider.row.id:
        raise WentWrongError(Why.OVER)
    return held_one


async def _account(session: AsyncSession, viewer: Viewer) -> User:
    user = await held_signed_in(session, viewer)
    if user.banned_at is not None:
        raise BannedError(user.ban_reason)
    return user


def _failed(provider: Provider, error: WentWrongError) -> SignInFailedError:
    """What the person is told: one sentence."""
    _log(provider, error)
    context: dict[str, Any] = {"slug": provider.organisation.slug, "name": provider.name}
    return SignInFailedError(error.why, **context)


def _log(provider: Provider, error: WentWrongError) -> None:
    """What the log gets are words of ours: nothing of what was sent."""
    hint = str(error.hint) if error.hint else None
    log.warning("sign_in.failed", organisation=provider.organisation.id, why=str(error.why), hint=hint)
