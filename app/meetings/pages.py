"""The room's page and what happens at its door: join, wait, start, end."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import AnyViewer, SignedIn, SignInNeededError, Viewer
from app.db import Databased, Reading
from app.errors import ForbiddenError, NotFoundError
from app.i18n import Text, lazy
from app.meetings import room_page, wire
from app.meetings.code_guessing import slow_down
from app.meetings.confirmation import Running
from app.meetings.doors import Door, at_door, check_code, enter, open_door
from app.meetings.ending import end_meeting
from app.meetings.join_errors import FULL, as_query, refusal_keys, sentence_for
from app.meetings.joining import OthersOnTheWayError
from app.meetings.live_state import Live
from app.meetings.models import EndReason
from app.meetings.reservation import Start, reserve
from app.meetings.start_input import StartChoice, StartInput, hosts_wish
from app.meetings.starting import EndedMeanwhileError, carry_out
from app.meetings.visitors import JoinInput, Visit, known_name, remember, visit_of
from app.rooms.access import NotTheHostError
from app.rooms.addresses import address_meant, is_taken
from app.servers.pool import BBBServers, Servers
from app.web.browser import settings_of
from app.web.csrf import at_any_age
from app.web.forms import Form, read_form
from app.web.pages import address_of, go, page, path_of
from app.web.rate_limits import client_address
from quotas.decisions import Refused

router = APIRouter()
log = structlog.get_logger()

# BBB makes a meeting in a second or two.
USUALLY_WITHIN = timedelta(seconds=8)


class NotForYouToStartError(ForbiddenError):
    """The room's host decides who may start it."""

    code = "not_for_you_to_start"
    message = lazy(
        "The host of this room starts its meetings. Wait on the room’s page: it goes on by itself."
    )


@router.get("/r/{slug}", name="rooms.show")
async def show(request: Request, database: Databased, viewer: AnyViewer, slug: str) -> Response:
    """The room, for whoever has its link."""
    async with database.reading() as session:
        try:
            return await _show(request, session, viewer, slug)
        except NotFoundError:
            meant = address_meant(slug)
            if meant == slug or not await is_taken(session, meant):
                raise
            return RedirectResponse(path_of(request, "rooms.show", slug=meant), 301)


async def _show(request: Request, session: AsyncSession, viewer: Viewer | None, slug: str) -> Response:
    door = await open_door(session, slug, viewer)
    if door is None:
        return page(request, "rooms/gone.html", 410)
    if door.room.slug != slug:
        there = path_of(request, "rooms.show", slug=door.room.slug)
        return RedirectResponse(there + as_query(refusal_keys(request)), 301)
    refused = refusal_keys(request)
    if refused:
        log.info("meeting.join.refused", room=door.room.room_id, keys=refused)
    # BBB frees a place up to a minute after somebody left (BBB_API.md 2.13): whoever it refuses stays in line.
    if FULL in refused and door.live.is_running and visit_of(request, door.room.room_id):
        return go(request, path_of(request, "meetings.waiting", slug=slug))
    name = viewer.name if viewer else known_name(request)
    form: Form[Any] = Form(values={"name": name})
    return await _room_page(request, session, door, form, refused=sentence_for(refused))


@router.post("/r/{slug}/join", name="meetings.join")
@at_any_age
async def join(
    request: Request, database: Databased, viewer: AnyViewer, servers: BBBServers, slug: str
) -> Response:
    """Into the meeting, or to the waiting page."""
    async with database.transaction(is_direct=True) as session:
        response = await _join(request, session, viewer, servers, slug)
    await slow_down(request)
    return response


async def _join(
    request: Request, session: AsyncSession, viewer: Viewer | None, servers: Servers, slug: str
) -> Response:
    door = await at_door(session, slug, viewer)
    visit, failed = await _typed(request, session, door)
    if failed:
        return await _room_page(request, session, door, failed, 422)
    if not door.live.is_running:
        if door.is_host:
            return go(request, path_of(request, "rooms.show", slug=slug))
        return _to_waiting(request, slug, visit)
    return await _into(request, session, servers, door, visit)


