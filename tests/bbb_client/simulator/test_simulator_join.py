import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from simulated import API, Make, Sim, key, parse

from bbb_client.signing import signed_query

JOIN = {"meetingID": "room-1", "fullName": "Ada", "role": "VIEWER"}


def error(answer: httpx.Response) -> str:
    """The key in the redirect of a refused join."""
    assert answer.status_code == 302
    entries = json.loads(parse_qs(urlsplit(answer.headers["location"]).query)["errors"][0])
    return str(entries[0]["key"])


async def refusal(sim: Sim, **params: str) -> str:
    return error(await sim.get("join", **{**JOIN, **params}))


async def test_a_join_leads_the_browser_to_the_meeting(sim: Sim, old: Sim) -> None:
    for server, path in ((sim, "/html5client/"), (old, "/html5client/join")):
        await server.create()
        answer = await server.get("join", **JOIN)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(f"http://bbb.test{path}?sessionToken=")
        assert (await server.http.get(answer.headers["location"])).status_code == 200


async def test_the_browser_is_sent_to_the_public_address_if_there_is_one(make: Make) -> None:
    sim = make(public_url="https://bbb.example/")
    await sim.create()
    location = (await sim.get("join", **JOIN)).headers["location"]
    assert location.startswith("https://bbb.example/html5client/?")


async def test_a_join_without_redirect_answers_in_the_documented_order(sim: Sim) -> None:
    created = await sim.create()
    answer = await sim.xml("join", **JOIN, redirect="false", userID="u-1")
    order = "returncode messageKey message meeting_id user_id auth_token session_token guestStatus url"
    assert [element.tag for element in answer] == order.split()
    assert key(answer) == ("SUCCESS", "successfullyJoined")
    assert answer.findtext("meeting_id") == created.findtext("internalMeetingID")
    assert (answer.findtext("user_id") or "").startswith("w_")


async def test_a_join_registers_a_session_and_only_the_page_makes_an_attendee(sim: Sim) -> None:
    await sim.create()
    assert key(await sim.xml("getSessions"))[1] == "noSessions"
    token = await sim.session(
        userID="u-1", **{"userdata-bbb_a": "1", "userdata-x-y": "2", "userdata-1x": "3"}
    )
    assert (await sim.xml("getSessions")).findtext("sessions/meeting/userName") == "Ada"
    info = await sim.info()
    assert (info.findtext("participantCount"), info.findtext("running")) == ("0", "false")
    await sim.page("/", token)
    info = await sim.info()
    assert (info.findtext("participantCount"), info.findtext("hasUserJoined")) == ("1", "true")
    attendee = info.find("attendees/attendee")
    assert attendee is not None
    assert [(item.tag, item.text) for item in attendee][:4] == [
        ("userID", "u-1"),
        ("fullName", "Ada"),
        ("role", "VIEWER"),
        ("isPresenter", "true"),
    ]
    assert [(item.tag, item.text) for item in attendee.iterfind("customdata/*")] == [("bbb_a", "1")]
    assert (await sim.xml("isMeetingRunning", meetingID="room-1")).findtext("running") == "true"
    assert (await sim.xml("isMeetingRunning", meetingID="nobody")).findtext("running") == "false"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"fullName": " \x00"}, "missingParamFullName"),
        ({"meetingID": "nobody"}, "invalidMeetingIdentifier"),
        ({"createTime": "1"}, "mismatchCreateTimeParam"),
        ({"createTime": "soon"}, "mismatchCreateTimeParam"),
        ({"role": "", "password": "wrong"}, "invalidPassword"),
        ({"guest": "perhaps"}, "validationError"),
        ({"redirect": "false", "meetingID": "nobody"}, "invalidMeetingIdentifier"),
    ],
)
async def test_a_refused_join_redirects_even_when_redirects_are_off(
    sim: Sim, params: dict[str, str], expected: str
) -> None:
    await sim.create()
    assert await refusal(sim, **params) == expected


async def test_a_join_without_role_and_password_is_refused_in_xml(sim: Sim) -> None:
    await sim.create()
    answer = await sim.xml("join", meetingID="room-1", fullName="Ada")
    assert key(answer) == ("FAILED", "Params required")


