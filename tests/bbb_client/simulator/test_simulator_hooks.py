import json
from typing import Any

import httpx
from simulated import API, SECRET, Make, Sim, key, parse

from bbb_client.signing import Algorithm, algorithm_of, webhook_checksum

CREATION = {
    "name",
    "is-breakout",
    "parent-id",
    "duration",
    "create-time",
    "create-date",
    "moderator-pass",
    "viewer-pass",
    "record",
    "voice-conf",
    "dial-number",
    "max-users",
    "metadata",
}
URL = "http://site.test/hook?t=1"


def event(request: httpx.Request) -> dict[str, Any]:
    form = httpx.QueryParams(request.content.decode())
    assert list(form) == ["domain", "event", "timestamp"]
    (told,) = json.loads(form["event"])
    result: dict[str, Any] = told
    return result


def names(sim: Sim) -> list[str]:
    return [event(request)["data"]["id"] for request in sim.receiver.requests]


async def test_a_hook_is_registered_once_listed_and_destroyed(sim: Sim) -> None:
    answer = await sim.xml("hooks/create", callbackURL=URL, meetingID="room-1", eventID="User-Joined")
    hook_id = answer.findtext("hookID") or ""
    assert len(hook_id) == 36
    again = await sim.xml("hooks/create", callbackURL=URL, getRaw="true")
    assert (key(again), again.findtext("hookID")) == (("SUCCESS", "duplicateWarning"), hook_id)
    await sim.xml("hooks/create", callbackURL="http://site.test/]]>&all", getRaw="true")
    hooks = (await sim.xml("hooks/list")).findall("hooks/hook")
    assert [hook.findtext("callbackURL") for hook in hooks] == [URL, "http://site.test/]]>&all"]
    assert [hook.findtext("rawData") for hook in hooks] == ["false", "true"]
    assert (hooks[0].findtext("meetingID"), hooks[0].findtext("eventID")) == ("room-1", "user-joined")
    assert len((await sim.xml("hooks/list", meetingID="room-2")).findall("hooks/hook")) == 1
    assert (await sim.xml("hooks/destroy", hookID=hook_id)).findtext("removed") == "true"
    assert key(await sim.xml("hooks/destroy", hookID=hook_id)) == ("FAILED", "destroyMissingHook")
    assert key(await sim.xml("hooks/destroy")) == ("FAILED", "missingParamHookID")


async def test_a_hook_needs_an_address_and_any_will_do(sim: Sim) -> None:
    assert key(await sim.xml("hooks/create")) == ("FAILED", "missingParamCallbackURL")
    for url in ("mailto:x", "no address at all", ""):
        assert key(await sim.xml("hooks/create", callbackURL=url)) == ("SUCCESS", None)
    await sim.create()
    await sim.advance(300)  # what cannot be sent is tried to its end, and the hook goes
    assert (await sim.xml("hooks/list")).findall("hooks/hook") == []


async def test_an_empty_event_is_listed_and_hears_nothing(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL, eventID="", meetingID="")
    (hook,) = (await sim.xml("hooks/list")).findall("hooks/hook")
    assert (hook.findtext("eventID"), hook.findtext("meetingID")) == ("", "")
    await sim.create()
    await sim.advance(0)
    assert sim.receiver.requests == []


async def test_events_are_listed_in_the_order_in_which_they_were_named(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL, eventID="user-left,Meeting-Ended,user-joined")
    (hook,) = (await sim.xml("hooks/list")).findall("hooks/hook")
    assert hook.findtext("eventID") == "user-left,meeting-ended,user-joined"


async def test_an_empty_hook_id_is_one_that_is_missing(sim: Sim) -> None:
    assert key(await sim.xml("hooks/destroy", hookID="")) == ("FAILED", "destroyMissingHook")


