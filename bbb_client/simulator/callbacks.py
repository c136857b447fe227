"""The callbacks to the addresses that a meeting brought along in its metadata (BBB_API.md section 4)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx

from bbb_client.simulator.clock import as_ms, iso
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.outbox import Delivery, Outcome, Send
from bbb_client.simulator.people import Person
from bbb_client.simulator.recordings import Recording
from bbb_client.simulator.world import World

END_WAITS = (30.0, 60.0, 120.0, 300.0)  # seconds of the simulated clock, then it is given up (section 4.1)
FOLLOWED = {301, 302, 303}
MAX_REDIRECTS = 5
READY_KEYS = ("bbb-recording-ready-url", "bn-recording-ready-url")
DAY = 86_400  # seconds


def queue_end(world: World, meeting: Meeting) -> None:
    """Tell both addresses that the meeting ended; breakout rooms tell nobody (section 4.1)."""
    marks = {"recordingmarks": "true" if meeting.has_marks else "false"}
    callback = meeting.metadata.get("endcallbackurl", "")
    wanted = [(callback, {**marks, "meetingID": meeting.external_id}), (meeting.ended_url, marks)]
    for url, params in wanted:
        if url:
            _queue(world, "end", meeting.external_id, url, _end_sender(_with_query(url, params)), END_WAITS)


def queue_ready(world: World, recording: Recording) -> None:
    """Tell that a format is published, once and without a second try (section 4.2)."""
    if not recording.ready_url:
        return
    claims = {"meeting_id": recording.meeting_id, "record_id": recording.record_id}
    form = {"signed_parameters": jwt(claims, world.config.secret)}

    async def send(http: httpx.AsyncClient) -> Outcome:
        answer = await http.post(recording.ready_url, data=form)
        return Outcome(answer.is_success, f"status {answer.status_code}")

    _queue(world, "recording-ready", recording.meeting_id, recording.ready_url, send)


def queue_analytics(world: World, meeting: Meeting) -> None:
    """Send who was there and how long, if events were kept (section 4.3)."""
    url = meeting.metadata.get("analytics-callback-url", "")
    if not url or not meeting.keep_events:
        return
    body = json.dumps(_analytics(meeting)).encode()

    async def send(http: httpx.AsyncClient) -> Outcome:
        expiry = world.now // 1000 + DAY
        headers = {
            "Authorization": f"Bearer {jwt({'exp': expiry}, world.config.secret, 'HS512')}",
            "Content-Type": "application/json",
            "User-Agent": "BigBlueButton Analytics Callback",
        }
        answer = await http.post(url, content=body, headers=headers)
        return Outcome(answer.is_success, f"status {answer.status_code}")

    wait = as_ms(world.config.analytics_seconds)
    _queue(world, "analytics", meeting.external_id, url, send, after=wait)


def jwt(claims: Mapping[str, Any], secret: str, algorithm: str = "HS256") -> str:
    """A signed token: HS256 for recordings, HS512 for analytics (sections 4.2 and 4.3)."""
    head = _part({"alg": algorithm, "typ": "JWT"}) + "." + _part(claims)
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    return head + "." + _base64(hmac.new(secret.encode(), head.encode(), digest).digest())


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _queue(
    world: World,
    kind: str,
    meeting_id: str,
    url: str,
    send: Send,
    waits: tuple[float, ...] = (),
    after: int = 0,
) -> None:
    due = world.now + after
    world.outbox.waiting.append(
        Delivery(kind=kind, meeting_id=meeting_id, url=url, send=send, due=due, waits=waits)
    )
    world.wake.set()


def _with_query(url: str, params: Mapping[str, str]) -> str:
    return url + ("&" if "?" in url else "?") + urlencode(params)


def _end_sender(url: str) -> Send:
    async def send(http: httpx.AsyncClient) -> Outcome:
        status, final = await _probe(http, url)
        if status != httpx.codes.OK:  # 204 is a failure too: exactly 200 is wanted (section 4.1)
            return Outcome(ok=False, words=f"probe: status {status}")
        answer = await http.get(final)
        return Outcome(answer.is_success, f"status {answer.status_code}")

    return send


async def _probe(http: httpx.AsyncClient, url: str) -> tuple[int, str]:
    """Ask once to see where redirects lead, at most five of them (section 4.1)."""
    for _ in range(MAX_REDIRECTS):
        answer = await http.get(url)
        if answer.status_code not in FOLLOWED:
            return answer.status_code, url
        url = urljoin(url, answer.headers.get("location", ""))
    return answer.status_code, url


def _analytics(meeting: Meeting) -> dict[str, Any]:
    ended = meeting.ended or 0
    return {
        "version": "1.0",
        "meeting_id": meeting.external_id,
        "internal_meeting_id": meeting.internal_id,
        "data": {
            "metadata": {**meeting.metadata, "meeting_name": meeting.name},
            "duration": (ended - meeting.created) // 1000,
            "start": iso(meeting.created),
            "finish": iso(ended),
            "attendees": [_attendee(person, ended) for person in meeting.people.values() if person.joins],
            "files": meeting.documents,
            "polls": [],
        },
    }


def _attendee(person: Person, ended: int) -> dict[str, Any]:
    nothing = ("chats", "talks", "raisehand", "emojis", "poll_votes", "talk_time")
    stays = [
        {"joins": [iso(start)], "leaves": [iso(end)]}
        for start, end in zip(person.joins, person.leaves, strict=True)
    ]
    return {
        "ext_user_id": person.external_id,
        "name": person.name,
        "moderator": person.moderator,
        "joins": [iso(moment) for moment in person.joins],
        "leaves": [iso(moment) for moment in person.leaves],
        "duration": person.seconds_inside(ended),
        "recent_talking_time": "",
        "engagement": dict.fromkeys(nothing, 0),
        "sessions": stays,
    }
