import time
from typing import Any

import httpx
import pytest
from simulated import API, Make, Sim, key, parse

END = {"meta_endCallbackUrl": "http://site.test/end"}


async def refused(sim: Sim, method: str, name: str, **body: Any) -> str:
    answer = await sim.http.request(method, f"/sim/{name}", json=body)
    assert answer.status_code == 400
    return str(answer.json()["error"])


async def test_the_clock_is_shown_and_moved(sim: Sim) -> None:
    before = await sim.control("GET", "clock")
    assert before == {"now_ms": 1_750_000_000_000, "now": "2025-06-15T15:06:40.000+00:00", "speed": 1.0}
    after = await sim.control("POST", "clock", advance_seconds=1.5)
    assert after["now_ms"] == 1_750_000_001_500


@pytest.mark.parametrize("seconds", [-1, "5", None, True, 10**12])
async def test_the_clock_refuses_what_is_no_time(sim: Sim, seconds: object) -> None:
    assert "advance_seconds" in await refused(sim, "POST", "clock", advance_seconds=seconds)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
async def test_an_order_is_a_json_object(sim: Sim, body: bytes) -> None:
    assert (await sim.http.post("/sim/clock", content=body)).status_code == 400


async def test_an_order_may_come_without_a_body(sim: Sim) -> None:
    assert (await sim.http.post("/sim/reset")).json() == {}


