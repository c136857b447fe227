"""The control address /sim: move the clock, put people in, order misbehaviour (not part of BBB's API)."""

import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bbb_client.simulator.clock import MINUTE, iso
from bbb_client.simulator.faults import Fault, Kind
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.page.views import admit
from bbb_client.simulator.people import Person, new_user_id
from bbb_client.simulator.pulse import advance, settle
from bbb_client.simulator.recorder import keep
from bbb_client.simulator.recordings import State as RecordingState
from bbb_client.simulator.seats import connect, connect_many, leave, switch_recording
from bbb_client.simulator.state import describe
from bbb_client.simulator.world import World

Body: TypeAlias = Mapping[str, Any]
Action: TypeAlias = Callable[[World, Body], Awaitable[Body]]

MOST_PEOPLE = 10_000
LONGEST_MOVE = 366 * 86_400.0  # seconds
LONGEST_NAME = 256


class OrderError(Exception):
    """An order that makes no sense; its text is the answer."""


def routes() -> list[Route]:
    """All control addresses."""
    orders: dict[tuple[str, str], Action] = {
        ("GET", "clock"): show_clock,
        ("POST", "clock"): move_clock,
        ("GET", "state"): show_state,
        ("POST", "connect"): connect_people,
        ("POST", "leave"): leave_people,
        ("POST", "guests"): admit_guest,
        ("POST", "recording"): record,
        ("POST", "recordings"): keep_recording,
        ("GET", "faults"): show_faults,
        ("POST", "faults"): order_fault,
        ("DELETE", "faults"): clear_faults,
        ("GET", "callbacks"): show_callbacks,
        ("POST", "restart"): restart,
        ("POST", "reset"): reset,
    }
    return [
        Route(f"/sim/{name}", _endpoint(action), methods=[method])
        for (method, name), action in orders.items()
    ]


async def show_clock(world: World, _body: Body) -> Body:
    """GET clock: the simulated moment and how fast time passes."""
    return {"now_ms": world.now, "now": iso(world.now), "speed": world.clock.speed}


async def move_clock(world: World, body: Body) -> Body:
    """POST clock {advance_seconds}: all that is due on the way has happened when this answers."""
    await advance(world, _number(body, "advance_seconds", least=0.0, most=LONGEST_MOVE))
    return await show_clock(world, body)


async def show_state(world: World, _body: Body) -> Body:
    """GET state: meetings, people, recordings, hooks."""
    settle(world)
    return describe(world)


async def connect_people(world: World, body: Body) -> Body:
    """POST connect {sessionToken}, or {meetingID, count, role, name, userID}: people are in, as far as seats go."""
    if "sessionToken" in body:
        meeting, person = _session(world, body)
        return {"connected": [person.user_id] if connect(world, meeting, person) else []}
    meeting = _meeting(world, body)
    people = [_newcomer(world, body, number) for number in range(_whole(body, "count", 1))]
    return {"connected": [person.user_id for person in connect_many(world, meeting, people)]}


async def leave_people(world: World, body: Body) -> Body:
    """POST leave {sessionToken}, or {meetingID} with userID, or count, or neither for everyone."""
    if "sessionToken" in body:
        meeting, person = _session(world, body)
        gone = [person]
    else:
        meeting = _meeting(world, body)
        gone = _chosen(meeting, body)
    for person in gone:
        leave(world, meeting, person)
    return {"left": [person.user_id for person in gone]}


async def admit_guest(world: World, body: Body) -> Body:
    """POST guests {meetingID, userID, allow}: let somebody in from the lobby, or not."""
    for guest in _named(_meeting(world, body), body):
        admit(guest, allow=body.get("allow", True) is True)
    return {}


async def record(world: World, body: Body) -> Body:
    """POST recording {meetingID, on}: start or stop recording."""
    if not switch_recording(world, _meeting(world, body), on=body.get("on", True) is True):
        raise OrderError("this meeting was created without record=true")
    return {}


async def keep_recording(world: World, body: Body) -> Body:
    """POST recordings {recordID, meetingID, name, minutes, formats, started_ms, state}: one from long ago is here.

    For a demo, which wants recordings with a past that this clock does not have. One that is *processing* is made in
    the next ten minutes. Nobody is called back.
    """
    record_id, state = str(body.get("recordID", "")), str(body.get("state", "published"))
    formats = body.get("formats", ["presentation"])
    if not record_id or state not in set(RecordingState) or not isinstance(formats, list):
        raise OrderError("give a recordID, a state that there is, and formats as a list")
    length = _whole(body, "minutes", 60) * MINUTE
    kept = keep(world, record_id, RecordingState(state), [str(kind) for kind in formats], length)
    kept.meeting_id, kept.name = str(body.get("meetingID", "")), str(body.get("name", ""))[:LONGEST_NAME]
    kept.started = _whole(body, "started_ms", kept.started, most=world.now)
    kept.ended = kept.started + length
    return {"formats": {made.kind: made.size for made in kept.formats}}


