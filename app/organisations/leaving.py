"""A host leaves an organisation: who gets what was theirs, decided before they go."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.service import find_by_email
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.limits import hold
from app.organisations.models import Organisation, OrganisationHost
from app.organisations.service import LastAdminError, longest_admin, remove_host


@dataclass(frozen=True)
class Leaving:
    """Who leaves which holder, and who gets their rooms and recordings of it."""

    holder_id: int
    user_id: int
    heir_id: int


Hook = Callable[[AsyncSession, Leaving], Awaitable[None]]
hooks: list[Hook] = []


class HeirNeededError(ConflictError):
    """Rooms and recordings were to go to somebody who does not host for it, or may not at the moment."""

    code = "heir_needed"
    message = lazy("Choose somebody who hosts for it: rooms and recordings go to them.")


@dataclass(frozen=True)
class Left:
    """What is left behind: how many rooms and recordings go to somebody else."""

    rooms: int
    recordings: int


# By the tables' names: their packages stand further right.
_LEFT = text("""
    SELECT (SELECT count(*) FROM rooms WHERE holder_id = :holder AND host_id = :user) AS rooms,
           (
               SELECT count(*) FROM recordings
               WHERE holder_id = :holder AND host_id = :user AND state <> 'gone'
           ) AS recordings
""")


def goes_with_host(hook: Hook) -> Hook:
    """A feature's part: `async (session, leaving)` hands over what is the leaving host's, under the holder's lock."""
    if hook not in hooks:
        hooks.append(hook)
    return hook


async def left_behind(session: AsyncSession, holder_id: int, user_id: int) -> Left:
    """What somebody else gets when this host leaves."""
    row = (await session.execute(_LEFT, {"holder": holder_id, "user": user_id})).one()
    return Left(row.rooms, row.recordings)


async def heir_of(session: AsyncSession, email: str, heir_id: int | None) -> int | None:
    """Whom a form names: by an address that was typed, else by the choice. Raises HeirNeededError."""
    if not email:
        return heir_id
    found = await find_by_email(session, email)
    if found is None:
        raise HeirNeededError
    return found.id


async def let_go(
    session: AsyncSession, organisation: Organisation, user_id: int, heir_id: int | None = None
) -> Left:
    """A host leaves; rooms and recordings go to the heir, or to the longest-serving admin if none is named.

    Raises NotFoundError, LastAdminError, HeirNeededError.
    """
    await hold(session, organisation.holder_id)
    left = await left_behind(session, organisation.holder_id, user_id)
    heir = await _heir(session, organisation.id, user_id, heir_id)
    if heir is None and heir_id not in {None, user_id}:
        # Also if nothing is left: whether an address has an account somewhere is nobody's to find out here.
        raise HeirNeededError
    if heir is None and (left.rooms or left.recordings):
        raise LastAdminError
    if heir is not None:
        for hook in hooks:
            await hook(session, Leaving(organisation.holder_id, user_id, heir))
    await remove_host(session, organisation, user_id)
    return left


async def _heir(session: AsyncSession, organisation_id: int, user_id: int, heir_id: int | None) -> int | None:
    """Who was chosen, if they host for it and are not the one who leaves; else the longest-serving admin."""
    if heir_id is None or heir_id == user_id:
        return await longest_admin(session, organisation_id, but=user_id)
    return await session.scalar(
        select(OrganisationHost.user_id).where(
            OrganisationHost.organisation_id == organisation_id,
            OrganisationHost.user_id == heir_id,
            OrganisationHost.suspended_at.is_(None),
        )
    )
