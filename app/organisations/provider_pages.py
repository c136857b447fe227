"""The sign-in of an organisation, for its admins: its provider, its domains, and whether it is the only way in."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import SignedIn
from app.db import Databased, Session
from app.errors import NotFoundError
from app.i18n import Text, lazy
from app.organisations.access import Place, administered
from app.organisations.models import SignInProvider
from app.organisations.openid import discover
from app.organisations.providers import (
    SEALED_FOR,
    DomainTakenError,
    NotProvenError,
    NotTriedError,
    affected,
    confirm_domain,
    domains_of,
    find_provider,
    held_provider,
    provider_of,
    remove_provider,
    require,
    save_provider,
    vouch,
)
from app.organisations.sign_in_errors import WentWrongError, Why
from app.organisations.sign_in_schemas import (
    DomainInput,
    ProviderInput,
    RemoveInput,
    RequireInput,
    VouchInput,
)
from app.organisations.sign_in_words import HINTS, WORDS
from app.organisations.through_pages import leave
from app.web.browser import settings_of
from app.web.forms import Form, read_form
from app.web.outside import is_askable
from app.web.pages import address_of, go, page, path_of
from app.web.sealing import seal
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/organisations/{slug}/sign-in")
log = structlog.get_logger()


@router.get("", name="organisations.sign_in")
async def show(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Everything about it."""
    place = await administered(session, slug, viewer)
    return await _page(request, session, place)


@router.post("", name="organisations.change_sign_in")
async def change(request: Request, database: Databased, viewer: SignedIn, slug: str) -> Response:
    """Set it up, or change it; the provider is asked what it is before it is kept."""
    form = await read_form(request, ProviderInput)
    async with database.transaction() as session:
        place = await administered(session, slug, viewer)
        row = await provider_of(session, place.organisation)
        _needs_the_secret(form, row)
    issuer = await _issuer(request, form)
    async with database.transaction() as session:
        place = await administered(session, slug, viewer)
        row = await held_provider(session, place.organisation)
        present = await _values(session, row)
        version = int(present["version"])
        changes = changed_meanwhile(form, version, {k: v for k, v in present.items() if k != "version"})
        if form.value is None:
            status = 422 if changes is None else 409
            return await _page(request, session, place, form, status, changes)
        secret = form.value.client_secret
        sealed = seal(settings_of(request), SEALED_FOR, secret) if secret else ""
        stays = await save_provider(session, place.organisation, form.value, issuer=issuer, sealed=sealed)
    log.info("organisation.sign_in", organisation=place.organisation.id, by=viewer.id)
    said = (
        lazy("Saved.")
        if stays
        else lazy("Saved. It is not required any more: try it, then require it again.")
    )
    return _done(request, slug, said, is_well=stays)


def _needs_the_secret(form: Form[ProviderInput], row: SignInProvider | None) -> None:
    """The secret goes to the issuer that it was typed for, and to no other one."""
    if form.value is None or form.value.client_secret:
        return
    if row is None:
        form.fail("client_secret", lazy("Fill this in."))
    elif row.issuer.rstrip("/") != form.value.issuer.rstrip("/"):
        form.fail("client_secret", lazy("Type the secret of the new issuer."))


async def _issuer(request: Request, form: Form[ProviderInput]) -> str:
    """The issuer as the provider itself writes it. Asked outside of any transaction."""
    if form.value is None:
        return ""
    settings = settings_of(request)
    if not is_askable(settings, form.value.issuer):
        form.fail("issuer", lazy("Write the whole address: https://example.org"))
        return ""
    try:
        return (await discover(settings, form.value.issuer)).issuer
    except WentWrongError as error:
        hint = HINTS[error.hint] if error.hint else None
        if error.why is Why.OTHER_ISSUER and hint is None:
            hint = lazy("It says: %(issuer)s", issuer=error.fact[:300])
        form.fail("issuer", lazy("%(why)s %(hint)s", why=WORDS[error.why], hint=hint or ""))
        return ""


@router.get("/try", name="organisations.try_sign_in")
async def attempt(request: Request, database: Databased, viewer: SignedIn, slug: str) -> Response:
    """There and back, to see whether it works."""
    async with database.transaction() as session:
        await administered(session, slug, viewer)
        provider = await find_provider(session, slug)
    path = path_of(request, "organisations.sign_in", slug=slug)
    return await leave(request, database, provider, onward=path, tried_by=viewer.id)


