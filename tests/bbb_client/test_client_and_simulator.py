"""The client and the simulator, written from the same contract by different hands, understand each other."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bbb_client.client import BBBClient, Server
from bbb_client.documents import InlineDocument
from bbb_client.errors import Refused
from bbb_client.recording_requests import GetRecordings
from bbb_client.requests import (
    CreateHook,
    CreateMeeting,
    GetJoinUrl,
    InsertDocument,
    JoinMeeting,
    Role,
    SendChatMessage,
)
from bbb_client.signing import Algorithm
from bbb_client.simulator import Running, running_simulator

SECRET = "the simulator's s3cret & more"


@pytest.fixture(scope="module")
async def simulator() -> AsyncIterator[Running]:
    async with running_simulator(SECRET) as running:
        yield running


@pytest.fixture
async def bbb(simulator: Running) -> AsyncIterator[BBBClient]:
    async with BBBClient(Server(simulator.url, SECRET)) as client:
        yield client


def meeting(meeting_id: str) -> CreateMeeting:
    return CreateMeeting(
        meeting_id=meeting_id,
        name="Zoë's & co + 100 % *()~",
        duration_minutes=60,
        max_participants=10,
        meta={"tier": "free"},
        documents=[InlineDocument(name="a.txt", content=b"Hello")],
    )


async def enter(bbb: BBBClient, meeting_id: str) -> str:
    """Join as a browser would, and give the session's token."""
    url = bbb.join_url(
        JoinMeeting(full_name="Ann O'Neil 🦊", meeting_id=meeting_id, role=Role.MODERATOR, user_id="u-1")
    )
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["sessionToken"][0]


@pytest.mark.parametrize("algorithm", Algorithm)
async def test_every_algorithm_is_accepted_and_a_wrong_secret_is_not(
    simulator: Running, algorithm: Algorithm
) -> None:
    async with BBBClient(Server(simulator.root, SECRET, algorithm)) as right:
        assert await right.is_meeting_running("nobody's") is False
    async with BBBClient(Server(simulator.root, "wrong", algorithm)) as wrong:
        with pytest.raises(Refused) as refusal:
            await wrong.get_meetings()
    assert refusal.value.key == "checksumError"


@pytest.mark.slow
async def test_a_meeting_is_created_once_described_joined_and_ended(bbb: BBBClient) -> None:
    assert (await bbb.index()).version == "2.0"
    created = await bbb.create(meeting("life"))
    again = await bbb.create(meeting("life"))
    assert (created.duplicate, again.duplicate) == (False, True)
    assert created.create_time == again.create_time
    token = await enter(bbb, "life")
    info = await bbb.get_meeting_info("life")
    assert (info.name, info.duration_minutes, info.max_users) == ("Zoë's & co + 100 % *()~", 60, 10)
    assert (info.create_time, info.metadata["tier"]) == (created.create_time, "free")
    assert "life" in [found.meeting_id for found in await bbb.get_meetings()]
    sessions = {found.internal_meeting_id: found.user_name for found in await bbb.get_sessions()}
    assert sessions[created.internal_meeting_id] == "Ann O'Neil 🦊"
    assert (await bbb.get_join_url(GetJoinUrl(session_token=token))).startswith("http")
    await bbb.insert_document(
        InsertDocument(meeting_id="life", documents=[InlineDocument(name="b", content=b"x")])
    )
    await bbb.sign_out(token)
    await bbb.end("life")


async def test_what_is_not_there_is_refused_as_not_found(bbb: BBBClient) -> None:
    for asking in (
        bbb.get_meeting_info("nothing"),
        bbb.end("nothing"),
        bbb.publish_recordings(["nothing"], publish=True),
        bbb.delete_recordings(["nothing"]),
        bbb.send_chat_message(SendChatMessage(meeting_id="nothing", message="Hello")),
    ):
        with pytest.raises(Refused) as refusal:
            await asking
        assert refusal.value.not_found
    assert (await bbb.get_recordings(GetRecordings(meeting_ids=["nothing"], limit=10))).recordings == ()


@pytest.mark.slow
async def test_hooks_are_kept_and_removed(bbb: BBBClient) -> None:
    request = CreateHook(callback_url="http://127.0.0.1:9/hook?a=1&b=2", event_ids=["meeting-ended"])
    created = await bbb.create_hook(request)
    assert (await bbb.create_hook(request)).duplicate
    [hook] = await bbb.list_hooks()
    assert (hook.hook_id, hook.callback_url) == (created.hook_id, request.callback_url)
    assert hook.event_ids == ("meeting-ended",)
    await bbb.destroy_hook(created.hook_id)
    assert await bbb.list_hooks() == ()
