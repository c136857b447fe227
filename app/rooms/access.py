"""Who may do what with a room, and for whom a person may make one."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.db import Statement
from app.errors import ForbiddenError, NotFoundError
from app.i18n import lazy
from app.organisations.conditions import administers, is_suspended
from app.organisations.models import HostRole
from app.rooms.addresses import leads_to
from app.rooms.models import Room


class NotTheHostError(ForbiddenError):
    """Everyone with the link may see a room; only its hosts may change it."""

    code = "not_the_host"
    message = lazy("Only the hosts of this room can do that.")


@dataclass(frozen=True)
class ActsFor:
    """A holder that a person may make rooms for: themselves, or an organisation they host for."""

    holder_id: int
    name: str
    is_own: bool
    is_admin: bool
    """verified: who is not yet manages nothing of an organisation"""
    slug: str | None = None
    """of the organisation"""


def hosted_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition that a room is hosted by someone: as its host, or as verified admin of its organisation."""
    manages = (administers(viewer.id, Room.holder_id),) if viewer.is_verified else ()
    return or_((Room.host_id == viewer.id) & ~is_suspended(viewer.id, Room.holder_id), *manages)


_HOSTS_FOR = Statement("""
    SELECT oh.role, oh.suspended_at IS NOT NULL AS suspended
    FROM organisation_hosts oh JOIN organisations o ON o.id = oh.organisation_id
    WHERE o.holder_id = :holder AND oh.user_id = :user
""")


async def is_host_of(session: AsyncSession, viewer: Viewer, *, host_id: int, holder_id: int) -> bool:
    """Whether a person is a host of the room of this host and holder: theirs, or their organisation's and they admin.

    Whom an organisation has suspended is not, though the room stays theirs. The room itself is not read again: it
    may be deleted at this moment, and its host is not told that it is somebody else's.
    """
    is_theirs = host_id == viewer.id
    if is_theirs and holder_id == viewer.holder_id:
        return True  # one's own: no statement, and nobody suspends oneself
    row = await _HOSTS_FOR.row(session, holder=holder_id, user=viewer.id)
    if row is None:
        return is_theirs
    manages = row.role == HostRole.ADMIN and viewer.is_verified
    return not row.suspended and (is_theirs or manages)


async def hosted_room(session: AsyncSession, slug: str, viewer: Viewer) -> Room:
    """The room at an address, for its hosts. Raises NotFoundError, and NotTheHostError for everyone else."""
    room_id = await leads_to(session, slug)
    room = await session.get(Room, room_id) if room_id else None
    if room is None:
        raise NotFoundError
    if not await is_host_of(session, viewer, host_id=room.host_id, holder_id=room.holder_id):
        raise NotTheHostError
    return room


_ORGANISATIONS = Statement("""
    SELECT h.id, h.name, oh.role, o.slug FROM organisation_hosts oh
    JOIN organisations o ON o.id = oh.organisation_id JOIN holders h ON h.id = o.holder_id
    WHERE oh.user_id = :user AND oh.suspended_at IS NULL ORDER BY h.name
""")


async def acts_for(session: AsyncSession, viewer: Viewer) -> list[ActsFor]:
    """The holders that the viewer may make rooms for, the viewer first."""
    found = await _ORGANISATIONS.rows(session, user=viewer.id)
    return [
        ActsFor(viewer.holder_id, viewer.name, is_own=True, is_admin=True),
        *(
            ActsFor(
                row.id,
                row.name,
                is_own=False,
                is_admin=row.role == HostRole.ADMIN and viewer.is_verified,
                slug=row.slug,
            )
            for row in found
        ),
    ]