@router.post("/require", name="organisations.require_sign_in")
async def set_required(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Make it the only way in, after the warning; or one of two."""
    place = await administered(session, slug, viewer)
    form = await read_form(request, RequireInput)
    wanted = form.value is not None and form.value.required
    if wanted and form.value is not None and not form.value.sure:
        form.fail("sure", lazy("Read what changes, then tick this."))
        return await _page(request, session, place, status=422, require_form=form)
    try:
        await require(session, place.organisation, required=wanted)
    except (NotTriedError, NotProvenError) as error:
        return _done(request, slug, error.message, is_well=False)
    log.info("organisation.sign_in.required", organisation=place.organisation.id, by=viewer.id, on=wanted)
    on = lazy("People of your domains now sign in through your provider only. Who is signed in stays so.")
    off = lazy("People of your domains may use a password again.")
    return _done(request, slug, on if wanted else off)


@router.post("/domains", name="organisations.confirm_domain")
async def confirm(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """An operator confirms that a domain is the organisation's."""
    place = await administered(session, slug, viewer)
    if not viewer.is_operator:
        raise NotFoundError
    form = await read_form(request, DomainInput)
    if form.value is None:
        return await _page(request, session, place, status=422, domain_form=form)
    try:
        typed = form.value
        await confirm_domain(session, place.organisation, typed.domain, by=viewer.id, proof=typed.proof)
    except DomainTakenError as error:
        return _done(request, slug, error.message, is_well=False)
    log.info("organisation.domain", organisation=place.organisation.id, by=viewer.id, domain=typed.domain)
    return _done(request, slug, lazy("Confirmed."))


@router.post("/vouch", name="organisations.vouch_sign_in")
async def vouch_for_issuer(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """An operator says what it means that the issuer does not say whether addresses are verified."""
    place = await administered(session, slug, viewer)
    if not viewer.is_operator:
        raise NotFoundError
    form = await read_form(request, VouchInput)
    if form.value is None or not await vouch(session, place.organisation, form.value, by=viewer.id):
        said = lazy("Somebody has changed the provider meanwhile. Look at it again.")
        return _done(request, slug, said, is_well=False)
    log.info(
        "organisation.sign_in.vouched",
        organisation=place.organisation.id,
        by=viewer.id,
        own_addresses=form.value.names_own_addresses,
        name_is_address=form.value.name_is_address,
    )
    return _done(request, slug, lazy("Saved."))


@router.post("/remove", name="organisations.remove_sign_in")
async def remove(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """No provider any more: everyone signs in by a password."""
    place = await administered(session, slug, viewer)
    form = await read_form(request, RemoveInput)
    if form.value is None or not form.value.sure:
        form.fail("sure", lazy("Tick this to remove it."))
        return await _page(request, session, place, status=422, remove_form=form)
    await remove_provider(session, place.organisation)
    log.info("organisation.sign_in.removed", organisation=place.organisation.id, by=viewer.id)
    said = lazy("Removed. Who has no password sets one by “I do not remember my password”.")
    return _done(request, slug, said)


def _done(request: Request, slug: str, said: Text, *, is_well: bool = True) -> Response:
    path = path_of(request, "organisations.sign_in", slug=slug)
    return go(request, path, say=said, kind="good" if is_well else "warn")


async def _values(session: AsyncSession, row: SignInProvider | None) -> dict[str, str]:
    """What stands in the form; never the secret."""
    if row is None:
        return {"version": "1", "default_role": "host"}
    domains = await domains_of(session, row.id)
    return {
        "issuer": row.issuer,
        "client_id": row.client_id,
        "domains": "\n".join(one.domain for one in domains),
        "role_claim": row.role_claim,
        "admin_values": "\n".join(row.admin_values),
        "host_values": "\n".join(row.host_values),
        "default_role": row.default_role,
        "version": str(row.version),
    }


async def _page(
    request: Request,
    session: AsyncSession,
    place: Place,
    form: Form[Any] | None = None,
    status: int = 200,
    changes: list[Change] | None = None,
    *,
    require_form: Form[Any] | None = None,
    domain_form: Form[Any] | None = None,
    remove_form: Form[Any] | None = None,
) -> Response:
    row = await provider_of(session, place.organisation)
    slug = place.organisation.slug
    return page(
        request,
        "organisations/sign_in.html",
        status,
        place=place,
        provider=row,
        domains=await domains_of(session, row.id) if row else [],
        affected=await affected(session, place.organisation, row.id) if row else None,
        form=form or Form(values=await _values(session, row)),
        require_form=require_form,
        domain_form=domain_form,
        remove_form=remove_form,
        changes=changes,
        back=address_of(request, "sign_in.returned", slug=slug),
        begin=address_of(request, "sign_in.begin", slug=slug),
    )
