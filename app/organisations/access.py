"""Who sees an organisation's own pages: its hosts a part, its admins and operators all of them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import VerificationNeededError, Viewer
from app.errors import ForbiddenError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.models import HostRole, Organisation, OrganisationHost


class NotAnAdminError(ForbiddenError):
    """A host sees that there is more, which is for the admins."""

    code = "not_an_admin"
    message = lazy("The admins of this organisation do that. Its page says who they are.")


class SuspendedError(ForbiddenError):
    """A host who may not act for it at the moment."""

    code = "suspended"
    message = lazy("An admin of this organisation has suspended you. Its page says whom to ask.")


@dataclass(frozen=True)
class Place:
    """An organisation as one of its people, or an operator, finds it."""

    organisation: Organisation
    name: str
    is_host: bool
    is_admin: bool
    """manages it: an active admin of it, or an operator"""
    is_suspended: bool


async def visited(session: AsyncSession, slug: str, viewer: Viewer) -> Place:
    """The organisation at an address, for its hosts and for operators.

    Raises NotFoundError, and VerificationNeededError: an account that was never verified may be anybody's, whoever
    made it a host.
    """
    found = (
        await session.execute(
            select(Organisation, Holder.name, OrganisationHost.role, OrganisationHost.suspended_at)
            .join(Holder, Holder.id == Organisation.holder_id)
            .outerjoin(
                OrganisationHost,
                (OrganisationHost.organisation_id == Organisation.id)
                & (OrganisationHost.user_id == viewer.id),
            )
            .where(Organisation.slug == slug)
        )
    ).one_or_none()
    if found is None or (found.role is None and not viewer.is_operator):
        raise NotFoundError
    if not viewer.is_verified:
        raise VerificationNeededError
    acts = found.role is not None and found.suspended_at is None
    return Place(
        organisation=found.Organisation,
        name=found.name,
        is_host=found.role is not None,
        is_admin=viewer.is_operator or (acts and found.role == HostRole.ADMIN),
        is_suspended=found.suspended_at is not None,
    )


async def administered(session: AsyncSession, slug: str, viewer: Viewer) -> Place:
    """The same for those who manage it. Raises also SuspendedError, NotAnAdminError."""
    place = await visited(session, slug, viewer)
    if not place.is_admin:
        raise SuspendedError if place.is_suspended else NotAnAdminError
    return place


async def managed(session: AsyncSession, slug: str, viewer: Viewer) -> Place:
    """The same for changing something of it, under its holder's lock: nobody takes the right away meanwhile.

    Of two admins who remove each other at once one stays.
    """
    place = await administered(session, slug, viewer)
    await hold(session, place.organisation.holder_id)
    return await administered(session, slug, viewer)