async def show_faults(world: World, _body: Body) -> Body:
    """GET faults: what is ordered and not used up."""
    return {"faults": [asdict(fault) for fault in world.faults.ordered]}


async def order_fault(world: World, body: Body) -> Body:
    """POST faults {kind, times, call, seconds}: without times until cleared, without call for every call."""
    kind = str(body.get("kind"))
    if kind not in set(Kind):
        raise OrderError(f"kind must be one of {', '.join(Kind)}")
    counts = {meeting.internal_id: len(meeting.online) for meeting in world.meetings.values()}
    fault = Fault(
        kind=Kind(kind),
        remaining=_whole(body, "times", 1) if "times" in body else None,
        call=str(body["call"]) if "call" in body else None,
        seconds=_number(body, "seconds", least=0.0, most=3600.0) if kind == Kind.SLOW else 0.0,
        counts=counts if kind == Kind.STALE_COUNT else {},
    )
    world.faults.order(fault)
    return await show_faults(world, body)


async def clear_faults(world: World, body: Body) -> Body:
    """DELETE faults: behave again."""
    world.faults.clear()
    return await show_faults(world, body)


async def show_callbacks(world: World, _body: Body) -> Body:
    """GET callbacks: what was sent and what came of it, and what waits."""
    waiting = [
        {"kind": delivery.kind, "meeting_id": delivery.meeting_id, "due": delivery.due}
        for delivery in world.outbox.waiting
    ]
    return {"sent": [asdict(sent) for sent in world.outbox.sent], "waiting": waiting}


async def restart(world: World, _body: Body) -> Body:
    """POST restart: all meetings are gone without a callback; recordings and hooks stay."""
    world.restart()
    return {}


async def reset(world: World, _body: Body) -> Body:
    """POST reset: as new, except for the clock, which never goes back."""
    world.reset()
    return {}


def _endpoint(action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        world: World = request.app.state.world
        if not _may_control(request, world):
            return JSONResponse({"error": "the control address is for this machine only"}, 403)
        try:
            return JSONResponse(await action(world, _object(await request.body())))
        except OrderError as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


def _may_control(request: Request, world: World) -> bool:
    """Only programs on this machine, and no page of a browser: those send an Origin."""
    if request.headers.get("origin"):
        return False
    host = request.client.host if request.client else ""
    return world.config.open_control or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _object(raw: bytes) -> Body:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise OrderError("the body must be JSON") from error
    if not isinstance(body, dict):
        raise OrderError("the body must be a JSON object")
    return body


def _number(body: Body, name: str, *, least: float, most: float) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise OrderError(f"{name} must be a number from {least:g} to {most:g}")
    return value


def _whole(body: Body, name: str, default: int, *, most: int = MOST_PEOPLE) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise OrderError(f"{name} must be a whole number from 1 to {most}")
    return value


def _meeting(world: World, body: Body) -> Meeting:
    meeting = world.find(str(body.get("meetingID", "")))
    if meeting is None:
        raise OrderError("no such meeting: give a meetingID")
    return meeting


def _session(world: World, body: Body) -> tuple[Meeting, Person]:
    found = world.sessions.get(str(body["sessionToken"]))
    if found is None:
        raise OrderError("no such session")
    return found


def _newcomer(world: World, body: Body, number: int) -> Person:
    user_id = new_user_id()
    return Person(
        user_id=user_id,
        external_id=str(body.get("userID") or user_id),
        name=str(body.get("name") or f"Simulated person {number + 1}")[:LONGEST_NAME],
        moderator=str(body.get("role", "VIEWER")).upper() == "MODERATOR",
        registered=world.now,
        voice=body.get("voice") is True,
        listen_only=body.get("listenOnly") is True,
        video=body.get("video") is True,
    )


def _named(meeting: Meeting, body: Body) -> list[Person]:
    """The people with an external or internal user id."""
    wanted = body.get("userID")
    found = [person for person in meeting.people.values() if wanted in {person.external_id, person.user_id}]
    if not found:
        raise OrderError("nobody has that userID in this meeting")
    return found


def _chosen(meeting: Meeting, body: Body) -> list[Person]:
    if "userID" in body:
        return _named(meeting, body)
    online = meeting.online
    return online[-_whole(body, "count", 1) :] if "count" in body else online
