"""Rooms: all of them."""

from fastapi import APIRouter, Request, Response

from app.accounts.access import Operator
from app.admin.meetings import holder_name
from app.admin.rooms import host_name, list_rooms
from app.db import Session
from app.web.lists import Id, Number, Search, tidy
from app.web.pages import page

router = APIRouter(prefix="/admin/rooms")


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
