"""/rooms/{slug}/start, join and end; /meetings: list and show."""

import secrets
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.scopes import Scope
from app.api import answers, bodies
from app.api.access import Slug, open_hosted_door
from app.api.errors import WITH_BODY, fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.rooms import PageNumber
from app.db import Databased, Session
from app.i18n import lazy
from app.i18n import marked as _
from app.meetings.confirmation import surely
from app.meetings.doors import Door, full, let_in
from app.meetings.ending import end_meeting
from app.meetings.history import Wanted, meeting_of, meetings_of
from app.meetings.joining import NotRunningError, Participant
from app.meetings.models import EndReason
from app.meetings.pages import addresses
from app.meetings.reservation import Start
from app.meetings.starting import start_or_find
from app.rooms.access import acts_for
from app.servers.pool import BBBServers
from app.web.browser import keyed_hash, settings_of
from app.web.errors import InvalidError
from app.web.pages import address_of, path_of
from quotas.decisions import Refused

router = APIRouter(route_class=GuardedRoute, tags=[_("Meetings")])


class State(StrEnum):
    """The states that a list of meetings can be filtered by; a meeting whose state is unknown is running."""

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"


@router.post(
    "/rooms/{slug}/start",
    name="api.start_meeting",
    dependencies=needs(Scope.ROOMS),
    status_code=201,
    response_model=answers.Meeting,
    summary=_("Start the meeting"),
    description=_(
        "Starts the room’s meeting within the limits of its holder. If it runs already, the answer is that meeting "
        "with its own terms, and the status 200. If the meeting server was asked and it is not known yet what came "
        "of it, the status is 202: ask again at Location in some seconds."
    ),
    response_description=_("The meeting that was started. Location is its address here."),
    responses={
        200: {"model": answers.Meeting, "description": _("The meeting that was running already.")},
        202: {"model": answers.Starting, "description": _("The meeting is starting.")},
        **WITH_BODY,
        **fails_with(404, 409, 410),
    },
)
async def start(
    request: Request,
    response: Response,
    database: Databased,
    caller: Caller,
    servers: BBBServers,
    slug: Slug,
    body: bodies.Start | None = None,
) -> answers.Meeting | Response:
    """Start by the same service as the page. No connection to the database is held while BBB is asked."""
    wanted = body or bodies.Start()
    async with database.transaction() as session:
        door = await open_hosted_door(session, slug, caller)
    wish = Start(
        door.room.room_id,
        caller.id,
        record=wanted.record,
        minutes=wanted.minutes,
        people=wanted.people,
        shorten=wanted.shorten,
        holder_id=door.room.holder_id,
    )
    started = await start_or_find(database, servers, wish, addresses(request, door.room.slug))
    location = path_of(request, "api.show_meeting", meeting_id=started.id)
    found = None
    if started.is_running:
        found = await surely(database, lambda session: _find(session, caller, started.id))
    if found is None:
        starting = answers.Starting(id=started.id)
        return JSONResponse(starting.model_dump(mode="json"), 202, {"location": location})
    response.headers["location"] = location
    if not started.is_new:
        response.status_code = 200
    return found


@router.post(
    "/rooms/{slug}/join",
    name="api.join_meeting",
    dependencies=needs(Scope.ROOMS),
    summary=_("Send someone into the meeting"),
    description=_(
        "A signed address into the running meeting, for a guest of yours or for yourself. It takes a place in the "
        "meeting, which is free again after a minute if nobody goes there. You vouch for your guests: they "
        "type no access code. In a room with a lobby they still wait there."
    ),
    response_description=_("The way in."),
    responses=WITH_BODY | fails_with(404, 409, 410),
)
async def join(
    request: Request,
    response: Response,
    session: Session,
    caller: Caller,
    servers: BBBServers,
    slug: Slug,
    body: bodies.Join,
) -> answers.JoinAddress:
    """A place for one person, by the same decision as at the room's door."""
    door = await open_hosted_door(session, slug, caller)
    who = _participant(request, door, caller, body)
    entered = await let_in(
        session, servers, door, who, address_of(request, "rooms.show", slug=door.room.slug)
    )
    if isinstance(entered, Refused):
        raise await full(session, door, entered)
    # A signed address is a key: nobody on the way keeps it.
    response.headers["cache-control"] = "no-store"
    return answers.JoinAddress(url=entered)


