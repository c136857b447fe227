"""Which calls are repeated, after which failures, how often, and what stays known between attempts."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from answering import OK, client_of, failed, failure_of, xml

from bbb_client.client import BBBClient, Retries
from bbb_client.documents import InlineDocument
from bbb_client.errors import CouldNotAsk, Reason, Refused
from bbb_client.recording_requests import PutRecordingTextTrack, UpdateRecordings
from bbb_client.requests import CreateHook, CreateMeeting, GetJoinUrl, InsertDocument, SendChatMessage
from bbb_client.vocabulary import TextTrackKind

NO_MEETINGS = xml(f"{OK}<meetings/>")
CREATE = CreateMeeting(meeting_id="r", name="Demo")
Ask = Callable[[BBBClient], Awaitable[object]]

REPEATED: list[Ask] = [
    lambda bbb: bbb.create(CREATE),
    lambda bbb: bbb.end("r"),
    lambda bbb: bbb.get_meetings(),
    lambda bbb: bbb.is_meeting_running("r"),
    lambda bbb: bbb.list_hooks(),
    lambda bbb: bbb.stuns("t"),
]
NOT_REPEATED: list[Ask] = [
    lambda bbb: bbb.send_chat_message(SendChatMessage(meeting_id="r", message="Hello")),
    lambda bbb: bbb.insert_document(
        InsertDocument(meeting_id="r", documents=[InlineDocument(name="a", content=b"")])
    ),
    lambda bbb: bbb.put_recording_text_track(
        PutRecordingTextTrack(record_id="r", kind=TextTrackKind.CAPTIONS, lang="ca", content=b"")
    ),
    lambda bbb: bbb.update_recordings(UpdateRecordings(record_ids=["r"], meta={})),
    lambda bbb: bbb.publish_recordings(["r"], publish=True),
    lambda bbb: bbb.delete_recordings(["r"]),
    lambda bbb: bbb.get_join_url(GetJoinUrl(session_token="t")),
    lambda bbb: bbb.create_hook(CreateHook(callback_url="https://a.example")),
    lambda bbb: bbb.destroy_hook("7"),
    lambda bbb: bbb.sign_out("t"),
    lambda bbb: bbb.feedback("t", {}),
]


@pytest.mark.parametrize("ask", REPEATED)
@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.Response(503)])
async def test_calls_that_may_be_repeated_are_repeated(ask: Ask, failure: object) -> None:
    bbb, asked = client_of(failure, failure, failed("notFound"))
    with pytest.raises(Refused):
        await ask(bbb)
    assert len(asked) == 3
    assert asked[0].url == asked[2].url


@pytest.mark.parametrize("ask", NOT_REPEATED)
@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.Response(503)])
async def test_calls_whose_effect_would_double_are_not_repeated(ask: Ask, failure: object) -> None:
    bbb, asked = client_of(failure)
    await failure_of(ask(bbb))
    assert len(asked) == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("x"),
        httpx.ConnectTimeout("x"),
        httpx.Response(302, headers={"Location": "https://other.example"}),
        httpx.Response(404),
        b"not XML",
        failed("checksumError"),
    ],
)
async def test_what_another_attempt_would_not_change_is_not_repeated(failure: object) -> None:
    bbb, asked = client_of(failure)
    with pytest.raises((CouldNotAsk, Refused)):
        await bbb.get_meetings()
    assert len(asked) == 1


async def test_a_second_attempt_succeeds_quietly() -> None:
    bbb, _ = client_of(httpx.RemoteProtocolError("x"), NO_MEETINGS)
    assert await bbb.get_meetings() == ()


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_the_number_of_attempts_and_the_waits_between_can_be_set(attempts: int) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    bbb, asked = client_of(httpx.Response(500), retries=Retries(attempts, wait=1), sleep=sleep)
    await failure_of(bbb.get_meetings())
    assert len(asked) == attempts
    assert len(waits) == attempts - 1
    assert all(0.5 * 2**number <= wait <= 1.5 * 2**number for number, wait in enumerate(waits))


async def test_what_an_earlier_attempt_may_have_done_is_not_forgotten() -> None:
    bbb, _ = client_of(httpx.ReadError("x"), httpx.ConnectError("x"))
    failure = await failure_of(bbb.create(CREATE))
    assert (failure.reason, failure.sent) == (Reason.UNREACHABLE, True)