async def test_a_hooks_call_without_a_checksum_is_refused_like_one_with_a_wrong_one(sim: Sim) -> None:
    answer = parse(await sim.http.get(f"{API}/hooks/list"))
    assert key(answer) == ("FAILED", "checksumError")
    assert answer.findtext("message") == "You did not pass the checksum security check."


async def test_hooks_have_numbers_up_to_2_7(old: Sim) -> None:
    assert (await old.xml("hooks/create", callbackURL=URL)).findtext("hookID") == "1"


async def test_a_meeting_is_told_from_beginning_to_end(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL)
    await sim.create(record="true", meta_a="1")
    token = await sim.join("Ada", role="MODERATOR", userID="ada")
    await sim.press("record", token, on="yes")
    await sim.press("record", token, on="yes")
    await sim.advance(60)
    await sim.press("record", token, on="no")
    await sim.press("end", token)
    await sim.advance(100)
    assert names(sim) == [
        "meeting-created",
        "user-joined",
        "meeting-recording-started",
        "meeting-recording-stopped",
        "user-left",
        "meeting-ended",
        "rap-archive-ended",
        "rap-process-ended",
        "rap-publish-ended",
        "rap-publish-ended",
        "rap-publish-ended",
    ]
    created, joined, *_, published = [event(request)["data"] for request in sim.receiver.requests]
    assert created["attributes"]["meeting"]["metadata"] == {"a": "1"}
    assert created["event"]["ts"] == 1_750_000_000_000
    user = joined["attributes"]["user"]
    assert (user["external-user-id"], user["role"], user["presenter"]) == ("ada", "MODERATOR", True)
    assert published["attributes"]["recording"]["playback"]["format"] == "podcast"
    assert published["event"]["ts"] < 10_000_000_000  # seconds, unlike all others


async def test_recordings_that_change_are_told(sim: Sim) -> None:
    await sim.create(record="true", autoStartRecording="true")
    record_id = (await sim.create()).findtext("internalMeetingID") or ""
    await sim.join()
    await sim.advance(5)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(100)
    await sim.xml("hooks/create", callbackURL=URL)
    await sim.xml("publishRecordings", recordID=record_id, publish="false")
    await sim.xml("publishRecordings", recordID=record_id, publish="true")
    await sim.xml("deleteRecordings", recordID=record_id)
    await sim.advance(0)
    assert names(sim) == ["rap-unpublished", "rap-published", "rap-deleted"]


async def test_a_delivery_is_signed_over_its_raw_body(make: Make, algorithm: Algorithm) -> None:
    sim = make(hooks_algorithm=algorithm)
    for url in (URL, "http://site.test/plain"):
        await sim.xml("hooks/create", callbackURL=url)
    await sim.create()
    await sim.advance(0)
    for request, url, mark in zip(sim.receiver.requests, (URL, "http://site.test/plain"), "&?", strict=True):
        assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"
        address, _, signature = str(request.url).partition(f"{mark}checksum=")
        assert address == url
        assert algorithm_of(signature) is algorithm
        assert signature == webhook_checksum(url, request.content, SECRET, algorithm)


async def test_the_secret_can_travel_as_a_bearer_instead(make: Make) -> None:
    sim = make(hooks_bearer=True)
    await sim.xml("hooks/create", callbackURL=URL)
    await sim.create()
    await sim.advance(0)
    assert sim.receiver.urls == [URL]
    assert sim.receiver.requests[0].headers["authorization"] == f"Bearer {SECRET}"


async def test_a_hook_hears_only_what_it_asked_for(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL, meetingID="room-2", eventID="user-joined,user-left")
    for meeting_id in ("room-1", "room-2"):
        await sim.create(meeting_id)
        await sim.control("POST", "connect", meetingID=meeting_id)
    await sim.advance(0)
    assert names(sim) == ["user-joined"]
    assert event(sim.receiver.requests[0])["data"]["attributes"]["meeting"]["external-meeting-id"] == "room-2"


