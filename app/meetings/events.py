"""The streams of events: what a room's pages hear of, and what the dashboards."""

from fastapi import APIRouter, Request, Response

from app.accounts.access import AnyViewer, SignedIn
from app.db import Reading
from app.live import holder_topic, people_topic, room_topic
from app.meetings.doors import open_door
from app.rooms.access import acts_for
from app.web.streams import streams_of

router = APIRouter()


@router.get("/r/{slug}/events", name="rooms.events")
async def of_room(request: Request, session: Reading, viewer: AnyViewer, slug: str) -> Response:
    """News of one room, for whoever has its link. `?for=waiting`: without that of each who joins."""
    streams = streams_of(request)
    if refusal := streams.refusal(request):
        return refusal
    door = await open_door(session, slug, viewer)
    topics = []
    if door:
        topics = [room_topic(door.room.room_id)]
        if request.query_params.get("for") != "waiting":
            topics.append(people_topic(door.room.room_id))
        if door.is_host:
            # Hosts see what the holder's limits are, too.
            topics.append(holder_topic(door.room.holder_id))
    return streams.open(request, topics)


@router.get("/rooms/events", name="home.events")
async def of_mine(request: Request, session: Reading, viewer: SignedIn) -> Response:
    """News of all the rooms that the viewer's dashboard shows."""
    streams = streams_of(request)
    if refusal := streams.refusal(request):
        return refusal
    return streams.open(
        request, [holder_topic(holder.holder_id) for holder in await acts_for(session, viewer)]
    )
