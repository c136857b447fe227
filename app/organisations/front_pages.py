"""An organisation's first page with its figures, the file of its hosts, and the way out for a host."""

from decimal import Decimal
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import SignedIn
from app.db import Session
from app.errors import NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.limits import standing_of
from app.memberships.models import Holder
from app.memberships.storage_notice import removal_and_excess, storage_notice
from app.organisations.access import Place, administered, visited
from app.organisations.hosts import admins_of, figures, list_hosts, open_invitations, others
from app.organisations.invitations import list_invitations
from app.organisations.leaving import HeirNeededError, heir_of, left_behind, let_go
from app.organisations.membership import membership_saying
from app.organisations.models import Organisation, OrganisationHost
from app.organisations.schemas import LeaveInput
from app.organisations.service import LastAdminError
from app.organisations.shares import share_of, shared_out
from app.web.csv import csv_answer, euros
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of
from quotas.contributions import suggested

router = APIRouter(prefix="/organisations")
log = structlog.get_logger()
EVERYONE = 100_000


@router.get("", name="organisations.index")
async def index(request: Request, session: Session, viewer: SignedIn) -> Response:
    """The organisations that the viewer hosts for."""
    found = await session.execute(
        select(Organisation.slug, Holder.name, OrganisationHost.role, OrganisationHost.suspended_at)
        .join(Holder, Holder.id == Organisation.holder_id)
        .join(OrganisationHost, OrganisationHost.organisation_id == Organisation.id)
        .where(OrganisationHost.user_id == viewer.id)
        .order_by(Holder.name)
    )
    return page(request, "organisations/index.html", organisations=found.all())


@router.get("/{slug}", name="organisations.show")
async def show(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """What it is, what it uses and owes; for a host who is no admin, what concerns them."""
    place = await visited(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    mine = await share_of(session, standing, viewer.id)
    context: dict[str, Any] = {"standing": standing, "mine": mine.share if mine else None}
    if place.is_admin:
        hosts = standing.hosts
        shown = await figures(session, standing)
        removal, over_since = await removal_and_excess(session, standing.holder_id)
        stored = shown.use.stored_bytes
        context |= {
            "figures": shown,
            "saying": await membership_saying(session, standing.holder_id),
            "storage": storage_notice(standing, removal, stored_bytes=stored, over_since=over_since),
            "sum": await shared_out(session, standing),
            "open": await open_invitations(session, place.organisation.id),
            "suggested": suggested(Decimal(hosts)),
        }
    return page(
        request,
        "organisations/show.html" if place.is_admin else "organisations/hosts_view.html",
        place=place,
        admins=await admins_of(session, place.organisation),
        **context,
    )


HOST_COLUMNS = (
    *("name", "email", "role", "since", "suspended_since", "last_use", "rooms", "meetings_this_month"),
    *("most_people_at_once", "stored_bytes", "share_bytes"),
)


@router.get("/{slug}/hosts.csv", name="organisations.hosts_file")
async def hosts_file(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """The hosts as a file."""
    del request
    place = await administered(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    found = await list_hosts(session, place.organisation, standing, size=EVERYONE)
    return csv_answer(
        f"{slug}-hosts",
        HOST_COLUMNS,
        (
            (
                *(host.row.name, host.row.email, host.row.role, host.row.joined_at, host.row.suspended_at),
                *(host.row.last_used_at, host.row.rooms, host.row.meetings, host.row.peak),
                *(host.row.stored_bytes, host.share),
            )
            for host in found.items
        ),
    )


INVITATION_COLUMNS = ("email", "role", "invited", "sent", "holds_until", "works")


@router.get("/{slug}/invitations.csv", name="organisations.invitations_file")
async def invitations_file(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """The open invitations as a file."""
    del request
    place = await administered(session, slug, viewer)
    found = await list_invitations(session, place.organisation.id, size=EVERYONE)
    rows = ((row.Invitation, "yes" if row.holds else "no") for row in found.items)
    return csv_answer(
        f"{slug}-invitations",
        INVITATION_COLUMNS,
        ((one.email, one.role, one.created_at, one.sent_at, one.expires_at, works) for one, works in rows),
    )


@router.get("/{slug}/figures.csv", name="organisations.figures_file")
async def figures_file(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """The figures of the organisation as a file of one line."""
    del request
    place = await administered(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    found = await figures(session, standing)
    use = found.use
    line = {
        "organisation": place.name,
        "month": found.month.astimezone(standing.zone).date(),
        "tier": standing.tier_name,
        "membership_ends": standing.membership_ends_at,
        "price_eur": euros(found.owed.price) if found.owed else None,
        "owed_eur": euros(found.owed.due) if found.owed else None,
        "hosts": standing.hosts,
        "seats": standing.limits.hosts,
        "rooms": use.rooms,
        "last_use": use.last_used_at,
        "meetings_this_month": use.meetings,
        "people_now": use.people_now,
        "most_people_at_once": use.most_people,
        "large_sessions_this_month": use.large_sessions,
        "stored_bytes": use.stored_bytes,
        "storage_bytes": standing.limits.storage_bytes,
    }
    return csv_answer(f"{slug}-figures", list(line), [list(line.values())])


@router.get("/{slug}/leave", name="organisations.leave")
async def ask_to_leave(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Ask before a host leaves by themselves."""
    return await _leave_page(request, session, await _hosted(session, slug, viewer), viewer.id, Form())


@router.post("/{slug}/leave", name="organisations.left")
async def leave(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Leave; rooms and recordings of the organisation stay with it."""
    place = await _hosted(session, slug, viewer)
    form = await read_form(request, LeaveInput)
    if form.value is not None:
        try:
            heir = await heir_of(session, form.value.heir_email, form.value.heir)
            await let_go(session, place.organisation, viewer.id, heir)
        except LastAdminError:
            form.fail("heir", lazy("You are its only admin. Make someone else an admin first."))
        except HeirNeededError as error:
            form.fail("heir", error.message)
        else:
            log.info("organisation.left", organisation=place.organisation.id, person=viewer.id)
            said = _("You no longer host for %(organisation)s.", organisation=place.name)
            return go(request, path_of(request, "home.dashboard"), say=said)
    return await _leave_page(request, session, place, viewer.id, form, 422)


async def _hosted(session: AsyncSession, slug: str, viewer: SignedIn) -> Place:
    place = await visited(session, slug, viewer)
    if not place.is_host:
        raise NotFoundError
    return place


async def _leave_page(
    request: Request, session: AsyncSession, place: Place, user_id: int, form: Form[Any], status: int = 200
) -> Response:
    return page(
        request,
        "organisations/leave.html",
        status,
        place=place,
        form=form,
        left=await left_behind(session, place.organisation.holder_id, user_id),
        heirs=await others(session, place.organisation, user_id),
    )
