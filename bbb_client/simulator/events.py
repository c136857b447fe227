"""What web-hooks are told, and how (BBB_API.md section 4.4)."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from bbb_client.signing import webhook_checksum
from bbb_client.simulator.hooks import Hook
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.outbox import Delivery, Outcome
from bbb_client.simulator.people import Person
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
UNAUTHORIZED = 401  # taken as final, like a success


def tell(world: World, event: str, meeting: Meeting, more: Mapping[str, Any] | None = None) -> None:
    """Send an event of a live meeting to the hooks that want it."""
    about = {"internal-meeting-id": meeting.internal_id, "external-meeting-id": meeting.external_id}
    if event == "meeting-created":
        about |= _creation(meeting)
    _spread(world, event, meeting.external_id, {"meeting": about, **(more or {})}, world.now)


def tell_of_person(world: World, event: str, meeting: Meeting, person: Person) -> None:
    """Send an event about somebody in a meeting."""
    if not world.hooks.by_id:  # asking for the presenter looks at everyone: not for thousands added at once
        return
    user = {
        "internal-user-id": person.user_id,
        "external-user-id": person.external_id,
        "name": person.name,
        "role": person.role,
        "presenter": person is meeting.presenter,
        "guest": person.guest,
    }
    tell(world, event, meeting, {"user": user})


def tell_of_recording(
    world: World, event: str, recording: Recording, more: Mapping[str, Any] | None = None
) -> None:
    """Send a `rap-` event; its moment is in seconds, unlike all others (section 4.4)."""
    about = {"internal-meeting-id": recording.record_id, "external-meeting-id": recording.meeting_id}
    attributes = {"meeting": about, "record-id": recording.record_id, "success": True, **(more or {})}
    _spread(world, event, recording.meeting_id, attributes, world.now // 1000)


def _creation(meeting: Meeting) -> dict[str, Any]:
    return {
        "name": meeting.name,
        "is-breakout": meeting.breakout is not None,
        "parent-id": meeting.breakout.parent if meeting.breakout else "",
        "duration": meeting.duration,
        "create-time": meeting.created,
        "moderator-pass": meeting.moderator_pw,
        "viewer-pass": meeting.attendee_pw,
        "record": meeting.record,
        "voice-conf": meeting.voice_bridge,
        "dial-number": meeting.dial_number,
        "max-users": meeting.max_users,
        "metadata": meeting.metadata,
    }


def _spread(world: World, event: str, meeting_id: str, attributes: Mapping[str, Any], moment: int) -> None:
    for hook in world.hooks.by_id.values():
        if hook.wants(event, meeting_id):
            world.outbox.waiting.append(_delivery(world, hook, event, meeting_id, attributes, moment))
            world.wake.set()


def _delivery(
    world: World, hook: Hook, event: str, meeting_id: str, attributes: Mapping[str, Any], moment: int
) -> Delivery:
    message = _raw(event, attributes) if hook.raw else _mapped(event, attributes, moment)
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


def _mapped(event: str, attributes: Mapping[str, Any], moment: int) -> dict[str, Any]:
    data = {"type": "event", "id": event, "attributes": dict(attributes), "event": {"ts": moment}}
    return {"data": data}


def _raw(event: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    header = {"name": event, "meetingId": attributes["meeting"]["internal-meeting-id"]}
    return {"envelope": {"name": event}, "core": {"header": header, "body": dict(attributes)}}


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
