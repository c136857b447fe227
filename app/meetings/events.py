"""Server-sent events: a browser hears that something changed, and fetches its page again."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.access import AnyViewer, SignedIn
from app.db import Reading
from app.live import Subscription, Switchboard, holder_topic, room_topic
from app.meetings.doors import open_door
from app.rooms.access import acts_for
from app.web.frame import HEAD

router = APIRouter()

# A comment this often keeps proxies from closing a quiet stream, and finds out who has left.
QUIET_SECONDS = 15.0
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
NEWS = b'data: {"changed": true}\n\n'


@router.get("/r/{slug}/events", name="rooms.events")
async def of_room(request: Request, session: Reading, viewer: AnyViewer, slug: str) -> Response:
    """News of one room, for whoever has its link."""
    door = await open_door(session, slug, viewer)
    topics = [room_topic(door.room.room_id)] if door else []
    if door and door.is_host:
        # Hosts see what the holder's limits are, too.
        topics.append(holder_topic(door.room.holder_id))
    return _stream(request, topics)


@router.get("/rooms/events", name="home.events")
async def of_mine(request: Request, session: Reading, viewer: SignedIn) -> Response:
    """News of all the rooms that the viewer's dashboard shows."""
    return _stream(request, [holder_topic(holder.holder_id) for holder in await acts_for(session, viewer)])


def _stream(request: Request, topics: list[str]) -> Response:
    if HEAD in request.scope:  # a stream that nobody reads would never end
        return Response(media_type="text/event-stream", headers=HEADERS)
    switchboard: Switchboard = request.app.state.switchboard
    return StreamingResponse(
        _news(switchboard, topics),
        media_type="text/event-stream",
        headers=HEADERS,
    )


async def _news(switchboard: Switchboard, topics: list[str]) -> AsyncIterator[bytes]:
    with switchboard.subscribed(*topics) as ear:
        yield b": here\n\n"
        # When the process stops, browsers turn to another one.
        while not switchboard.is_closing:
            yield await _next(ear)


async def _next(ear: Subscription) -> bytes:
    return NEWS if await ear.wait(QUIET_SECONDS) else b": still here\n\n"
