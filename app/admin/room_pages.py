"""Rooms: all of them, and closing one."""

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.access import Operator
from app.admin.meetings import holder_name
from app.admin.room_closing import close_room, find_room, open_room
from app.admin.rooms import host_name, list_rooms
from app.admin.schemas import CloseInput
from app.db import Session
from app.i18n import lazy
from app.web.forms import Form, read_form
from app.web.lists import Id, Number, Search, tidy
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/rooms")
log = structlog.get_logger()


@router.get("", name="admin.rooms")
async def index(
    request: Request,
    session: Session,
    viewer: Operator,
    search: Search = "",
    host: Id = None,
    holder: Id = None,
    number: Number = 1,
) -> Response:
    """Rooms, the last used first; of one host or holder if asked so."""
    del viewer
    search = tidy(search)
    rooms = await list_rooms(session, search=search, host_id=host, holder_id=holder, number=number)
    return page(
        request,
        "admin/rooms.html",
        rooms=rooms,
        search=search,
        narrowed={name: value for name, value in (("host", host), ("holder", holder)) if value},
        of=await holder_name(session, holder) if holder else await host_name(session, host),
    )


@router.get("/{room_id:int}/close", name="admin.confirm_closing")
async def confirm_closing(request: Request, session: Session, viewer: Operator, room_id: int) -> Response:
    """Say what closing a room does, and ask for the reason."""
    del viewer
    return page(request, "admin/close_room.html", room=await find_room(session, room_id), form=Form())


@router.post("/{room_id:int}/close", name="admin.close_room")
async def close(request: Request, session: Session, viewer: Operator, room_id: int) -> Response:
    """Close it."""
    form = await read_form(request, CloseInput)
    if form.value is None:
        room = await find_room(session, room_id)
        return page(request, "admin/close_room.html", 422, room=room, form=form)
    ended = await close_room(session, viewer, room_id, form.value.reason)
    log.info("admin.room.closed", operator=viewer.id, room=room_id)
    done = (
        lazy("The room is closed, and its meeting ends in a moment.")
        if ended
        else lazy("The room is closed.")
    )
    return go(request, path_of(request, "admin.rooms"), say=done)


@router.post("/{room_id:int}/open", name="admin.open_room")
async def reopen(request: Request, session: Session, viewer: Operator, room_id: int) -> Response:
    """Open it again."""
    await open_room(session, viewer, room_id)
    log.info("admin.room.opened", operator=viewer.id, room=room_id)
    return go(request, path_of(request, "admin.rooms"), say=lazy("The room is open again."))
