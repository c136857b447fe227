"""Organisations: the list, one organisation's page, its hosts, and who takes custody of it."""

from dataclasses import replace
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator
from app.accounts.service import find_by_email
from app.admin.organisations import hosts_of, list_organisations
from app.admin.people_pages import SOME
from app.admin.rooms import list_rooms
from app.admin.schemas import CustodianInput, HostInput, OrganisationInput
from app.contributions.custody import (
    NoCustodianError,
    choices,
    give_into_custody,
    hold_custody,
    version_of,
)
from app.contributions.membership_saying import membership_of
from app.db import Session
from app.i18n import gettext as _
from app.i18n import lazy, ngettext
from app.memberships.limits import standing_of
from app.memberships.refusals import Help
from app.organisations.leaving import HeirNeededError, let_go
from app.organisations.models import Organisation
from app.organisations.service import (
    AddressTakenError,
    LastAdminError,
    create_organisation,
    find_organisation,
    put_host,
)
from app.rooms.addresses import address_from
from app.web.forms import Form, read_form
from app.web.lists import Number, Search, tidy
from app.web.pages import go, page, path_of
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/admin/organisations")
log = structlog.get_logger()


@router.get("", name="admin.organisations")
async def index(
    request: Request, session: Session, viewer: Operator, search: Search = "", number: Number = 1
) -> Response:
    """All organisations."""
    del viewer
    search = tidy(search)
    found = await list_organisations(session, search=search, number=number)
    return page(request, "admin/organisations.html", organisations=found, search=search)


@router.get("/new", name="admin.new_organisation")
async def new(request: Request, viewer: Operator) -> Response:
    """The form for a new one."""
    del viewer
    return page(request, "admin/new_organisation.html", form=Form())


@router.post("/new", name="admin.create_organisation")
async def create(request: Request, session: Session, viewer: Operator) -> Response:
    """Make it."""
    form = await read_form(request, OrganisationInput)
    if form.value is not None:
        slug = form.value.address or address_from(form.value.name)
        try:
            made = await create_organisation(session, name=form.value.name, slug=slug)
        except AddressTakenError as error:
            form.fail("address", error.message)
        else:
            log.info("admin.organisation.made", operator=viewer.id, organisation=made.id)
            return _back(request, made.id, lazy("The organisation is there. Add its first admin."))
    return page(request, "admin/new_organisation.html", 422, form=form)


@router.get("/{organisation_id:int}", name="admin.organisation")
async def show(request: Request, session: Session, viewer: Operator, organisation_id: int) -> Response:
    """One organisation."""
    del viewer
    found = await find_organisation(session, organisation_id)
    return await _page(request, session, found, Form())


@router.post("/{organisation_id:int}/custodian", name="admin.custodian")
async def custodian(request: Request, session: Session, viewer: Operator, organisation_id: int) -> Response:
    """Say who takes custody of its payments."""
    found = await find_organisation(session, organisation_id)
    form = await read_form(request, CustodianInput)
    await hold_custody(session, found)
    chosen = str(found.custodian_id or "")
    changes = changed_meanwhile(form, version_of(found), {"custodian": chosen})
    if form.value is not None:
        try:
            await give_into_custody(session, found, form.value.custodian)
        except NoCustodianError as error:
            form.fail("custodian", error.message)
        else:
            log.info("admin.custodian", operator=viewer.id, organisation=found.id)
            return _back(
                request, found.id, lazy("It is set who takes custody. What is recorded already stays.")
            )
    status = 422 if changes is None else 409
    return await _page(request, session, found, Form(), status, custody_form=form, changes=changes)


@router.post("/{organisation_id:int}/hosts/add", name="admin.add_host")
async def add_host(request: Request, session: Session, viewer: Operator, organisation_id: int) -> Response:
    """Add a host by e-mail address, or give one another role."""
    found = await find_organisation(session, organisation_id)
    form = await read_form(request, HostInput)
    if form.value is not None:
        user = await find_by_email(session, form.value.email)
        if user is None:
            form.fail("email", lazy("Nobody has an account under this address. Let them sign up first."))
        elif user.verified_at is None or user.banned_at is not None:
            # Anybody may have signed up under it, and wait for somebody to make something of them.
            form.fail(
                "email", lazy("This address is not verified, or its account is banned. Send an invitation.")
            )
        else:
            try:
                await put_host(session, found, user.id, form.value.role, helps=_seats_help(request, found))
            except LastAdminError as error:
                form.fail("role", error.message)
            else:
                log.info("admin.host.put", operator=viewer.id, organisation=found.id, person=user.id)
                return _back(request, found.id, lazy("%(name)s hosts for it.", name=user.name))
    return await _page(request, session, found, form, 422)


@router.post("/{organisation_id:int}/hosts/{user_id:int}/remove", name="admin.remove_host")
async def remove(
    request: Request, session: Session, viewer: Operator, organisation_id: int, user_id: int
) -> Response:
    """Remove a host; their rooms of the organisation stay with it."""
    found = await find_organisation(session, organisation_id)
    try:
        moved = (await let_go(session, found, user_id)).rooms
    except (HeirNeededError, LastAdminError) as error:
        return go(
            request,
            path_of(request, "admin.organisation", organisation_id=found.id),
            say=error.message,
            kind="bad",
        )
    log.info("admin.host.removed", operator=viewer.id, organisation=found.id, person=user_id, rooms=moved)
    said = ngettext(
        "Removed. One room went to its longest-serving admin.",
        "Removed. %(num)s rooms went to its longest-serving admin.",
        moved,
    )
    return _back(request, found.id, said if moved else lazy("Removed."))


async def _page(
    request: Request,
    session: AsyncSession,
    found: Organisation,
    host_form: Form[Any],
    status: int = 200,
    custody_form: Form[Any] | None = None,
    changes: list[Change] | None = None,
) -> Response:
    standing = await standing_of(session, found.holder_id)
    keepers = await _keepers(session, found)
    names = dict(keepers)
    return page(
        request,
        "admin/organisation.html",
        status,
        organisation=found,
        hosts=await hosts_of(session, found),
        host_form=host_form,
        rooms=await list_rooms(session, holder_id=found.holder_id, size=SOME),
        standing=standing,
        told=await membership_of(session, standing),
        holder_id=found.holder_id,
        custodians=keepers,
        custody_version=version_of(found),
        custody_form=custody_form or Form(),
        custody_changes=changes and [replace(one, now=names.get(one.now, one.now)) for one in changes],
    )


async def _keepers(session: AsyncSession, found: Organisation) -> list[tuple[str, str]]:
    """The options of the form."""
    keepers = [(str(number), name) for number, name in await choices(session, found)]
    return [("", _("The collective itself")), *keepers]


def _seats_help(request: Request, found: Organisation) -> list[Help]:
    """What helps when all seats are taken: give it more, or let somebody go; both stand on its page."""
    page_of_it = path_of(request, "admin.organisation", organisation_id=found.id)
    limits = path_of(request, "admin.holder_limits", holder_id=found.holder_id)
    return [(_("Its hosts and seats"), page_of_it, "get"), (_("Its limits"), limits, "get")]


def _back(request: Request, organisation_id: int, said: Any) -> Response:
    return go(request, path_of(request, "admin.organisation", organisation_id=organisation_id), say=said)
