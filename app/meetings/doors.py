"""A room's door: the room, its state, who stands there, and whether they are let in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.errors import GuildhallError, NotFoundError, TooManyError
from app.i18n import gettext as _
from app.i18n import lazy
from app.meetings import wire
from app.meetings.code_guessing import note_guessing
from app.meetings.confirmation import Running
from app.meetings.joining import Participant, admit, admit_first
from app.meetings.live_state import Live, LiveState, live_state
from app.meetings.queries import room_at
from app.meetings.room_page import shown_state
from app.meetings.visitors import Visit, is_right_code, participant, visit_of
from app.memberships.decision_log import Question, note_refused
from app.memberships.limits import standing_of
from app.memberships.refusals import RefusedError, refusal
from app.rooms.access import is_host_of
from app.servers.pool import Servers
from app.web.pages import address_of
from app.web.rate_limits import Rate, check, network_of, spend
from quotas.decisions import Refused

# Wrong codes at one room: from one network address, from the network around it, and from everywhere. The last one
# keeps nobody out: it slows wrong ones down, and the host is told.
CODES_OF_ONE = Rate("code", 10, timedelta(minutes=10))
CODES_OF_NETWORK = Rate("code-network", 40, timedelta(minutes=10))
CODES_OF_ALL = Rate("codes", 100, timedelta(minutes=10))


class GoneError(GuildhallError):
    """There was a room at this address; its host deleted it."""

    status = 410
    code = "gone"
    title = lazy("This room is gone")
    message = lazy("Its host deleted it. Ask whoever sent you the link where you meet now.")
    template = "rooms/gone.html"


class ClosedError(GuildhallError):
    """The people who run the site closed this room's host out."""

    status = 403
    code = "closed"
    title = lazy("This room is closed")
    message = lazy("The people who run this site closed it. Its meetings cannot be started or joined.")


@dataclass(frozen=True)
class Door:
    """A room as one visitor finds it."""

    room: Any  # a row of `queries.room_at`
    live: LiveState
    viewer: Viewer | None
    is_host: bool
    state: str


async def open_door(session: AsyncSession, slug: str, viewer: Viewer | None) -> Door | None:
    """The room at an address; None if it was deleted. NotFoundError if there never was one."""
    room = await room_at(session, slug)
    if room is None:
        raise NotFoundError
    if room.room_id is None:
        return None
    live = live_state(room)
    is_host = viewer is not None and await is_host_of(
        session, viewer, host_id=room.host_id, holder_id=room.holder_id
    )
    return Door(room, live, viewer, is_host, shown_state(room, live, is_host=is_host))


async def at_door(session: AsyncSession, slug: str, viewer: Viewer | None) -> Door:
    """The same for whoever wants to do something there: GoneError if it is deleted, ClosedError if it is closed."""
    door = await open_door(session, slug, viewer)
    if door is None:
        raise GoneError
    if door.live.state is Live.BANNED:
        raise ClosedError
    return door


async def check_code(session: AsyncSession, request: Request, room: Any, typed: str, address: str) -> bool:
    """Whether the typed access code opens the room. Wrong ones are counted: TooManyError after ten of an address.

    Then also for the right one: else whoever guesses on would be told by getting in. Who was let in on this browser
    before has nothing to guess, and is not kept out by others who do.
    """
    if not room.access_code:
        return True
    right = is_right_code(typed, room.access_code)
    if right and _was_let_in(request, room):
        return True
    tries = (
        (CODES_OF_ONE, f"{room.room_id}:{address}"),
        (CODES_OF_NETWORK, f"{room.room_id}:{network_of(address)}"),
    )
    for rate, subject in tries:
        await check(session, request, rate, subject)
    if right:
        return True
    for rate, subject in tries:
        await spend(session, request, rate, subject)
    try:
        await spend(session, request, CODES_OF_ALL, str(room.room_id))
    except TooManyError:
        await note_guessing(session, request, room.room_id)
    return False


def _was_let_in(request: Request, room: Any) -> bool:
    """Whether this browser brings what only a right code, the one of today, has earned it."""
    visit = visit_of(request, room.room_id)
    return visit is not None and is_right_code(visit.code, room.access_code)


async def enter(
    session: AsyncSession,
    request: Request,
    servers: Servers,
    door: Door,
    visit: Visit | None,
    new: Running | None = None,
) -> str | Refused:
    """A signed address into the running meeting, or the refusal if it is full (a host is told at once).

    `new`: the meeting that this transaction has confirmed.
    """
    who = participant(request, door.room, door.viewer, visit, is_host=door.is_host)
    back = address_of(request, "rooms.show", slug=door.room.slug)
    entered = await let_in(session, servers, door, who, back, new)
    if isinstance(entered, Refused) and door.is_host:
        raise await full(session, door, entered)
    return entered


async def full(session: AsyncSession, door: Door, refused: Refused) -> RefusedError:
    """The error to raise for someone who is told at once that the meeting is full."""
    standing = await standing_of(session, door.room.holder_id)
    return await refusal(
        session,
        refused,
        standing,
        question=Question.JOIN_MEETING,
        subject=door.room.name,
        asked=_("Join “%(room)s”", room=door.room.name),
    )


async def let_in(
    session: AsyncSession,
    servers: Servers,
    door: Door,
    who: Participant,
    back: str,
    new: Running | None = None,
) -> str | Refused:
    """A signed address into the running meeting for this participant, or the refusal if it is full."""
    if new is None:
        decision = await admit(session, door.room.meeting_id, who)
    else:
        decision = await admit_first(session, new, who)
    if isinstance(decision, Refused):
        # In this transaction: raised as an error instead, it is undone with it and logged by that.
        await note_refused(session, door.room.holder_id, Question.JOIN_MEETING, door.room.name, decision)
        return decision
    bbb = await servers.of(session, decision.terms.server_id)
    return bbb.client.join_url(wire.to_join(decision.terms, who, back, lobby=door.room.lobby))