@router.post("/r/{slug}/start", name="meetings.start")
async def start(
    request: Request,
    database: Databased,
    viewer: AnyViewer,
    servers: BBBServers,
    slug: str,
    chosen: Annotated[StartChoice, Query()],
) -> Response:
    """Start the meeting and go in. No connection to the database is held while BBB is asked.

    Two transactions: at the door and reserving; confirming and going in.
    """
    bbb = await servers.choose(database)
    async with database.transaction(is_direct=True) as session:
        door = await at_door(session, slug, viewer)
        if not room_page.may_start(door.room, viewer, is_host=door.is_host):
            raise (
                NotForYouToStartError
                if viewer
                else SignInNeededError(path_of(request, "rooms.show", slug=slug))
            )
        visit, failed = await _typed(request, session, door)
        if failed:
            return await _room_page(request, session, door, failed, 422)
        wish, wrong = await _wish(request, door, chosen)
        if wish is None:
            return await _room_page(request, session, door, wrong, 422)
        reserved = await reserve(session, bbb.id, wish, addresses(request, slug))

    async def go_in(session: AsyncSession, running: Running | None) -> Response:
        if running is not None and running.is_open:
            return await _into(request, session, servers, door, visit, running)
        return await _into_found(request, session, servers, viewer, slug, visit)

    _started, entered = await carry_out(database, bbb, reserved, go_in)
    return entered or _starting(request, door, visit)


@router.get("/r/{slug}/waiting", name="meetings.waiting")
async def waiting(request: Request, session: Reading, viewer: AnyViewer, slug: str) -> Response:
    """Who waits stays here; the page goes on by itself."""
    door = await at_door(session, slug, viewer)
    visit = visit_of(request, door.room.room_id)
    # A host waits only for a meeting that is on its way: else there is something to start.
    waits = door.live.is_running or door.live.state is Live.STARTING if door.is_host else visit is not None
    if not waits:
        return go(request, path_of(request, "rooms.show", slug=slug))
    is_late = door.live.state is Live.STARTING and clock.now() - door.room.reserved_at > USUALLY_WITHIN
    return _waiting_page(request, door, visit, door.state, is_late=is_late)


def _waiting_page(
    request: Request, door: Door, visit: Visit | None, state: str, status: int = 200, *, is_late: bool
) -> Response:
    """For who waits: `visit` is what a guest typed; a host types nothing."""
    fields = {}
    if visit:
        fields = {"name": visit.name, "code": visit.code} | ({"consent": "yes"} if visit.consent else {})
    return page(
        request,
        "rooms/waiting.html",
        status,
        **room_page.page_context(door.room, door.live, state=state),
        expected=door.room.host_name,
        visitor=visit.name if visit else door.viewer.name if door.viewer else "",
        may_change_name=visit is not None,
        is_late=is_late,
        place=None,
        fields=fields,
    )


def _starting(request: Request, door: Door, visit: Visit | None) -> Response:
    """BBB was asked, and what came of it is not known or not written yet: a page that goes on by itself.

    It asks no database, which may be what has no time.
    """
    response = _waiting_page(request, door, visit, str(Live.STARTING), 202, is_late=True)
    return remember(request, response, visit) if visit else response


@router.post("/r/{slug}/end", name="meetings.end")
async def end(
    request: Request, database: Databased, viewer: SignedIn, servers: BBBServers, slug: str
) -> Response:
    """End the meeting for everyone."""
    async with database.transaction() as session:
        door = await at_door(session, slug, viewer)
        if not door.is_host:
            raise NotTheHostError
    if door.room.meeting_id is not None:
        await end_meeting(database, servers, door.room.meeting_id, EndReason.BY_HOST)
    return go(request, path_of(request, "rooms.show", slug=slug), say=lazy("The meeting is over."))