@router.post(
    "/rooms/{slug}/end",
    name="api.end_meeting",
    dependencies=needs(Scope.ROOMS),
    summary=_("End the meeting"),
    description=_("Ends the room’s meeting for everyone. Ending it twice is no error."),
    response_description=_("The meeting, which is over."),
    responses=fails_with(404, 409, 410),
)
async def end(database: Databased, caller: Caller, servers: BBBServers, slug: Slug) -> answers.Meeting:
    """End by the same service as the page."""
    async with database.transaction() as session:
        door = await open_hosted_door(session, slug, caller)
    if door.room.meeting_id is None:
        raise NotRunningError
    await end_meeting(database, servers, door.room.meeting_id, EndReason.BY_HOST)
    async with database.transaction() as session:
        return await _find(session, caller, door.room.meeting_id)


@router.get(
    "/meetings",
    name="api.list_meetings",
    dependencies=needs(Scope.READ),
    summary=_("List meetings"),
    description=_("The meetings of your rooms and of the holders you answer for, the newest first."),
    response_description=_("One page of meetings."),
)
async def list_meetings(
    session: Session,
    caller: Caller,
    number: PageNumber = 1,
    state: Annotated[State | None, Query(description=_("Only meetings in this state."))] = None,
    room: Annotated[
        str | None,
        Query(pattern="^[a-z0-9-]{1,80}$", description=_("Only meetings of the room with this slug.")),
    ] = None,
) -> answers.Meetings:
    """One page of the caller's meetings."""
    mine = await acts_for(session, caller)
    return answers.meetings(await meetings_of(session, caller, mine, Wanted(state, room, number)))


@router.get(
    "/meetings/{meeting_id:int}",
    name="api.show_meeting",
    dependencies=needs(Scope.READ),
    summary=_("Show a meeting"),
    description=_("One meeting of your rooms or of the holders you answer for."),
    response_description=_("The meeting."),
    responses=fails_with(404),
)
async def show_meeting(
    session: Session,
    caller: Caller,
    meeting_id: Annotated[int, Path(description=_("The number of the meeting."))],
) -> answers.Meeting:
    """One meeting."""
    return answers.Meeting.of(await meeting_of(session, caller, await acts_for(session, caller), meeting_id))


async def _find(session: AsyncSession, caller: Viewer, meeting_id: int) -> answers.Meeting:
    return answers.Meeting.of(await meeting_of(session, caller, await acts_for(session, caller), meeting_id))


def _participant(request: Request, door: Door, caller: Viewer, body: bodies.Join) -> Participant:
    """The host themselves, or a guest whom the host's program vouches for."""
    if body.as_host:
        return Participant(key=f"u-{caller.id}", name=caller.name, is_host=True, agrees=True)
    if body.name is None:
        raise InvalidError({"name": str(lazy("Type the name that the others will see."))})
    key = _guest_key(request, door, caller, body.user_id)
    return Participant(key=key, name=body.name, is_host=False, agrees=body.consent)


def _guest_key(request: Request, door: Door, caller: Viewer, user_id: str | None) -> str:
    """BBB's userID of the guest: never one that an account or a browser has, whatever the program calls them."""
    if user_id is None:
        return f"a-{secrets.token_hex(12)}"
    named = f"{door.room.room_id}:{caller.id}:{user_id}"
    return f"a-{keyed_hash(settings_of(request), 'api_guest', named)[:24]}"
