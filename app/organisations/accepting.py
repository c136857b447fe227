"""Accepting an invitation: read by the token of its link, accepted once, while there is a seat."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.service import held, verify_address
from app.accounts.sessions import hash_of
from app.errors import ForbiddenError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.access import SuspendedError
from app.organisations.models import HostRole, Invitation, Organisation, OrganisationHost
from app.organisations.service import put_host, still_vouched
from app.web.browser import bare_token


class InvitationOverError(NotFoundError):
    """It was accepted, withdrawn, sent anew, its time is over, or who made an admin of somebody is none any more."""

    code = "invitation_over"
    status = 410
    title = lazy("This invitation no longer works")
    message = lazy("Ask who invited you to send it again. If you have accepted it already, sign in.")


class OtherAddressError(ForbiddenError):
    """Whoever has the link is not yet who was invited: a mail is forwarded, an address is whose it is."""

    code = "other_address"
    title = lazy("This invitation is for another address")
    message = lazy("Sign in with the address that it was sent to, or ask who invited you to invite yours.")


@dataclass(frozen=True)
class Asked:
    """An invitation as its reader sees it."""

    invitation: Invitation
    organisation: Organisation
    name: str


async def find_invitation(session: AsyncSession, token: str) -> Asked:
    """The invitation behind a link. Raises InvitationOverError."""
    found = (
        await session.execute(
            select(Invitation, Organisation, Holder.name)
            .join(Organisation, Organisation.id == Invitation.organisation_id)
            .join(Holder, Holder.id == Organisation.holder_id)
            .where(
                Invitation.token_hash == hash_of(bare_token(token)),
                Invitation.accepted_at.is_(None),
                Invitation.withdrawn_at.is_(None),
                Invitation.expires_at > clock.now(),
                still_vouched(),
            )
            .execution_options(populate_existing=True)
        )
    ).one_or_none()
    if found is None:
        raise InvitationOverError
    return Asked(found.Invitation, found.Organisation, found.name)


async def accept(
    session: AsyncSession, token: str, user_id: int, *, stay_signed_in: int | None = None
) -> Asked:
    """Let the person host, while there is a seat; the link has shown that their address is theirs.

    If it was not known to be theirs, every session ends but the one that is given.

    Raises InvitationOverError, OtherAddressError, SuspendedError, RefusedError. Under the holder's lock, and read
    anew there: of two who use a link at once, one comes too late.
    """
    first = await find_invitation(session, token)
    await hold(session, first.organisation.holder_id)
    asked = await find_invitation(session, token)
    user = await held(session, user_id)
    if user is None:
        raise NotFoundError
    if user.email.lower() != asked.invitation.email.lower():
        raise OtherAddressError
    await verify_address(session, user, stay_signed_in=stay_signed_in)
    host = await session.get(OrganisationHost, (asked.organisation.id, user_id), populate_existing=True)
    if host is not None and host.suspended_at is not None:
        # Nor do they get another role, which they would have when they may act again.
        raise SuspendedError
    # Who hosts for it already keeps their role, unless the invitation has more.
    if host is None or asked.invitation.role == HostRole.ADMIN:
        await put_host(session, asked.organisation, user_id, HostRole(asked.invitation.role), invited=True)
    asked.invitation.accepted_at = clock.now()
    await session.flush()
    return asked
