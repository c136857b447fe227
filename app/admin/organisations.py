"""Reading organisations and their hosts."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.memberships.limits import Standing, standings
from app.memberships.models import Holder
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of


@dataclass(frozen=True)
class Line:
    """One organisation in the list."""

    row: Any
    standing: Standing


async def list_organisations(session: AsyncSession, *, search: str, number: int) -> Page[Line]:
    """By name."""
    found = _matching(search)
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    by_name = func.lower(Holder.name), Organisation.id
    page = found.order_by(*by_name).limit(PAGE_SIZE).offset(offset_of(number)).subquery()
    hosts = select(func.count()).where(OrganisationHost.organisation_id == page.c.id)
    rooms = select(func.count()).where(Room.holder_id == page.c.holder_id)
    rows = (
        await session.execute(
            select(
                page, hosts.scalar_subquery().label("hosts"), rooms.scalar_subquery().label("rooms")
            ).order_by(func.lower(page.c.name), page.c.id)
        )
    ).all()
    known = await standings(session, [row.holder_id for row in rows])
    return Page([Line(row, known[row.holder_id]) for row in rows], number, total)


def _matching(search: str) -> Select[*tuple[Any, ...]]:
    found = select(Organisation.id, Organisation.holder_id, Organisation.slug, Holder.name).join(
        Holder, Holder.id == Organisation.holder_id
    )
    if search:
        found = found.where(or_(Holder.name.ilike(like(search)), Organisation.slug.ilike(like(search))))
    return found


async def hosts_of(session: AsyncSession, organisation: Organisation) -> list[Any]:
    """The first of the organisation's hosts, admins first, with role and how many of its rooms they look after.

    As many as stand on one page; all of them are on the organisation's own pages.
    """
    rooms = select(func.count()).where(
        Room.holder_id == organisation.holder_id, Room.host_id == OrganisationHost.user_id
    )
    found = await session.execute(
        select(
            User.id,
            User.name,
            User.email,
            User.banned_at,
            OrganisationHost.role,
            OrganisationHost.joined_at,
            rooms.scalar_subquery().label("rooms"),
        )
        .join(User, User.id == OrganisationHost.user_id)
        .where(OrganisationHost.organisation_id == organisation.id)
        .order_by(OrganisationHost.role, func.lower(User.name), User.id)
        .limit(PAGE_SIZE)
    )
    return list(found)
