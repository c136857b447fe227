"""/rooms: list, make, show, change, delete.

A room is named by its slug, the last part of its link, and not by its number: it is what people have in their hands,
and it is as durable, since an address that ever led to a room is never given to somebody else's.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.scopes import Scope
from app.api import answers, bodies
from app.api.access import Slug, hosted_door
from app.api.errors import WITH_BODY, fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.db import Session
from app.i18n import marked as _
from app.meetings.doors import Door
from app.meetings.hosted import Wanted, hosted_rooms
from app.meetings.live_state import Live, LiveState, live_state
from app.memberships.limits import standing_of
from app.rooms.access import acts_for
from app.rooms.models import Room, Visibility, WhoMayStart
from app.rooms.schemas import RoomInput
from app.rooms.service import change_room, create_room, delete_room
from app.web.pages import path_of

router = APIRouter(prefix="/rooms", route_class=GuardedRoute, tags=[_("Rooms")])

PageNumber = Annotated[
    int, Query(alias="page", ge=1, le=100_000, description=_("Which page, from 1; 50 a page."))
]


@router.get(
    "",
    name="api.list_rooms",
    dependencies=needs(Scope.READ),
    summary=_("List your rooms"),
    description=_("The rooms that you host, the newest used first, each with what happens in it now."),
    response_description=_("One page of your rooms."),
)
async def list_rooms(
    request: Request,
    session: Session,
    caller: Caller,
    number: PageNumber = 1,
    search: Annotated[
        str, Query(max_length=100, description=_("Only rooms with this in their name or slug."))
    ] = "",
) -> answers.Rooms:
    """One page of the caller's rooms."""
    mine = await acts_for(session, caller)
    found = await hosted_rooms(session, caller, mine, Wanted(number, search.strip()))
    items = [
        answers.Room.of(
            request,
            row,
            answers.Holder(id=row.holder_id, name=row.holder_name),
            answers.LiveNow.of(live_state(row), row.meeting_id),
        )
        for row in found.items
    ]
    return answers.Rooms(items=items, **answers.figures(found))


@router.post(
    "",
    name="api.create_room",
    dependencies=needs(Scope.ROOMS),
    status_code=201,
    summary=_("Make a room"),
    description=_("A new room, for yourself or for an organisation you host for, within its limit of rooms."),
    response_description=_("The room. Location is its address here."),
    responses=WITH_BODY | fails_with(409),
)
async def create(
    request: Request, response: Response, session: Session, caller: Caller, body: bodies.NewRoom
) -> answers.Room:
    """Make a room by the same service as the page."""
    # What the body allows is what the form allows: the types are the same, so it is not read twice.
    room = await create_room(session, caller, RoomInput.model_construct(**dict(body)))
    response.headers["location"] = path_of(request, "api.show_room", slug=room.slug)
    standing = await standing_of(session, room.holder_id)
    return _shown(request, room, standing.holder_name, LiveState(Live.NOT_STARTED))


@router.get(
    "/{slug}",
    name="api.show_room",
    dependencies=needs(Scope.READ),
    summary=_("Show a room"),
    description=_("One room that you host, with what happens in it now."),
    response_description=_("The room."),
    responses=fails_with(404, 410),
)
async def show(request: Request, session: Session, caller: Caller, slug: Slug) -> answers.Room:
    """One room for its hosts."""
    door = await hosted_door(session, slug, caller)
    return _at(request, door, await _room_of(session, door))


@router.patch(
    "/{slug}",
    name="api.change_room",
    dependencies=needs(Scope.ROOMS),
    summary=_("Change a room"),
    description=_(
        "The fields that are sent are changed, the others stay. A running meeting keeps its terms."
    ),
    response_description=_("The room as it is now."),
    responses=WITH_BODY | fails_with(404, 409, 410),
)
async def change(
    request: Request, session: Session, caller: Caller, slug: Slug, body: bodies.RoomChange
) -> answers.Room:
    """Change what is sent, keep the rest."""
    door = await hosted_door(session, slug, caller)
    room = await _room_of(session, door)
    await change_room(session, room, _changed(room, body))
    return _at(request, door, room)


@router.delete(
    "/{slug}",
    name="api.delete_room",
    dependencies=needs(Scope.ROOMS),
    status_code=204,
    summary=_("Delete a room"),
    description=_(
        "For good. A meeting that runs in it ends within seconds; its past meetings stay in the list."
    ),
    response_description=_("The room is deleted."),
    responses=fails_with(404, 410),
)
async def delete(session: Session, caller: Caller, slug: Slug) -> None:
    """Delete a room by the same service as the page."""
    door = await hosted_door(session, slug, caller)
    await delete_room(session, await _room_of(session, door))


def _changed(room: Room, body: bodies.RoomChange) -> RoomInput:
    """The room as it is, with what was sent on top. Without an address it keeps its own."""
    kept = {name: getattr(room, name) for name in _KEPT}
    kept["who_may_start"] = WhoMayStart(room.who_may_start)
    kept["recording_visibility"] = Visibility(room.recording_visibility)
    return RoomInput.model_construct(**kept | body.model_dump(exclude_unset=True))


_KEPT = ("name", "description", "access_code", "lobby", "record", "recording_days")


async def _room_of(session: AsyncSession, door: Door) -> Room:
    return await session.get_one(Room, door.room.room_id)


def _at(request: Request, door: Door, room: Room) -> answers.Room:
    return _shown(request, room, door.room.holder_name, door.live, door.room.meeting_id)


def _shown(
    request: Request, room: Room, holder_name: str, live: LiveState, meeting_id: int | None = None
) -> answers.Room:
    holder = answers.Holder(id=room.holder_id, name=holder_name)
    return answers.Room.of(request, room, holder, answers.LiveNow.of(live, meeting_id))
