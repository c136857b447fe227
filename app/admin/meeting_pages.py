"""Meetings: what runs, what is over, and ending one."""

from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query, Request, Response

from app.accounts.access import Operator
from app.admin.meetings import holder_name, list_meetings, meeting_line
from app.db import Databased, Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.meetings.ending import end_meeting
from app.meetings.models import EndReason
from app.meetings.starting import ServerSilentError
from app.servers.pool import BBBServers, NotSetUpError
from app.web.lists import Id, Search, tidy
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/meetings")
log = structlog.get_logger()

Shown = Annotated[Literal["all", "running", "past"], Query()]


@router.get("", name="admin.meetings")
async def index(
    request: Request,
    session: Session,
    viewer: Operator,
    search: Search = "",
    shown: Shown = "all",
    holder: Id = None,
    room: Id = None,
    before: Id = None,
) -> Response:
    """Meetings, the newest first; of one holder or room if asked so."""
    del viewer
    search = tidy(search)
    found = await list_meetings(
        session, shown=shown, search=search, holder_id=holder, room_id=room, before=before
    )
    narrowed = {name: value for name, value in (("holder", holder), ("room", room)) if value}
    return page(
        request,
        "admin/meetings.html",
        meetings=found,
        search=search,
        shown=shown,
        narrowed=narrowed,
        is_first=before is None,
        of=await holder_name(session, holder) if holder else None,
    )


@router.get("/{meeting_id:int}/end", name="admin.end_meeting")
async def ask_to_end(request: Request, session: Session, viewer: Operator, meeting_id: int) -> Response:
    """Ask before everyone is sent out."""
    del viewer
    meeting = await meeting_line(session, meeting_id)
    if meeting is None:
        raise NotFoundError
    if not meeting.is_unfinished:
        return go(request, path_of(request, "admin.meetings"), say=lazy("That meeting is over already."))
    return page(request, "admin/end_meeting.html", meeting=meeting)


@router.post("/{meeting_id:int}/end", name="admin.meeting_ended")
async def end(
    request: Request, database: Databased, servers: BBBServers, viewer: Operator, meeting_id: int
) -> Response:
    """End a meeting for everyone. No connection to the database is held while BBB is asked."""
    async with database.transaction() as session:
        if await meeting_line(session, meeting_id) is None:
            raise NotFoundError
    log.info("admin.meeting.end", operator=viewer.id, meeting=meeting_id)
    back = path_of(request, "admin.meetings")
    try:
        await end_meeting(database, servers, meeting_id, EndReason.BY_OPERATOR)
    except ServerSilentError:
        said = lazy("The server does not answer. The meeting ends as soon as it does.")
        return go(request, back, say=said, kind="warn")
    except NotSetUpError:
        said = lazy("This site isn’t connected to the meeting’s server. The meeting ends as soon as it is.")
        return go(request, back, say=said, kind="warn")
    return go(request, back, say=lazy("The meeting is over."))
