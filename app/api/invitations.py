"""/organisations/{organisation}/invitations: who is invited to host, for its admins: list, send again, withdraw."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.scopes import Scope
from app.api.answers import figures
from app.api.errors import fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.host_answers import OpenInvitation, OpenInvitations
from app.api.organisations import Slug, find_administered
from app.api.rooms import PageNumber
from app.db import Session
from app.errors import ConflictError
from app.i18n import lazy
from app.i18n import marked as _
from app.organisations import invitations
from app.organisations.invitation_pages import SENT_AGAIN, post_of
from app.web import rate_limits

router = APIRouter(
    prefix="/organisations/{organisation}/invitations",
    route_class=GuardedRoute,
    tags=[_("Organisations")],
)
InvitationId = Annotated[int, Path(ge=1, le=2**53, description=_("The number of the invitation."))]


class NoSeatError(ConflictError):
    """It has run out and given its seat back, and there is no other."""

    code = "no_seat"
    title = lazy("No seat is left")
    message = lazy("It has run out, and no seat is left for it.")


@router.get(
    "",
    name="api.list_invitations",
    dependencies=needs(Scope.READ),
    summary=_("List open invitations"),
    description=_(
        "For the organisation’s admins: those that nobody has accepted or withdrawn, the newest first."
    ),
    response_description=_("One page of invitations."),
    responses=fails_with(404),
)
async def index(
    session: Session, caller: Caller, organisation: Slug, number: PageNumber = 1
) -> OpenInvitations:
    """The same as the page."""
    place, _standing = await find_administered(session, organisation, caller)
    found = await invitations.list_invitations(session, place.organisation.id, number=number)
    return OpenInvitations(items=[OpenInvitation.of(row) for row in found.items], **figures(found))


@router.post(
    "/{invitation_id}/resend",
    name="api.resend_invitation",
    dependencies=needs(Scope.ORGANISATION),
    status_code=204,
    summary=_("Send an invitation again"),
    description=_(
        "With a new link that holds for 14 days; the old link ends. One that has run out takes a seat anew. At most "
        "three times a day."
    ),
    response_description=_("It is on its way again."),
    responses=fails_with(404, 409),
)
async def resend(
    request: Request, session: Session, caller: Caller, organisation: Slug, invitation_id: InvitationId
) -> None:
    """By the same service as the page."""
    place, _standing = await find_administered(session, organisation, caller, changes=True)
    await rate_limits.check(session, request, SENT_AGAIN, str(invitation_id))
    post = post_of(request)
    if not await invitations.resend(session, post, place.organisation, invitation_id, by=caller.id):
        raise NoSeatError
    await rate_limits.spend(session, request, SENT_AGAIN, str(invitation_id))


@router.delete(
    "/{invitation_id}",
    name="api.withdraw_invitation",
    dependencies=needs(Scope.ORGANISATION),
    status_code=204,
    summary=_("Withdraw an invitation"),
    description=_("Its link ends, and its seat is free."),
    response_description=_("It is withdrawn."),
    responses=fails_with(404),
)
async def withdraw(session: Session, caller: Caller, organisation: Slug, invitation_id: InvitationId) -> None:
    """By the same service as the page."""
    place, _standing = await find_administered(session, organisation, caller, changes=True)
    await invitations.withdraw(session, place.organisation, invitation_id)
