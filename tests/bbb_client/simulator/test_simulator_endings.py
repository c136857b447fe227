import base64
import hmac
import json
from typing import Any

import httpx
import pytest
from simulated import SECRET, Make, Sim, key, parse

END = {"meta_endCallbackUrl": "http://site.test/end?token=t"}


def claims(token: str, digest: str) -> dict[str, Any]:
    """What a signed token says, if its signature is right."""
    head, body, signature = token.split(".")
    expected = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), digest).digest()
    assert base64.urlsafe_b64decode(signature + "==") == expected
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return told


async def outcomes(sim: Sim) -> list[str]:
    return [sent["outcome"] for sent in (await sim.control("GET", "callbacks"))["sent"]]


async def test_a_meeting_ends_when_its_duration_is_over_counted_from_its_creation(sim: Sim) -> None:
    created = int((await sim.create(duration="60")).findtext("createTime") or "")
    await sim.advance(200)
    await sim.join()
    await sim.advance(3600 - 200 - 1)
    assert await sim.alive()
    await sim.advance(1)
    assert not await sim.alive()
    ended = (await sim.control("GET", "state"))["ended"][0]
    assert (ended["reason"], ended["ended"]) == ("ENDED_AFTER_EXCEEDING_DURATION", created + 3_600_000)


async def test_moving_the_clock_far_ends_a_meeting_at_its_own_moment(sim: Sim) -> None:
    created = int((await sim.create(duration="60")).findtext("createTime") or "")
    await sim.join()
    await sim.advance(86_400 / 2)
    assert (await sim.control("GET", "state"))["ended"][0]["ended"] == created + 3_600_000


async def test_a_meeting_that_nobody_joins_ends_after_five_minutes(sim: Sim) -> None:
    await sim.create(duration="5")
    await sim.session()
    await sim.advance(299)
    assert await sim.alive()
    await sim.advance(1)
    assert await sim.reason() == "ENDED_WHEN_NOT_JOINED"


