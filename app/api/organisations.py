"""/organisations/{organisation}/hosts: an organisation's hosts for its admins: list, invite, change, remove."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.scopes import Scope
from app.api.answers import figures
from app.api.errors import WITH_BODY, fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.host_answers import Host, HostChange, Hosts, Invitation, Invited, NewHosts
from app.api.rooms import PageNumber
from app.db import Session
from app.errors import ConflictError
from app.i18n import gettext, lazy
from app.i18n import marked as _
from app.memberships.limits import Standing, standing_of
from app.organisations import invitations
from app.organisations.access import Place, administered, managed
from app.organisations.host_pages import NoHostError, why_not
from app.organisations.hosts import find_host, list_hosts
from app.organisations.invitation_pages import INVITED, post_of
from app.organisations.invitation_report import report
from app.organisations.leaving import let_go
from app.organisations.service import change_role, resume_host, suspend_host
from app.organisations.shares import Wish, give_share
from app.web import rate_limits

router = APIRouter(
    prefix="/organisations/{organisation}/hosts", route_class=GuardedRoute, tags=[_("Organisations")]
)
ONE = "/{host_id}"
Slug = Annotated[
    str, Path(description=_("The last part of the address of the organisation’s page: riverside-housing."))
]
HostId = Annotated[int, Path(ge=1, le=2**53, description=_("The number of the host."))]


class ShareRefusedError(ConflictError):
    """More than there is to give, or less than is used."""

    code = "share_refused"
    title = lazy("This share cannot be given")


@router.get(
    "",
    name="api.list_hosts",
    dependencies=needs(Scope.READ),
    summary=_("List the hosts of an organisation"),
    description=_("For its admins: the admins first, then by name, each with what they use."),
    response_description=_("One page of hosts."),
    responses=fails_with(404),
)
async def index(
    session: Session,
    caller: Caller,
    organisation: Slug,
    number: PageNumber = 1,
    search: Annotated[
        str, Query(max_length=100, description=_("Only hosts with this in their name or e-mail address."))
    ] = "",
) -> Hosts:
    """The same as the page."""
    place, standing = await find_administered(session, organisation, caller)
    wanted = search.replace("\0", "").strip()
    found = await list_hosts(session, place.organisation, standing, search=wanted, number=number)
    return Hosts(items=[Host.of(host) for host in found.items], **figures(found))


@router.post(
    "",
    name="api.invite_hosts",
    dependencies=needs(Scope.ORGANISATION),
    summary=_("Invite hosts"),
    description=_(
        "Sends an invitation to each address that can get one, and says of each what became of it. With check_only "
        "nothing is sent."
    ),
    response_description=_("What became of each address, in the order they were sent."),
    responses=WITH_BODY | fails_with(404),
)
async def invite(
    request: Request, session: Session, caller: Caller, organisation: Slug, body: NewHosts
) -> Invited:
    """All of it in one transaction, like the page."""
    place, standing = await find_administered(session, organisation, caller, changes=not body.check_only)
    typed, is_sent = body.emails, False
    if body.check_only:
        lines = await report(session, standing, place.organisation, typed)
    else:
        await rate_limits.check(session, request, INVITED, str(place.organisation.id))
        post, role = post_of(request), body.role
        lines, is_sent = await invitations.invite(
            session, post, place.organisation, typed, role=role, by=caller.id
        )
    if is_sent:
        await rate_limits.spend(session, request, INVITED, str(place.organisation.id))
    items = [Invitation(email=line.typed, outcome=line.outcome) for line in lines]
    return Invited(sent=is_sent, items=items)


@router.patch(
    ONE,
    name="api.change_host",
    dependencies=needs(Scope.ORGANISATION),
    summary=_("Change a host"),
    description=_(
        "The fields that are sent are changed, the others stay; all of them or none. The only admin stays one."
    ),
    response_description=_("The host as they are now."),
    responses=WITH_BODY | fails_with(404, 409),
)
async def change(
    session: Session, caller: Caller, organisation: Slug, host_id: HostId, body: HostChange
) -> Host:
    """Role, suspension and share, by the same services as the page."""
    place, standing = await find_administered(session, organisation, caller, changes=True)
    host = await _host(session, place, standing, host_id)
    sent = body.model_fields_set
    if "share_bytes" in sent:
        wish = Wish(host_id, body.share_bytes, body.below_use, body.share_from)
        given = await give_share(session, place.organisation, wish)
        if not given.is_kept:
            raise ShareRefusedError(why_not(given, gettext("Send below_use to give it all the same.")))
    if "suspended" in sent and body.suspended != host.suspended:
        change_it = suspend_host if body.suspended else resume_host
        await change_it(session, place.organisation, host_id)
    if "role" in sent and body.role != host.role:
        await change_role(session, place.organisation, host_id, body.role)
    return await _host(session, place, standing, host_id)


@router.delete(
    ONE,
    name="api.remove_host",
    dependencies=needs(Scope.ORGANISATION),
    status_code=204,
    summary=_("Remove a host"),
    description=_("They host for it no more. Rooms and recordings stay with the organisation."),
    response_description=_("The host is removed."),
    responses=fails_with(404, 409),
)
async def remove(
    session: Session,
    caller: Caller,
    organisation: Slug,
    host_id: HostId,
    heir: Annotated[
        int | None,
        Query(
            ge=1,
            le=2**53,
            description=_(
                "The number of the host who gets their rooms and recordings; without it, the longest-serving admin."
            ),
        ),
    ] = None,
) -> None:
    """By the same service as the page."""
    place, standing = await find_administered(session, organisation, caller, changes=True)
    await _host(session, place, standing, host_id)
    await let_go(session, place.organisation, host_id, heir)


async def find_administered(
    session: AsyncSession, slug: str, caller: Viewer, *, changes: bool = False
) -> tuple[Place, Standing]:
    """The organisation, for an admin of it; under its holder's lock if something changes.

    An operator's token has no more rights here than anyone's.
    """
    find = managed if changes else administered
    place = await find(session, slug, replace(caller, is_operator=False))
    return place, await standing_of(session, place.organisation.holder_id)


async def _host(session: AsyncSession, place: Place, standing: Standing, host_id: int) -> Host:
    found = await find_host(session, place.organisation, standing, host_id)
    if found is None:
        raise NoHostError
    return Host.of(found)