async def test_a_refusal_goes_to_the_first_address_that_was_given(make: Make) -> None:
    sim = make(default_logout_url="https://home.example/?a=1")
    await sim.create(logoutURL="https://meeting.example/", maxParticipants="1")
    await sim.join(role="MODERATOR")
    for params, start in (
        (
            {"errorRedirectUrl": "https://error.example/", "logoutURL": "https://x.example/"},
            "https://error.example/?",
        ),
        (
            {"errorRedirectUrl": "http://[", "logoutURL": "https://x.example/?a=1"},
            "https://x.example/?a=1&",
        ),
        ({}, "https://meeting.example/?"),
        ({"meetingID": "nobody"}, "https://home.example/?a=1&"),
    ):
        location = (await sim.get("join", **{**JOIN, **params})).headers["location"]
        assert location.startswith(start + "errors="), params


async def test_an_unsigned_join_cannot_choose_where_it_is_sent(sim: Sim) -> None:
    query = signed_query("join", {**JOIN, "errorRedirectUrl": "https://evil.example/"}, "wrong secret")
    answer = await sim.http.get(f"{API}/join?{query}")
    assert error(answer) == "checksumError"
    assert answer.headers["location"].startswith("http://bbb.test/?errors=")


async def test_the_role_wins_over_the_password(sim: Sim) -> None:
    await sim.create(attendeePW="aa", moderatorPW="mm")
    for params, role in (
        ({"role": "", "password": "mm"}, "MODERATOR"),
        ({"role": "", "password": "aa"}, "VIEWER"),
        ({"role": "viewer", "password": "mm"}, "VIEWER"),
    ):
        await sim.join(role, **params, userID=str(params))
    roles = [
        (item.findtext("fullName"), item.findtext("role")) for item in (await sim.info()).iter("attendee")
    ]
    assert roles == [("MODERATOR", "MODERATOR"), ("VIEWER", "VIEWER"), ("VIEWER", "VIEWER")]


async def test_the_create_time_ties_a_join_to_one_meeting(sim: Sim, old: Sim) -> None:
    created = (await sim.create()).findtext("createTime") or ""
    assert "sessionToken" in (await sim.get("join", **JOIN, createTime=created)).headers["location"]
    assert "sessionToken" in (await sim.get("join", **JOIN, createTime="")).headers["location"]
    await old.create()
    assert (await old.get("join", **JOIN, createTime="")).status_code == 500


async def test_a_meeting_that_just_ended_is_told_apart_from_an_unknown_one(sim: Sim) -> None:
    await sim.create()
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    assert await refusal(sim) == "meetingForciblyEnded"
    await sim.advance(60)
    assert await refusal(sim) == "invalidMeetingIdentifier"


async def test_a_full_meeting_refuses_everyone_but_those_who_are_in(sim: Sim) -> None:
    await sim.create(maxParticipants="2")
    await sim.join("Host", role="MODERATOR", userID="host")
    await sim.join("Ada", userID="ada")
    assert await refusal(sim, userID="eve") == "maxParticipantsReached"
    assert await refusal(sim) == "maxParticipantsReached"
    await sim.join("Ada again", userID="ada")
    assert await sim.names() == ["Host", "Ada", "Ada again"]


async def test_who_left_holds_the_seat_for_the_grace_time(sim: Sim) -> None:
    await sim.create(maxParticipants="1")
    token = await sim.join(userID="ada")
    await sim.press("leave", token)
    assert (await sim.info()).findtext("participantCount") == "0"
    await sim.advance(59)
    assert await refusal(sim, userID="eve") == "maxParticipantsReached"
    assert "sessionToken" in (await sim.get("join", **JOIN, userID="ada")).headers["location"]


async def test_the_seat_is_free_after_the_grace_time(sim: Sim) -> None:
    await sim.create(maxParticipants="1", meetingExpireWhenLastUserLeftInMinutes="5")
    token = await sim.join(userID="ada")
    await sim.press("leave", token)
    await sim.advance(60)
    await sim.join("Eve", userID="eve")
    assert await sim.names() == ["Eve"]
    assert (await sim.page("/", token)).status_code == 403
    assert await sim.names() == ["Eve"]


async def test_a_burst_of_joins_passes_the_first_check_and_not_the_second(sim: Sim) -> None:
    await sim.create(maxParticipants="1")
    first, second = await sim.session("First", userID="1"), await sim.session("Second", userID="2")
    await sim.page("/", first)
    answer = await sim.page("/", second)
    assert answer.status_code == 403
    assert "The meeting is full" in answer.text
    assert await sim.names() == ["First"]