async def test_only_this_machine_may_control(sim: Sim, make: Make) -> None:
    open_to_all = make(open_control=True)
    for server, address, status in (
        (sim, "192.0.2.7", 403),
        (sim, "testclient", 403),
        (sim, "::1", 200),
        (open_to_all, "192.0.2.7", 200),
    ):
        transport = httpx.ASGITransport(server.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://bbb.test") as http:
            assert (await http.get("/sim/state")).status_code == status, address


async def test_a_page_of_a_browser_may_not_control(sim: Sim) -> None:
    answer = await sim.http.post("/sim/reset", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_people_can_be_put_in_as_far_as_there_are_seats(sim: Sim) -> None:
    await sim.create(maxParticipants="3")
    told = await sim.control("POST", "connect", meetingID="room-1", count=5)
    assert len(told["connected"]) == 3
    assert await sim.names() == ["Simulated person 1", "Simulated person 2", "Simulated person 3"]
    told = await sim.control("POST", "leave", meetingID="room-1", count=2)
    assert len(told["left"]) == 2
    assert await sim.names() == ["Simulated person 1"]


@pytest.mark.slow
async def test_thousands_of_people_can_be_put_in(sim: Sim) -> None:
    await sim.create()
    await sim.control("POST", "connect", meetingID="room-1", count=2000)
    assert (await sim.info()).findtext("participantCount") == "2000"
    await sim.control("POST", "leave", meetingID="room-1")
    assert (await sim.info()).findtext("participantCount") == "0"


async def test_somebody_particular_can_be_put_in_and_taken_out(sim: Sim) -> None:
    await sim.create()
    await sim.control("POST", "connect", meetingID="room-1", name="Host", role="MODERATOR", userID="h")
    await sim.control("POST", "connect", meetingID="room-1", name="Ada", userID="a")
    assert (await sim.info()).findtext("moderatorCount") == "1"
    await sim.control("POST", "leave", meetingID="room-1", userID="h")
    assert await sim.names() == ["Ada"]


async def test_a_session_can_be_connected_and_taken_out(sim: Sim) -> None:
    await sim.create(maxParticipants="1")
    token, late = await sim.session(), await sim.session("Eve")
    assert len((await sim.control("POST", "connect", sessionToken=token))["connected"]) == 1
    assert len((await sim.control("POST", "connect", sessionToken=token))["connected"]) == 1
    assert (await sim.control("POST", "connect", sessionToken=late))["connected"] == []
    assert await sim.names() == ["Ada"]
    await sim.control("POST", "leave", sessionToken=token)
    assert await sim.names() == []


async def test_a_recording_from_long_ago_can_be_put_there(sim: Sim) -> None:
    long_ago = {"recordID": "r-1", "meetingID": "room-1", "name": "Before", "minutes": 10, "started_ms": 1000}
    kept = await sim.control("POST", "recordings", **long_ago, formats=["video", "podcast"])
    assert kept["formats"] == {"video": 30_040_000, "podcast": 4_840_000}
    listed = await sim.xml("getRecordings", recordID="r-1")
    assert listed.findtext(".//recording/name") == "Before"
    assert listed.findtext(".//recording/startTime") == "1000"
    assert [form.findtext("length") for form in listed.iter("format")] == ["10", "10"]


async def test_a_recording_that_is_put_there_half_made_is_made_soon(sim: Sim) -> None:
    order = {"recordID": "r-1", "minutes": 1, "state": "processing"}
    assert await sim.control("POST", "recordings", **order) == {"formats": {}}
    await sim.control("POST", "clock", advance_seconds=601)
    state = (await sim.control("GET", "state"))["recordings"][0]
    assert (state["state"], state["formats"]) == ("published", ["presentation"])


async def test_orders_that_make_no_sense_say_why(sim: Sim) -> None:
    await sim.create()
    assert "meetingID" in await refused(sim, "POST", "connect")
    assert "session" in await refused(sim, "POST", "connect", sessionToken="x")
    assert "userID" in await refused(sim, "POST", "leave", meetingID="room-1", userID="x")
    for count in (0, 10_001, "5", True):
        assert "count" in await refused(sim, "POST", "connect", meetingID="room-1", count=count)
    assert "record=true" in await refused(sim, "POST", "recording", meetingID="room-1")
    for order in ({}, {"recordID": "r", "state": "lost"}, {"recordID": "r", "formats": "video"}):
        assert "recordID" in await refused(sim, "POST", "recordings", **order)
    assert "started_ms" in await refused(sim, "POST", "recordings", recordID="r", started_ms=10**15)
    assert "kind" in await refused(sim, "POST", "faults", kind="rain")
    assert "kind" in await refused(sim, "POST", "faults", kind=["slow"])
    assert "times" in await refused(sim, "POST", "faults", kind="slow", times=0)


async def test_a_reset_forgets_everything(sim: Sim) -> None:
    await sim.create(**END)
    await sim.xml("hooks/create", callbackURL="http://site.test/hook")
    await sim.control("POST", "faults", kind="error-500")
    await sim.control("POST", "reset")
    state = await sim.control("GET", "state")
    assert [state[name] for name in ("meetings", "ended", "recordings", "hooks")] == [[], [], [], []]
    assert (await sim.control("GET", "faults"))["faults"] == []
    assert (await sim.control("GET", "callbacks")) == {"sent": [], "waiting": []}


async def test_the_state_tells_nothing_secret(sim: Sim) -> None:
    await sim.create(moderatorPW="password-m", attendeePW="password-a", **END)
    token = await sim.join()
    text = (await sim.http.get("/sim/state")).text
    for secret in ("password-m", "password-a", token, "site.test", "topsecret"):
        assert secret not in text


async def test_what_waits_to_be_sent_is_told(sim: Sim) -> None:
    sim.receiver.answers = [500]
    await sim.create(**END)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    (waiting,) = (await sim.control("GET", "callbacks"))["waiting"]
    assert waiting == {"kind": "end", "meeting_id": "room-1", "due": 1_750_000_031_000}


async def test_a_fault_lasts_as_often_as_ordered_and_only_for_its_call(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="error-500", times=2, call="getMeetings")
    for status in (500, 500, 200):
        assert (await sim.get("getSessions")).status_code == 200
        assert (await sim.get("getMeetings")).status_code == status


async def test_a_fault_without_a_number_lasts_until_cleared(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="error-500")
    for _ in range(3):
        assert (await sim.get("getMeetings")).status_code == 500
    (fault,) = (await sim.control("GET", "faults"))["faults"]
    assert (fault["kind"], fault["remaining"], fault["call"]) == ("error-500", None, None)
    assert (await sim.control("DELETE", "faults"))["faults"] == []
    assert (await sim.get("getMeetings")).status_code == 200


async def test_a_slow_answer_comes_late(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="slow", seconds=0.05, times=1)
    before = time.monotonic()
    assert key(await sim.xml("getMeetings"))[0] == "SUCCESS"
    assert time.monotonic() - before >= 0.05


async def test_broken_xml_holds_a_character_that_xml_forbids(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="broken-xml", times=1)
    answer = await sim.get("getMeetings")
    assert "\x0b" in answer.text
    assert answer.text.startswith("<response><returncode>SUCCESS</returncode>")


async def test_nonsense_is_a_page_with_status_200(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="nonsense", times=1)
    answer = await sim.get("getMeetings")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_right_checksum_can_be_refused(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="checksum-refused", times=1)
    assert key(await sim.xml("getMeetings"))[1] == "checksumError"
    assert key(await sim.xml("getMeetings"))[0] == "SUCCESS"


async def test_numbers_can_have_separators(sim: Sim) -> None:
    await sim.create()
    await sim.control("POST", "faults", kind="thousands", times=1)
    assert (await sim.info()).findtext("createTime") == "1,750,000,000,000"


async def test_the_count_can_go_stale(sim: Sim) -> None:
    await sim.create()
    await sim.control("POST", "connect", meetingID="room-1", count=2)
    await sim.control("POST", "faults", kind="stale-count", call="getMeetings")
    await sim.control("POST", "connect", meetingID="room-1", count=3)
    await sim.create("room-2")
    meetings = parse(await sim.get("getMeetings")).findall("meetings/meeting")
    assert [meeting.findtext("participantCount") for meeting in meetings] == ["2", "0"]
    assert len(list(meetings[0].iter("attendee"))) == 5
    assert (await sim.info()).findtext("participantCount") == "5"


async def test_one_seat_can_be_missing(sim: Sim) -> None:
    await sim.create(maxParticipants="2")
    await sim.join("Ada", userID="ada")
    await sim.control("POST", "faults", kind="one-seat-less", times=1)
    params = {"meetingID": "room-1", "fullName": "Eve", "role": "VIEWER", "userID": "eve"}
    assert "errors=" in (await sim.get("join", **params)).headers["location"]
    assert "sessionToken=" in (await sim.get("join", **params)).headers["location"]


async def test_a_callback_can_be_lost_or_doubled(sim: Sim) -> None:
    for kind, count in (("callback-lost", 0), ("callback-doubled", 4)):
        await sim.control("POST", "faults", kind=kind, call="end", times=1)
        await sim.create(**END)
        await sim.xml("end", meetingID="room-1")
        await sim.advance(1000)
        assert len(sim.receiver.requests) == count
    outcomes = [told["outcome"] for told in (await sim.control("GET", "callbacks"))["sent"]]
    assert outcomes == ["lost by order", "status 200", "status 200"]


async def test_a_wrong_method_of_a_control_address_is_refused(sim: Sim) -> None:
    assert (await sim.http.put("/sim/clock")).status_code == 405
    assert (await sim.http.get(f"{API}/../sim/nothing")).status_code == 404


async def test_a_guest_can_be_let_in_only_once(sim: Sim) -> None:
    await sim.create(guestPolicy="ASK_MODERATOR")
    token = await sim.session(userID="gus")
    await sim.control("POST", "guests", meetingID="room-1", userID="gus", allow=True)
    await sim.control("POST", "guests", meetingID="room-1", userID="gus", allow=False)
    await sim.page("/", token)
    assert await sim.names() == ["Ada"]
