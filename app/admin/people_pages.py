"""People: the list, and one person's page."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator, Viewer
from app.accounts.models import User
from app.admin.meetings import list_meetings
from app.admin.people import last_seen, list_people, organisations_of
from app.admin.rooms import list_rooms
from app.contributions.membership_saying import membership_of
from app.db import Session
from app.errors import NotFoundError
from app.mail.bounces import bounce_of
from app.memberships.limits import standing_of
from app.web.lists import Number, Search, tidy
from app.web.pages import page

router = APIRouter(prefix="/admin/people")
SOME = 5

Shown = Annotated[Literal["all", "operators", "banned", "unverified"], Query()]


@router.get("", name="admin.people")
async def index(
    request: Request,
    session: Session,
    viewer: Operator,
    search: Search = "",
    shown: Shown = "all",
    number: Number = 1,
) -> Response:
    """Everyone with an account."""
    del viewer
    search = tidy(search)
    people = await list_people(session, search=search, shown=shown, number=number)
    return page(request, "admin/people.html", people=people, search=search, shown=shown)


@router.get("/{user_id:int}", name="admin.person")
async def show(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """One person."""
    return await _page(request, session, viewer, await person(session, user_id))


async def person(session: AsyncSession, user_id: int) -> User:
    """The account, or NotFoundError."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFoundError
    return user


async def _page(
    request: Request,
    session: AsyncSession,
    viewer: Viewer,
    user: User,
) -> Response:
    standing = await standing_of(session, user.holder_id)
    return page(
        request,
        "admin/person.html",
        person=user,
        is_self=user.id == viewer.id,
        last_seen_at=await last_seen(session, user.id),
        bounce=await bounce_of(session, user.email),
        organisations=await organisations_of(session, user.id),
        rooms=await list_rooms(session, host_id=user.id, size=SOME),
        meetings=await list_meetings(session, holder_id=user.holder_id, size=SOME),
        standing=standing,
        told=await membership_of(session, standing),
        holder_id=user.holder_id,
    )