def attributes(sim: Sim, name: str) -> dict[str, Any]:
    told = next(event(request)["data"] for request in sim.receiver.requests if names_one(request) == name)
    result: dict[str, Any] = told["attributes"]
    return result


def names_one(request: httpx.Request) -> str:
    return str(event(request)["data"]["id"])


async def test_events_carry_what_real_ones_carry_and_nothing_else(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL)
    await sim.create(record="true")
    await sim.join("Ada", role="MODERATOR", userID="ada")
    await sim.xml("sendChatMessage", meetingID="room-1", message="Ten minutes left")
    await sim.advance(5)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    ids = {"internal-meeting-id", "external-meeting-id"}
    assert set(attributes(sim, "meeting-created")["meeting"]) == ids | CREATION
    assert attributes(sim, "meeting-created")["meeting"]["parent-id"] == "bbb-none"
    person = {"internal-user-id", "external-user-id"}
    assert set(attributes(sim, "user-joined")["user"]) == person | {"name", "role", "presenter"}
    assert set(attributes(sim, "user-left")["user"]) == person
    chat = attributes(sim, "chat-group-message-sent")
    assert set(chat) == {"meeting", "chat-message", "chat-id"}
    assert (chat["chat-message"]["message"], chat["chat-message"]["sender"]["name"]) == (
        "Ten minutes left",
        "System",
    )
    assert set(attributes(sim, "meeting-ended")) == {"meeting"}


async def test_a_raw_hook_gets_the_inner_messages(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL, getRaw="true")
    await sim.create(record="true", disabledFeatures="polls")
    token = await sim.join("Ada", role="MODERATOR", userID="ada")
    await sim.press("record", token, on="yes")
    await sim.xml("sendChatMessage", meetingID="room-1", message="Hello")
    await sim.advance(1)
    await sim.press("end", token)
    await sim.advance(0)
    created, joined, recording, message, left, ended, archived = [
        event(request) for request in sim.receiver.requests
    ]
    assert created["core"]["body"]["props"]["meetingProp"]["extId"] == "room-1"
    assert joined["envelope"]["name"] == "UserJoinedMeetingEvtMsg"
    assert (joined["core"]["body"]["extId"], joined["core"]["body"]["name"]) == ("ada", "Ada")
    assert recording["core"]["body"] == {"recording": True, "setBy": "system"}
    assert message["core"]["body"]["msg"]["message"] == "Hello"
    assert left["core"]["header"]["userId"] == joined["core"]["body"]["intId"]
    assert ended["core"]["body"] == {"meetingId": created["core"]["body"]["props"]["meetingProp"]["intId"]}
    assert archived["header"]["name"] == "archive_ended"


async def test_a_raw_hook_that_names_events_hears_none(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL, getRaw="true", eventID="meeting-created")
    await sim.create()
    await sim.advance(0)
    assert sim.receiver.requests == []


async def test_a_hook_that_fails_too_often_is_removed(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL)
    sim.receiver.answers = [500] * 13
    await sim.create(meetingExpireIfNoUserJoinedInMinutes="0")
    await sim.advance(295)
    assert len(sim.receiver.requests) == 12
    assert len((await sim.xml("hooks/list")).findall("hooks/hook")) == 1
    await sim.advance(1)
    assert len(sim.receiver.requests) == 13
    assert (await sim.xml("hooks/list")).findall("hooks/hook") == []


async def test_what_waits_for_a_destroyed_hook_is_not_sent(sim: Sim) -> None:
    hook_id = (await sim.xml("hooks/create", callbackURL=URL)).findtext("hookID") or ""
    await sim.create()
    await sim.xml("hooks/destroy", hookID=hook_id)
    await sim.advance(0)
    assert sim.receiver.requests == []


async def test_unauthorized_is_taken_as_final(sim: Sim) -> None:
    await sim.xml("hooks/create", callbackURL=URL)
    sim.receiver.answers = [401]
    await sim.create()
    await sim.advance(200)
    assert len(sim.receiver.requests) == 1
