import json

import pytest
from simulated import API, Make, Sim, key

MESSAGE = {"meetingID": "room-1", "message": "Hello"}


async def by_session(sim: Sim, call: str, token: str, **params: str) -> dict[str, str]:
    answer = await sim.http.get(f"{API}/{call}", params={"sessionToken": token, **params})
    told: dict[str, str] = answer.json()["response"]
    return told


async def test_a_message_needs_a_meeting_with_people(sim: Sim) -> None:
    await sim.create()
    assert key(await sim.xml("sendChatMessage", **MESSAGE)) == ("FAILED", "meetingNotFound")
    assert key(await sim.xml("sendChatMessage", meetingID="x", message="x")) == ("FAILED", "meetingNotFound")
    await sim.join()
    assert key(await sim.xml("sendChatMessage", **MESSAGE)) == ("SUCCESS", "")
    await sim.xml("sendChatMessage", **MESSAGE, userName="Office")
    messages = (await sim.control("GET", "state"))["meetings"][0]["messages"]
    assert [told["userName"] for told in messages] == ["System", "Office"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"message": ""}, "missingParamMessage"),
        ({"message": "x" * 501}, "sizeError"),
        ({"userName": "x" * 256}, "sizeError"),
    ],
)
async def test_a_bad_message_is_refused(sim: Sim, change: dict[str, str], expected: str) -> None:
    assert key(await sim.xml("sendChatMessage", **{**MESSAGE, **change})) == ("FAILED", expected)


async def test_a_join_url_brings_the_same_person_in_again(sim: Sim) -> None:
    await sim.create(maxParticipants="1")
    token = await sim.join("Ada", userID="ada", role="MODERATOR")
    more = {"userdata-a": "1", "sessionName": "Phone"}
    url = (await by_session(sim, "getJoinUrl", token, **more))["url"]
    assert "sessionName=Phone" in url
    await sim.http.get((await sim.http.get(url)).headers["location"])
    info = await sim.info()
    assert [item.findtext("userID") for item in info.iter("attendee")] == ["ada", "ada"]
    assert "sessionName" not in (await by_session(sim, "getJoinUrl", token))["url"]


@pytest.mark.parametrize("call", ["getJoinUrl", "learningDashboard", "stuns", "signOut", "guestWait"])
async def test_a_session_is_needed(sim: Sim, call: str) -> None:
    assert (await by_session(sim, call, ""))["messageKey"] == "missingToken"
    assert (await by_session(sim, call, "nobody"))["messageKey"] == "missingSession"


async def test_a_session_is_no_use_after_the_end_or_after_being_put_out(make: Make) -> None:
    sim = make(max_accesses=1)
    await sim.create()
    first, second = await sim.join(userID="ada"), await sim.join(userID="ada")
    assert (await by_session(sim, "stuns", first))["messageKey"] == "missingSession"
    assert (await by_session(sim, "stuns", second))["returncode"] == "SUCCESS"
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    assert (await by_session(sim, "stuns", second))["messageKey"] == "missingSession"


async def test_the_dashboard_is_for_moderators(sim: Sim) -> None:
    await sim.create()
    assert (await by_session(sim, "learningDashboard", await sim.join()))["returncode"] == "FAILED"
    answer = await by_session(sim, "learningDashboard", await sim.join("Host", role="MODERATOR"))
    users = json.loads(answer["data"])["users"].values()
    assert [user["name"] for user in users] == ["Ada", "Host"]


async def test_signing_out_ends_the_session(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    assert (await by_session(sim, "signOut", token))["returncode"] == "SUCCESS"
    assert (await by_session(sim, "signOut", token))["messageKey"] == "missingSession"
    assert await sim.names() == []


async def test_an_old_client_learns_about_its_session(old: Sim) -> None:
    await old.create()
    answer = await by_session(old, "enter", await old.join())
    assert (answer["fullname"], answer["role"]) == ("Ada", "VIEWER")


async def test_feedback_is_taken_and_not_kept(sim: Sim) -> None:
    await sim.create()
    token = await sim.session()
    for body, returncode in (
        (json.dumps({"sessionToken": token, "rating": 5}), "SUCCESS"),
        (json.dumps({"sessionToken": "nobody"}), "FAILED"),
        ("[]", "SUCCESS"),
        ("{", "FAILED"),
    ):
        answer = await sim.http.post(
            f"{API}/feedback", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.json()["response"]["returncode"] == returncode, body


async def test_a_guest_waits_until_a_moderator_decides(sim: Sim) -> None:
    await sim.create(guestPolicy="ASK_MODERATOR", maxParticipants="2")
    host = await sim.join("Host", role="MODERATOR")
    guests = [await sim.session(name, userID=name) for name in ("Gus", "Eve", "Max")]
    for token in guests:
        assert (await by_session(sim, "guestWait", token))["messageKey"] == "guestWait"
    page = (await sim.page("/live", host)).text
    assert "In the lobby" in page
    await sim.control("POST", "guests", meetingID="room-1", userID="Eve", allow=False)
    await sim.control("POST", "guests", meetingID="room-1", userID="Gus")
    await sim.control("POST", "guests", meetingID="room-1", userID="Max")
    assert [(await by_session(sim, "guestWait", token))["messageKey"] for token in guests] == [
        "guestAllowed",
        "guestDeny",
        "guestAllowed",
    ]
    await sim.page("/", guests[0])
    assert (await by_session(sim, "guestWait", guests[2]))["messageKey"] == "seatWait"
