"""The real client against the simulator: every call, over a real port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from simulated import SECRET, Receiver

from bbb_client.analytics import analytics
from bbb_client.callbacks import check_analytics, check_webhook, meeting_ended, recording_ready
from bbb_client.client import BBBClient, Server
from bbb_client.connection import Retries
from bbb_client.documents import InlineDocument
from bbb_client.errors import CouldNotAsk, Refused
from bbb_client.recording_requests import GetRecordings, PutRecordingTextTrack, UpdateRecordings
from bbb_client.requests import (
    CreateHook,
    CreateMeeting,
    GetJoinUrl,
    InsertDocument,
    JoinMeeting,
    SendChatMessage,
)
from bbb_client.signing import Algorithm
from bbb_client.simulator import Config, Running, StillClock, running_simulator
from bbb_client.vocabulary import RecordingState, Role, TextTrackKind

ROOM = "room-1"


@asynccontextmanager
async def pair(
    profile: str = "3.0", algorithm: Algorithm = Algorithm.SHA256, http: httpx.AsyncClient | None = None
) -> AsyncIterator[tuple[Running, BBBClient]]:
    """A simulator whose clock stands still, and a client of it that never asks twice."""
    config = Config(secret=SECRET, profile=profile)
    async with running_simulator(config=config, clock=StillClock(), http=http) as sim:
        server = Server(sim.url, SECRET, algorithm)
        async with BBBClient(server, retries=Retries(attempts=1)) as bbb:
            yield sim, bbb


@pytest.fixture(params=["2.7", "3.0"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Running, BBBClient]]:
    async with pair(request.param) as made:
        yield made


async def joined(bbb: BBBClient, name: str = "Ada", role: Role = Role.MODERATOR) -> str:
    """Join as a browser would and load the page; the session token."""
    url = bbb.join_url(JoinMeeting(full_name=name, meeting_id=ROOM, role=role, user_id=name))
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        page = await browser.get(url)
    assert page.status_code == 200
    return parse_qs(urlsplit(str(page.url)).query)["sessionToken"][0]


@pytest.mark.slow
async def test_a_meeting_lives_and_ends(both: tuple[Running, BBBClient]) -> None:
    sim, bbb = both
    assert (await bbb.index()).version == "2.0"
    assert await bbb.get_meetings() == ()
    request = CreateMeeting(
        meeting_id=ROOM,
        name="Café & co <2>",
        duration_minutes=60,
        max_participants=5,
        meta={"tenant": "acme"},
        documents=[InlineDocument(name="slides.pdf", content=b"%PDF")],
    )
    created = await bbb.create(request)
    again = await bbb.create(request)
    assert (created.duplicate, again.duplicate) == (False, True)
    assert again.internal_meeting_id == created.internal_meeting_id
    assert not await bbb.is_meeting_running(ROOM)
    await joined(bbb)
    assert await bbb.is_meeting_running(ROOM)
    info = await bbb.get_meeting_info(ROOM)
    assert (info.name, info.participant_count, info.max_users) == ("Café & co <2>", 1, 5)
    assert (info.duration_minutes, info.metadata) == (60, {"tenant": "acme"})
    assert [(person.full_name, person.role) for person in info.attendees] == [("Ada", Role.MODERATOR)]
    assert await bbb.get_meetings() == (info,)
    assert [session.user_name for session in await bbb.get_sessions()] == ["Ada"]
    documents = [InlineDocument(name="more.pdf", content=b"%PDF")]
    await bbb.insert_document(InsertDocument(meeting_id=ROOM, documents=documents))
    await bbb.end(ROOM)
    await sim.advance(1)
    with pytest.raises(Refused) as refused:
        await bbb.get_meeting_info(ROOM)
    assert refused.value.not_found


@pytest.mark.slow
async def test_every_algorithm_of_the_client_is_understood(algorithm: Algorithm) -> None:
    async with pair(algorithm=algorithm) as (_, bbb):
        assert await bbb.get_meetings() == ()


@pytest.mark.slow
async def test_the_calls_by_session_work() -> None:
    async with pair() as (_, bbb):
        await bbb.create(CreateMeeting(meeting_id=ROOM, name="Room"))
        token = await joined(bbb)
        await bbb.send_chat_message(SendChatMessage(meeting_id=ROOM, message="Hello"))
        assert "existingUserID=" in await bbb.get_join_url(GetJoinUrl(session_token=token))
        assert (await bbb.learning_dashboard(token))["name"] == "Room"
        assert (await bbb.stuns(token))["turnServers"] == []
        assert (await bbb.guest_wait(token))["guestStatus"] == "ALLOW"
        await bbb.feedback(token, {"rating": 5})
        await bbb.sign_out(token)
        with pytest.raises(Refused):
            await bbb.stuns(token)
    async with pair("2.7") as (_, bbb):
        await bbb.create(CreateMeeting(meeting_id=ROOM, name="Room"))
        assert (await bbb.enter(await joined(bbb)))["confname"] == "Room"


@pytest.mark.slow
async def test_recordings_are_listed_changed_and_deleted(both: tuple[Running, BBBClient]) -> None:
    sim, bbb = both
    created = await bbb.create(
        CreateMeeting(meeting_id=ROOM, name="Room", record=True, auto_start_recording=True)
    )
    await joined(bbb)
    await sim.advance(600)
    await bbb.end(ROOM)
    await sim.advance(100)
    page = await bbb.get_recordings(GetRecordings(meeting_ids=[ROOM], limit=10))
    assert page.total == 1
    (recording,) = page.recordings
    assert (recording.record_id, recording.state) == (created.internal_meeting_id, RecordingState.PUBLISHED)
    assert recording.size == sum(made.size or 0 for made in recording.formats) > 0
    assert recording.raw_size == 120_200_000
    ids = [recording.record_id]
    await bbb.update_recordings(UpdateRecordings(record_ids=ids, meta={"name": "x"}))
    assert await bbb.publish_recordings(ids, publish=False) is False
    found = (await bbb.all_recordings(GetRecordings(meeting_ids=[ROOM]))).recordings
    assert [(entry.state, entry.metadata["name"]) for entry in found] == [(RecordingState.UNPUBLISHED, "x")]
    await bbb.put_recording_text_track(
        PutRecordingTextTrack(
            record_id=ids[0], kind=TextTrackKind.CAPTIONS, lang="ca", label="Català", content=b"WEBVTT"
        )
    )
    assert [track.label for track in await bbb.get_recording_text_tracks(ids[0])] == ["Català"]
    await bbb.delete_recordings(ids)
    assert (await bbb.get_recordings(GetRecordings(meeting_ids=[ROOM]))).recordings == ()


@pytest.mark.slow
async def test_hooks_are_registered_and_destroyed(both: tuple[Running, BBBClient]) -> None:
    _, bbb = both
    request = CreateHook(callback_url="http://site.test/hook?a=1&b=2", event_ids=["meeting-ended"])
    hook = await bbb.create_hook(request)
    assert (await bbb.create_hook(request)).duplicate
    (listed,) = await bbb.list_hooks()
    assert (listed.hook_id, listed.callback_url) == (hook.hook_id, "http://site.test/hook?a=1&b=2")
    await bbb.destroy_hook(hook.hook_id)
    assert await bbb.list_hooks() == ()


@pytest.mark.slow
async def test_what_the_simulator_sends_passes_the_checks_of_the_client() -> None:
    receiver = Receiver()
    http = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    async with pair(http=http) as (sim, bbb):
        await bbb.create_hook(CreateHook(callback_url="http://site.test/hook", event_ids=["meeting-ended"]))
        await bbb.create(
            CreateMeeting(
                meeting_id=ROOM,
                name="Room",
                record=True,
                auto_start_recording=True,
                meeting_keep_events=True,
                end_callback_url="http://site.test/end?token=t",
                recording_ready_url="http://site.test/ready",
                analytics_callback_url="http://site.test/analytics",
            )
        )
        await joined(bbb)
        await sim.advance(60)
        await bbb.end(ROOM)
        await sim.advance(100)
        now = datetime.fromtimestamp(sim.world.now / 1000, UTC)
    by_path = {request.url.path: request for request in receiver.requests}
    assert meeting_ended(by_path["/end"].url.query.decode()).meeting_id == ROOM
    ready = httpx.QueryParams(by_path["/ready"].content.decode())["signed_parameters"]
    assert recording_ready(ready, SECRET).meeting_id == ROOM
    check_analytics(by_path["/analytics"].headers["authorization"], SECRET, now=now)
    (attendee,) = analytics(by_path["/analytics"].content).attendees
    assert (attendee.user_id, attendee.duration_seconds) == ("Ada", 61)
    hook = by_path["/hook"]
    check_webhook("http://site.test/hook", hook.content, hook.url.params["checksum"], SECRET)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["error-500", "nonsense", "dropped"])
async def test_a_client_notices_a_server_that_misbehaves(kind: str) -> None:
    async with pair() as (sim, bbb), httpx.AsyncClient() as http:
        await http.post(f"{sim.control}faults", json={"kind": kind, "times": 1})
        with pytest.raises(CouldNotAsk):
            await bbb.get_meetings()
        assert await bbb.get_meetings() == ()


@pytest.mark.slow
async def test_a_meeting_is_there_although_the_answer_to_its_creation_was_lost() -> None:
    async with pair() as (sim, bbb), httpx.AsyncClient() as http:
        await http.post(f"{sim.control}faults", json={"kind": "answer-lost", "call": "create"})
        with pytest.raises(CouldNotAsk) as lost:
            await bbb.create(CreateMeeting(meeting_id=ROOM, name="Room"))
        assert lost.value.sent
        assert [meeting.meeting_id for meeting in await bbb.get_meetings()] == [ROOM]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["broken-xml", "thousands"])
async def test_a_client_bears_what_servers_are_known_for(kind: str) -> None:
    async with pair() as (sim, bbb), httpx.AsyncClient() as http:
        created = await bbb.create(CreateMeeting(meeting_id=ROOM, name="Room"))
        await http.post(f"{sim.control}faults", json={"kind": kind})
        assert (await bbb.get_meeting_info(ROOM)).create_time == created.create_time