async def test_a_meeting_ends_a_minute_after_the_last_person_left(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    await sim.advance(1000)
    await sim.press("leave", token)
    await sim.advance(59)
    assert await sim.alive()
    await sim.advance(1)
    assert await sim.reason() == "ENDED_WHEN_LAST_USER_LEFT"


async def test_who_comes_back_in_time_keeps_the_meeting(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    await sim.press("leave", token)
    await sim.advance(30)
    await sim.page("/", token)
    await sim.advance(300)
    assert await sim.alive()


async def test_zero_minutes_means_never(sim: Sim) -> None:
    await sim.create(meetingExpireWhenLastUserLeftInMinutes="0", meetingExpireIfNoUserJoinedInMinutes="0")
    await sim.advance(100_000)
    assert await sim.alive()
    await sim.press("leave", await sim.join())
    await sim.advance(100_000)
    assert await sim.alive()


async def test_a_breakout_room_does_not_end_for_being_empty(sim: Sim) -> None:
    await sim.create()
    await sim.join()
    await sim.create("child", isBreakout="true", parentMeetingID="room-1", duration="30")
    await sim.advance(1799)
    assert await sim.alive("child")
    await sim.advance(1)
    assert not await sim.alive("child")
    assert await sim.alive()


async def test_a_meeting_can_end_when_its_moderators_are_gone(sim: Sim) -> None:
    await sim.create(endWhenNoModerator="true", endWhenNoModeratorDelayInMinutes="2")
    await sim.join("Viewer")
    await sim.advance(600)
    token = await sim.join("Host", role="MODERATOR")
    await sim.advance(600)
    assert await sim.alive()
    await sim.press("leave", token)
    await sim.advance(119)
    assert await sim.alive()
    await sim.advance(1)
    assert await sim.reason() == "ENDED_DUE_TO_NO_MODERATOR"


async def test_who_asks_right_after_an_end_sees_no_meeting(sim: Sim) -> None:
    await sim.create()
    await sim.join()
    assert key(await sim.xml("end", meetingID="room-1")) == ("SUCCESS", "sentEndMeetingRequest")
    assert key(await sim.xml("getMeetings")) == ("SUCCESS", "noMeetings")
    assert key(await sim.xml("getSessions")) == ("SUCCESS", "noSessions")
    assert key(await sim.info()) == ("FAILED", "notFound")
    assert (await sim.xml("isMeetingRunning", meetingID="room-1")).findtext("running") == "false"
    assert key(await sim.xml("end", meetingID="room-1")) == ("FAILED", "notFound")


async def test_people_leave_a_moment_after_the_end_was_asked_for(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    await sim.xml("end", meetingID="room-1")
    assert "The meeting has ended" not in (await sim.page("/", token)).text
    await sim.advance(1)
    assert await sim.reason() == "ENDED_FROM_API"
    assert "The meeting has ended" in (await sim.page("/", token)).text


async def test_an_id_is_free_for_a_new_meeting_as_soon_as_an_end_was_asked_for(sim: Sim) -> None:
    first = (await sim.create()).findtext("internalMeetingID")
    await sim.xml("end", meetingID="room-1")
    assert key(await sim.create()) == ("SUCCESS", "")
    second = (await sim.info()).findtext("internalMeetingID")
    assert second != first
    await sim.advance(1)
    assert (await sim.info()).findtext("internalMeetingID") == second


async def test_a_wrong_password_ends_nothing(sim: Sim) -> None:
    await sim.create(moderatorPW="mm", attendeePW="aa")
    assert key(await sim.xml("end", meetingID="room-1", password="aa")) == ("FAILED", "invalidPassword")
    assert key(await sim.xml("end", meetingID="room-1", password="mm"))[0] == "SUCCESS"


async def ended(sim: Sim, **params: str) -> None:
    """Create a meeting with an end callback and end it."""
    await sim.create(**{**END, **params})
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)


async def test_the_end_is_told_by_a_probe_and_a_real_call(sim: Sim) -> None:
    await ended(sim)
    url = "http://site.test/end?token=t&recordingmarks=false&meetingID=room-1"
    assert sim.receiver.urls == [url, url]
    assert [request.method for request in sim.receiver.requests] == ["GET", "GET"]
    sent = (await sim.control("GET", "callbacks"))["sent"]
    assert [(told["url"], told["outcome"]) for told in sent] == [("http://site.test/end", "status 200")]


async def test_both_addresses_are_told_and_recording_marks_are_mentioned(sim: Sim) -> None:
    await sim.create(meetingEndedURL="http://balancer.test/ended", record="true", **END)
    await sim.control("POST", "recording", meetingID="room-1")
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    assert sim.receiver.urls[1].endswith("&recordingmarks=true&meetingID=room-1")
    assert sim.receiver.urls[2] == "http://balancer.test/ended?recordingmarks=true"


async def test_a_breakout_room_tells_nobody(sim: Sim) -> None:
    await sim.create()
    await sim.create("child", isBreakout="true", parentMeetingID="room-1", **END)
    await sim.xml("end", meetingID="child")
    await sim.advance(1)
    assert sim.receiver.requests == []


async def test_anything_but_200_is_tried_again_on_the_simulated_clock(sim: Sim) -> None:
    sim.receiver.answers = [204, 500, httpx.ConnectError("down"), 404, 201]
    await ended(sim)
    for wait, count in ((29, 1), (1, 2), (60, 3), (119, 3), (1, 4), (299, 4), (1, 5), (10_000, 5)):
        await sim.advance(wait)
        assert len(sim.receiver.requests) == count
    assert await outcomes(sim) == [
        "probe: status 204",
        "probe: status 500",
        "could not be sent: ConnectError",
        "probe: status 404",
        "probe: status 201",
    ]


async def test_a_real_call_that_fails_is_tried_again_too(sim: Sim) -> None:
    sim.receiver.answers = [200, 503]
    await ended(sim)
    await sim.advance(30)
    assert await outcomes(sim) == ["status 503", "status 200"]


async def test_redirects_of_the_probe_are_followed_a_few_times(sim: Sim) -> None:
    sim.receiver.answers = [httpx.Response(302, headers={"Location": "/other"})]
    await ended(sim)
    assert sim.receiver.urls[1:] == ["http://site.test/other"] * 2


async def test_endless_redirects_of_the_probe_are_a_failure(sim: Sim) -> None:
    sim.receiver.answers = [httpx.Response(303, headers={"Location": "/other"}) for _ in range(5)]
    await ended(sim)
    assert await outcomes(sim) == ["probe: status 303"]
    assert len(sim.receiver.requests) == 5


async def test_an_address_that_is_none_does_no_harm(sim: Sim) -> None:
    await ended(sim, meta_endCallbackUrl="http://site.test:port/", meetingEndedURL="http://site.test/go")
    assert await outcomes(sim) == ["could not be sent: InvalidURL", "status 200"]


async def test_a_redirect_to_nonsense_does_no_harm(sim: Sim) -> None:
    sim.receiver.answers = [httpx.Response(302, headers={"Location": "http://["})]
    await ended(sim)
    assert await outcomes(sim) == ["could not be sent: ValueError"]


async def test_a_restart_forgets_meetings_without_a_word(sim: Sim) -> None:
    await sim.create(**END)
    token = await sim.join()
    await sim.control("POST", "restart")
    assert not await sim.alive()
    assert (await sim.page("/", token)).status_code == 404
    await sim.advance(100_000)
    assert sim.receiver.requests == []


async def test_analytics_are_sent_if_events_were_kept(sim: Sim) -> None:
    await sim.create(meetingKeepEvents="true", **{"meta_analytics-callback-url": "http://site.test/a"})
    token = await sim.join(userID="ada", role="MODERATOR")
    await sim.session("Never came")
    await sim.advance(100)
    await sim.press("leave", token)
    await sim.advance(20)
    await sim.page("/", token)
    await sim.advance(30)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(20)
    assert sim.receiver.requests == []
    await sim.advance(1)
    request = sim.receiver.requests[0]
    assert request.headers["user-agent"] == "BigBlueButton Analytics Callback"
    token = request.headers["authorization"].removeprefix("Bearer ")
    assert claims(token, "sha512") == {"exp": sim.clock.now() // 1000 + 86_400}
    body = json.loads(request.content)
    assert body["meeting_id"] == "room-1"
    assert body["data"]["duration"] == 151
    (attendee,) = body["data"]["attendees"]
    assert (attendee["ext_user_id"], attendee["moderator"], attendee["duration"]) == ("ada", True, 131)
    assert len(attendee["joins"]) == len(attendee["leaves"]) == len(attendee["sessions"]) == 2


@pytest.mark.parametrize("params", [{}, {"meetingKeepEvents": "true"}])
async def test_without_kept_events_or_address_there_are_no_analytics(
    sim: Sim, params: dict[str, str]
) -> None:
    address = {} if params else {"meta_analytics-callback-url": "http://site.test/a"}
    await sim.create(**params, **address)
    await sim.advance(1000)
    assert sim.receiver.requests == []


async def test_a_ready_recording_is_told_once_per_format_with_a_signed_token(sim: Sim) -> None:
    ready = {"meta_bbb-recording-ready-url": "http://site.test/ready"}
    created = await sim.create(record="true", **ready)
    await sim.control("POST", "recording", meetingID="room-1")
    sim.receiver.answers = [500]
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1000)
    assert len(sim.receiver.requests) == 3
    form = httpx.QueryParams(sim.receiver.requests[0].content.decode())
    told = claims(form["signed_parameters"], "sha256")
    assert told == {"meeting_id": "room-1", "record_id": created.findtext("internalMeetingID")}


def test_the_token_is_the_one_of_the_documentation() -> None:
    from bbb_client.simulator.callbacks import jwt

    assert jwt({"meeting_id": "room-1", "record_id": "rec-1"}, "topsecret") == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJtZWV0aW5nX2lkIjoicm9vbS0xIiwicmVjb3JkX2lkIjoicmVjLTEifQ."
        "tIkQRytQaN2GLuOzpr9g560zvszGscAB1wfSkK3kd_Y"
    )


async def test_what_ended_long_ago_is_forgotten(make: Make) -> None:
    sim = make(farewell_seconds=100)
    await sim.create()
    token = await sim.join()
    await sim.create("room-2")
    other = await sim.session("Eve", meetingID="room-2")
    await sim.page("/", other)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(100)
    assert "The meeting has ended" in (await sim.page("/", token)).text
    await sim.advance(1)
    assert (await sim.page("/", token)).status_code == 404
    assert (await sim.page("/", other)).status_code == 200
    assert parse(await sim.get("getMeetings")).findtext("meetings/meeting/meetingID") == "room-2"
