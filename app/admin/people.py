"""Reading people: the list with its filters, and all that one person's page shows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import BrowserSession, User
from app.addresses import stored_part
from app.memberships.limits import Standing, standings
from app.memberships.models import Holder
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of

SHOWN: dict[str, ColumnElement[bool]] = {
    "all": true(),
    "operators": User.is_operator.is_(True),
    "banned": User.banned_at.is_not(None),
    "unverified": User.verified_at.is_(None),
}


@dataclass(frozen=True)
class Line:
    """One person in the list."""

    user: Any
    standing: Standing


async def list_people(session: AsyncSession, *, search: str, shown: str, number: int) -> Page[Line]:
    """The newest first. A page of them is cut out before anything is counted for each."""
    found = _matching(search, shown)
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = found.order_by(User.id.desc()).limit(PAGE_SIZE).offset(offset_of(number)).subquery()
    rooms = select(func.count()).where(Room.host_id == page.c.id).scalar_subquery()
    seen = select(func.max(BrowserSession.last_seen_at)).where(BrowserSession.user_id == page.c.id)
    rows = await session.execute(
        select(page, rooms.label("rooms"), seen.scalar_subquery().label("last_seen_at")).order_by(
            page.c.id.desc()
        )
    )
    return Page(await _with_standings(session, list(rows)), number, total)


def _matching(search: str, shown: str) -> Select[*tuple[Any, ...]]:
    found = select(
        User.id, User.holder_id, User.name, User.email, User.is_operator, User.verified_at, User.banned_at
    ).where(SHOWN[shown])
    if search:
        found = found.where(or_(User.name.ilike(like(search)), User.email.ilike(like(stored_part(search)))))
    return found


async def _with_standings(session: AsyncSession, rows: list[Any]) -> list[Line]:
    known = await standings(session, [row.holder_id for row in rows])
    return [Line(row, known[row.holder_id]) for row in rows]


async def last_seen(session: AsyncSession, user_id: int) -> Any:
    """When a person last opened a page here, as exactly as sessions keep it; None if they are signed out."""
    return await session.scalar(
        select(func.max(BrowserSession.last_seen_at)).where(BrowserSession.user_id == user_id)
    )


async def organisations_of(session: AsyncSession, user_id: int) -> list[Any]:
    """The organisations that a person hosts for, with their role."""
    found = await session.execute(
        select(Organisation.id, Holder.name, OrganisationHost.role)
        .join(Holder, Holder.id == Organisation.holder_id)
        .join(OrganisationHost, OrganisationHost.organisation_id == Organisation.id)
        .where(OrganisationHost.user_id == user_id)
        .order_by(Holder.name)
    )
    return list(found)
