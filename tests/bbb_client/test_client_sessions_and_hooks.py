"""Calls by session token, which are unsigned and answered in JSON, and calls to bbb-webhooks."""

import json
from typing import Any

import pytest
from answering import OK, SECRET, client_of, failed, sent, xml

from bbb_client.errors import CouldNotAsk, Reason, Refused
from bbb_client.hook_responses import CreatedHook, Hook
from bbb_client.requests import CreateHook, GetJoinUrl
from bbb_client.signing import checksum


def framed(**fields: Any) -> bytes:
    return json.dumps({"response": {"returncode": "SUCCESS", **fields}}).encode()


async def test_an_address_for_another_device_is_asked_for_by_token() -> None:
    bbb, asked = client_of(framed(message="Here.", url="https://bbb.example/join?x=1"))
    url = await bbb.get_join_url(GetJoinUrl(session_token="tok", replace_session=True))
    assert url == "https://bbb.example/join?x=1"
    assert str(asked[0].url) == (
        "https://bbb.example/bigbluebutton/api/getJoinUrl?sessionToken=tok&replaceSession=true"
    )


@pytest.mark.parametrize("url", [None, "", 7])
async def test_an_answer_without_the_address_is_unreadable(url: Any) -> None:
    bbb, _ = client_of(framed(url=url))
    with pytest.raises(CouldNotAsk):
        await bbb.get_join_url(GetJoinUrl(session_token="tok"))


async def test_a_token_that_is_not_valid_is_refused_without_being_repeated() -> None:
    bbb, _ = client_of(b'{"response":{"returncode":"FAILED","message":"Invalid sessionToken=tok-hidden"}}')
    with pytest.raises(Refused) as refusal:
        await bbb.get_join_url(GetJoinUrl(session_token="tok-hidden"))
    assert (refusal.value.key, refusal.value.message) == ("", "Invalid [token]")


@pytest.mark.parametrize("data", ['{"users": {"a": 1}}', {"users": {"a": 1}}])
async def test_the_dashboards_data_is_unpacked(data: Any) -> None:
    bbb, asked = client_of(framed(data=data))
    assert await bbb.learning_dashboard("tok") == {"users": {"a": 1}}
    assert sent(asked) == {"sessionToken": "tok"}


@pytest.mark.parametrize("data", ["{", "[1]", "[" * 100_000, None, 7])
async def test_data_of_the_dashboard_that_is_no_object_is_unreadable(data: Any) -> None:
    bbb, _ = client_of(framed(data=data))
    with pytest.raises(CouldNotAsk) as failure:
        await bbb.learning_dashboard("tok")
    assert failure.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize("call", ["stuns", "guest_wait", "enter"])
async def test_what_belongs_to_the_browser_client_is_handed_on_as_it_came(call: str) -> None:
    bbb, asked = client_of(framed(guestStatus="WAIT"))
    assert await getattr(bbb, call)("tok") == {"returncode": "SUCCESS", "guestStatus": "WAIT"}
    assert str(asked[0].url).endswith("?sessionToken=tok")


async def test_an_object_without_a_frame_is_handed_on_and_its_refusal_is_heard() -> None:
    bbb, _ = client_of(b'{"stunServers": []}', b'{"returncode": "FAILED", "messageKey": "missingToken"}')
    assert await bbb.stuns("tok") == {"stunServers": []}
    with pytest.raises(Refused, match="missingToken"):
        await bbb.stuns("tok")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"response": []}',
        b'{"response": {}}',
        xml(f"{OK}<x/>"),
        b"\xff",
    ],
)
async def test_what_is_not_json_of_the_api_is_unreadable(answer: bytes) -> None:
    bbb, _ = client_of(answer)
    with pytest.raises(CouldNotAsk) as failure:
        await bbb.stuns("tok")
    assert failure.value.reason is Reason.UNREADABLE


async def test_feedback_is_posted_as_json_and_leaving_is_asked_for() -> None:
    bbb, asked = client_of(framed())
    await bbb.feedback("tok", {"rating": 5})
    assert (asked[0].method, asked[0].headers["Content-Type"]) == ("POST", "application/json")
    assert json.loads(asked[0].content) == {"rating": 5, "sessionToken": "tok"}
    await bbb.sign_out("tok")
    assert str(asked[1].url) == "https://bbb.example/bigbluebutton/api/signOut?sessionToken=tok"


async def test_a_hook_is_signed_with_its_sub_path() -> None:
    bbb, asked = client_of(
        xml(f"{OK}<hookID>7</hookID><permanentHook>false</permanentHook><rawData>true</rawData>"),
        xml(
            f"{OK}<hookID>7</hookID><messageKey>duplicateWarning</messageKey><permanentHook>true</permanentHook>"
        ),
    )
    request = CreateHook(callback_url="https://app.example/cb?x=1")
    assert await bbb.create_hook(request) == CreatedHook("7", duplicate=False, permanent=False, raw_data=True)
    assert await bbb.create_hook(request) == CreatedHook("7", duplicate=True, permanent=True, raw_data=False)
    query, _, found = asked[0].url.query.decode().rpartition("&checksum=")
    assert asked[0].url.path == "/bigbluebutton/api/hooks/create"
    assert query == "callbackURL=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1"
    assert found == checksum("hooks/create", query, SECRET)


async def test_hooks_are_listed_without_showing_their_addresses() -> None:
    hooks = (
        "<hook><hookID>7</hookID><callbackURL><![CDATA[https://a.example/hidden?a=1&b=2]]></callbackURL>"
        "<meetingID>r</meetingID><eventID>user-left,meeting-ended</eventID><permanentHook>false</permanentHook>"
        "<rawData>false</rawData></hook><hook><hookID>u-u</hookID><callbackURL>https://b.example</callbackURL>"
        "<permanentHook>true</permanentHook><rawData>true</rawData></hook>"
    )
    bbb, asked = client_of(xml(f"{OK}<hooks>{hooks}</hooks>"))
    found = await bbb.list_hooks("r")
    assert found == (
        Hook(
            "7",
            "https://a.example/hidden?a=1&b=2",
            "r",
            ("user-left", "meeting-ended"),
            permanent=False,
            raw_data=False,
        ),
        Hook("u-u", "https://b.example", "", (), permanent=True, raw_data=True),
    )
    assert "hidden" not in repr(found)
    assert sent(asked) == {"meetingID": "r"}
    await bbb.list_hooks()
    assert sent(asked) == {}


async def test_a_hook_is_removed_and_one_that_is_gone_is_refused() -> None:
    bbb, asked = client_of(xml(f"{OK}<removed>true</removed>"), failed("destroyMissingHook"))
    await bbb.destroy_hook("7")
    assert (asked[0].url.path, sent(asked)) == ("/bigbluebutton/api/hooks/destroy", {"hookID": "7"})
    with pytest.raises(Refused, match="destroyMissingHook"):
        await bbb.destroy_hook("7")