async def test_one_device_too_many_ends_the_oldest(make: Make) -> None:
    sim = make(max_accesses=2)
    await sim.create()
    tokens = [await sim.join(f"Ada {number}", userID="ada") for number in range(3)]
    assert await sim.names() == ["Ada 1", "Ada 2"]
    assert "another device" in (await sim.page("/", tokens[0])).text


async def test_any_number_of_devices_is_a_setting(make: Make) -> None:
    sim = make(max_accesses=0)
    await sim.create()
    for _ in range(5):
        await sim.join(userID="ada")
    assert len(await sim.names()) == 5


async def test_who_never_connects_is_forgotten(sim: Sim) -> None:
    await sim.create()
    token = await sim.session()
    await sim.advance(44)
    assert key(await sim.xml("getSessions"))[1] is None
    await sim.advance(1)
    assert key(await sim.xml("getSessions"))[1] == "noSessions"
    assert (await sim.page("/", token)).status_code == 404


GUESTS = [
    ("ALWAYS_ACCEPT", {"guest": "true"}, "ALLOW"),
    ("ALWAYS_DENY", {"role": "MODERATOR"}, "ALLOW"),
    ("ALWAYS_DENY", {"guest": "false"}, "ALLOW"),
    ("ASK_MODERATOR", {}, "WAIT"),
    ("ASK_MODERATOR", {"guest": "true"}, "WAIT"),
    ("ASK_MODERATOR", {"auth": "true"}, "WAIT"),
    ("ASK_MODERATOR", {"guest": "false"}, "ALLOW"),
    ("ALWAYS_ACCEPT_AUTH", {"auth": "true"}, "ALLOW"),
    ("ALWAYS_ACCEPT_AUTH", {"auth": "true", "guest": "true"}, "WAIT"),
    ("ALWAYS_ACCEPT_AUTH", {}, "WAIT"),
]


@pytest.mark.parametrize(("policy", "params", "status"), GUESTS)
async def test_the_guest_policy_decides(sim: Sim, policy: str, params: dict[str, str], status: str) -> None:
    await sim.create(guestPolicy=policy)
    answer = await sim.xml("join", **{**JOIN, "redirect": "false", **params})
    assert answer.findtext("guestStatus") == status
    assert answer.findtext("messageKey") == ("guestWait" if status == "WAIT" else "successfullyJoined")


async def test_a_policy_that_denies_redirects(sim: Sim) -> None:
    await sim.create(guestPolicy="ALWAYS_DENY")
    assert await refusal(sim) == "guestDeniedAccess"


async def test_the_vector_of_a_name_with_quote_and_fox_is_accepted(sim: Sim) -> None:
    await sim.create()
    query = "fullName=Ann+O%27Neil+%F0%9F%A6%8A&meetingID=room-1&role=MODERATOR"
    digest = "098935ea0efbc1e72ad6b8f196289023cf5acf5a"
    answer = await sim.http.get(f"{API}/join?{query}&redirect=false&checksum={digest}")
    assert error(answer) == "checksumError"
    answer = await sim.http.get(f"{API}/join?{query}&checksum={digest}")
    await sim.http.get(answer.headers["location"])
    assert await sim.names() == ["Ann O'Neil 🦊"]


async def test_all_meetings_are_listed_with_their_people(sim: Sim) -> None:
    assert key(await sim.xml("getMeetings")) == ("SUCCESS", "noMeetings")
    await sim.create()
    await sim.create("room-2")
    await sim.control("POST", "connect", meetingID="room-2", voice=True, listenOnly=True, video=True)
    meetings = parse(await sim.get("getMeetings")).findall("meetings/meeting")
    assert [meeting.findtext("meetingID") for meeting in meetings] == ["room-1", "room-2"]
    counts = ("participantCount", "listenerCount", "voiceParticipantCount", "videoCount", "moderatorCount")
    assert [meetings[1].findtext(name) for name in counts] == ["1", "1", "1", "1", "0"]
    order = (
        "meetingName meetingID internalMeetingID createTime createDate voiceBridge dialNumber attendeePW "
        "moderatorPW running duration hasUserJoined recording hasBeenForciblyEnded startTime endTime "
        "participantCount listenerCount voiceParticipantCount videoCount maxUsers moderatorCount "
        "attendees metadata isBreakout"
    )
    assert [element.tag for element in meetings[0]] == order.split()