def addresses(request: Request, slug: str) -> wire.Addresses:
    """Where BBB sends people, and where it reports."""
    place = {"meeting": "MEETING", "token": "TOKEN"}

    def pattern(name: str) -> str:
        return address_of(request, name, **place).replace("MEETING", "{meeting}").replace("TOKEN", "{token}")

    return wire.Addresses(
        room=address_of(request, "rooms.show", slug=slug),
        ended=pattern("meetings.ended"),
        recording=pattern("meetings.recording_ready"),
        site_name=settings_of(request).site_name,
        analytics=pattern("meetings.analytics"),
        keep_events=settings_of(request).bbb_keep_events,
    )


async def _room_page(
    request: Request,
    session: AsyncSession,
    door: Door,
    form: Form[Any],
    status: int = 200,
    *,
    refused: Text | None = None,
) -> Response:
    """The room. `refused`: why BBB sent its visitor back."""
    host = None
    if door.is_host and door.viewer and door.live.state is not Live.BANNED:
        host = await room_page.host_part(session, request, door.room, door.live, door.viewer)
    return page(
        request,
        "rooms/show.html",
        status,
        **room_page.page_context(door.room, door.live, state=door.state),
        last=await room_page.last_facts(session, door.room, door.live),
        may_start=room_page.may_start(door.room, door.viewer, is_host=door.is_host),
        form=form,
        host=host,
        refused=refused,
        closed_reason=door.room.closed_reason if door.is_host else None,
    )


async def _typed(
    request: Request, session: AsyncSession, door: Door
) -> tuple[Visit | None, Form[JoinInput] | None]:
    """What a guest typed, or the form with what is wrong in it. A host types nothing."""
    if door.is_host:
        return None, None
    form = await read_form(request, JoinInput)
    if form.value is None:
        return None, form
    typed = form.value
    if not await check_code(session, request, door.room, typed.code, client_address(request)):
        return None, form.fail("code", lazy("This is not the code of this room. It is in your invitation."))
    if room_page.consent_wanted(door.room, door.live) and not typed.consent:
        return None, form.fail(
            "consent", lazy("Agree to be recorded to go in; else ask the host for another way.")
        )
    # Only a code that was right is kept: it opens this door again (`check_code`), also should one be set later.
    code = typed.code if door.room.access_code else ""
    return Visit(door.room.room_id, typed.name, code, typed.consent), None


async def _wish(request: Request, door: Door, chosen: StartChoice) -> tuple[Start | None, Form[Any]]:
    """How the meeting is to be: the host's choice; None with the form if something in it is wrong."""
    room_id, viewer = door.room.room_id, door.viewer
    if not door.is_host or viewer is None:
        return Start(
            room_id, viewer.id if viewer else None, insists=False, holder_id=door.room.holder_id
        ), Form()
    form = await read_form(request, StartInput)
    if form.value is None:
        return None, form
    return replace(hosts_wish(room_id, viewer.id, chosen, form.value), holder_id=door.room.holder_id), form


def _to_waiting(request: Request, slug: str, visit: Visit | None) -> Response:
    response = go(request, path_of(request, "meetings.waiting", slug=slug))
    return remember(request, response, visit) if visit else response


async def _into(
    request: Request,
    session: AsyncSession,
    servers: BBBServers,
    door: Door,
    visit: Visit | None,
    new: Running | None = None,
) -> Response:
    """Send the visitor into the running meeting by a signed address, or to wait for a place."""
    try:
        entered = await enter(session, request, servers, door, visit, new)
    except OthersOnTheWayError:
        return _to_waiting(request, door.room.slug, visit)
    if isinstance(entered, Refused):
        return _to_waiting(request, door.room.slug, visit)
    # The address is signed for this one person: no cache is to keep it.
    response: Response = RedirectResponse(entered, 303, {"cache-control": "no-store"})
    return remember(request, response, visit) if visit else response


async def _into_found(
    request: Request,
    session: AsyncSession,
    servers: BBBServers,
    viewer: Viewer | None,
    slug: str,
    visit: Visit | None,
) -> Response:
    """The same for a meeting that somebody else has started a moment ago, or that is not as it was at the door."""
    door = await at_door(session, slug, viewer)
    if not door.live.is_running:
        raise EndedMeanwhileError
    return await _into(request, session, servers, door, visit)
