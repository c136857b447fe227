"""People: the list, one person's page, their tier."""

from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator, Viewer
from app.accounts.models import User
from app.admin.lists import Number, Search, tidy
from app.admin.meetings import list_meetings
from app.admin.people import last_seen, list_people, memberships_of, organisations_of
from app.admin.rooms import list_rooms
from app.admin.schemas import TierInput
from app.admin.tiers import change_tier, tier_context
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/people")
log = structlog.get_logger()
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
    return await _page(request, session, viewer, await person(session, user_id), Form())


@router.post("/{user_id:int}/tier", name="admin.person_tier")
async def put_on(request: Request, session: Session, viewer: Operator, user_id: int) -> Response:
    """Put a person on a tier."""
    user = await person(session, user_id)
    form = await read_form(request, TierInput)
    if await change_tier(session, viewer, user.holder_id, form):
        log.info("admin.tier", operator=viewer.id, holder=user.holder_id, person=user.id)
        return go(request, path_of(request, "admin.person", user_id=user.id), say=lazy("The tier is set."))
    return await _page(request, session, viewer, user, form, 422)


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
    form: Form[Any],
    status: int = 200,
) -> Response:
    return page(
        request,
        "admin/person.html",
        status,
        person=user,
        is_self=user.id == viewer.id,
        last_seen_at=await last_seen(session, user.id),
        organisations=await organisations_of(session, user.id),
        rooms=await list_rooms(session, host_id=user.id, size=SOME),
        meetings=await list_meetings(session, holder_id=user.holder_id, size=SOME),
        memberships=await memberships_of(session, user.holder_id),
        **await tier_context(session, user.holder_id, form),
    )
