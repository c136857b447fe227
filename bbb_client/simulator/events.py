"""What web-hooks are told, and how (BBB_API.md section 4.4)."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from bbb_client.signing import webhook_checksum
from bbb_client.simulator.clock import in_words
from bbb_client.simulator.hooks import Hook
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.outbox import Delivery, Outcome
from bbb_client.simulator.people import Person, random_text
from bbb_client.simulator.raw_messages import (
    PUBLIC_CHAT,
    SYSTEM_USER,
    of_meeting,
    of_message,
    of_person,
    of_recording,
)
from bbb_client.simulator.recordings import Recording
from bbb_client.simulator.world import World

WAITS = (
    0.1,
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
    10.0,
    30.0,
    60.0,
    60.0,
    60.0,
    60.0,
)  # seconds; then the hook is removed
STEP_TIME = 1000  # milliseconds that a step of the scripts is said to have taken
UNAUTHORIZED = 401  # taken as final, like a success


def tell(world: World, event: str, meeting: Meeting) -> None:
    """Send an event of a live meeting to the hooks that want it."""
    about = _about(meeting)
    if event == "meeting-created":
        about |= _creation(meeting)
    mapped = _mapped(event, {"meeting": about}, world.now)
    _spread(world, event, meeting.external_id, mapped, of_meeting(event, meeting, world.now))


def tell_of_person(world: World, event: str, meeting: Meeting, person: Person) -> None:
    """Send an event about somebody in a meeting: who leaves is named by ids alone."""
    if not world.hooks.by_id:  # asking for the presenter looks at everyone: not for thousands added at once
        return
    user: dict[str, Any] = {"internal-user-id": person.user_id, "external-user-id": person.external_id}
    if event == "user-joined":
        user |= {"name": person.name, "role": person.role, "presenter": person is meeting.presenter}
    mapped = _mapped(event, {"meeting": _about(meeting), "user": user}, world.now)
    _spread(world, event, meeting.external_id, mapped, of_person(event, meeting, person, world.now))


def tell_of_message(world: World, meeting: Meeting, sender: str, text: str) -> None:
    """Send an event about a message that the server put into the public chat."""
    message = {
        "id": f"{world.now}-{random_text(8)}",
        "message": text,
        "sender": {"internal-user-id": SYSTEM_USER, "name": sender, "time": world.now},
    }
    attributes = {"meeting": _about(meeting), "chat-message": message, "chat-id": PUBLIC_CHAT}
    mapped = _mapped("chat-group-message-sent", attributes, world.now)
    _spread(
        world, "chat-group-message-sent", meeting.external_id, mapped, of_message(meeting, message, world.now)
    )


def tell_of_recording(
    world: World, event: str, recording: Recording, more: Mapping[str, Any] | None = None
) -> None:
    """Send a `rap-` event; its moment is in seconds, unlike all others (section 4.4)."""
    seconds = world.now // 1000
    about = {"internal-meeting-id": recording.record_id, "external-meeting-id": recording.meeting_id}
    step = {"record-id": recording.record_id, "success": True, "step-time": STEP_TIME}
    mapped = _mapped(event, {"meeting": about, **step, **(more or {})}, seconds)
    raw = of_recording(event, recording.record_id, {"success": True, "step_time": STEP_TIME}, seconds)
    _spread(world, event, recording.meeting_id, mapped, raw)


def _about(meeting: Meeting) -> dict[str, Any]:
    return {"internal-meeting-id": meeting.internal_id, "external-meeting-id": meeting.external_id}


def _creation(meeting: Meeting) -> dict[str, Any]:
    return {
        "name": meeting.name,
        "is-breakout": meeting.breakout is not None,
        "parent-id": meeting.parent_id,
        "duration": meeting.duration,
        "create-time": meeting.created,
        "create-date": in_words(meeting.created),
        "moderator-pass": meeting.moderator_pw,
        "viewer-pass": meeting.attendee_pw,
        "record": meeting.record,
        "voice-conf": meeting.voice_bridge,
        "dial-number": meeting.dial_number,
        "max-users": meeting.max_users,
        "metadata": meeting.metadata,
    }


def _mapped(event: str, attributes: Mapping[str, Any], moment: int) -> dict[str, Any]:
    data = {"type": "event", "id": event, "attributes": dict(attributes), "event": {"ts": moment}}
    return {"data": data}


def _spread(
    world: World, event: str, meeting_id: str, mapped: Mapping[str, Any], raw: Mapping[str, Any]
) -> None:
    for hook in world.hooks.by_id.values():
        if hook.wants(event, meeting_id):
            message = raw if hook.raw else mapped
            world.outbox.waiting.append(_delivery(world, hook, meeting_id, message))
            world.wake.set()


def _delivery(world: World, hook: Hook, meeting_id: str, message: Mapping[str, Any]) -> Delivery:
    fields = {"domain": world.config.domain, "event": json.dumps([message]), "timestamp": str(world.now)}
    body = urlencode(fields).encode()

    async def send(http: httpx.AsyncClient) -> Outcome:
        return await _post(world, http, hook, body)

    def gave_up() -> None:
        world.hooks.remove(hook.hook_id)

    return Delivery(
        kind="hook",
        meeting_id=meeting_id,
        url=hook.url,
        send=send,
        due=world.now,
        waits=WAITS,
        gave_up=gave_up,
    )


async def _post(world: World, http: httpx.AsyncClient, hook: Hook, body: bytes) -> Outcome:
    if hook.hook_id not in world.hooks.by_id:
        return Outcome(ok=True, words="dropped: the hook is gone")
    url, headers = hook.url, {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    if world.config.hooks_bearer:
        headers["Authorization"] = (
            f"Bearer {world.config.secret}"  # the secret travels: so it does (issue 9713)
        )
    else:
        signature = webhook_checksum(url, body, world.config.secret, world.config.hooks_algorithm)
        url += f"{'&' if '?' in url else '?'}checksum={signature}"
    answer = await http.post(url, content=body, headers=headers, follow_redirects=True)
    return Outcome(answer.is_success or answer.status_code == UNAUTHORIZED, f"status {answer.status_code}")
