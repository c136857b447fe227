"""The rooms that a call may touch: those that the token's owner hosts."""

from typing import Annotated

from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.i18n import marked as _
from app.meetings.doors import Door, GoneError, at_door, open_door
from app.rooms.access import NotTheHostError

Slug = Annotated[
    str,
    Path(description=_("The last part of the room’s link, as of now or as it once was: weekly-assembly.")),
]


async def hosted_door(session: AsyncSession, slug: str, caller: Viewer) -> Door:
    """The room at an address with its live state, for its hosts.

    NotFoundError where there never was one, GoneError where it was deleted, NotTheHostError for everyone else:
    that a room is there is no secret, since its page is open to whoever has the link.
    """
    door = await open_door(session, slug, caller)
    if door is None:
        raise GoneError
    return _hosts(door)


async def open_hosted_door(session: AsyncSession, slug: str, caller: Viewer) -> Door:
    """The same for whoever wants to meet there: ClosedError if its host was closed out."""
    return _hosts(await at_door(session, slug, caller))


def _hosts(door: Door) -> Door:
    if not door.is_host:
        raise NotTheHostError
    return door
