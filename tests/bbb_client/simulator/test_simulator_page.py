import html
import re

import pytest
from simulated import Make, Sim

HOSTILE = '<script>alert("x")</script>'
POLICY_PARTS = ("default-src 'none'", "style-src 'self'", "script-src 'self'", "frame-ancestors 'none'")


async def test_the_page_says_plainly_what_it_is_and_who_is_here(sim: Sim) -> None:
    await sim.create(duration="60", record="true")
    await sim.join("Host", role="MODERATOR")
    text = (await sim.page("/", await sim.join("Ada"))).text
    for words in ("no audio, no video", "Weekly assembly", "60 minutes left", "Not recording", "Host", "Ada"):
        assert words in text
    assert "Moderator, presenter" in text
    assert "Viewer, you" in text


async def test_a_crowd_is_shown_in_part_and_always_with_oneself(sim: Sim) -> None:
    await sim.create()
    await sim.control("POST", "connect", meetingID="room-1", count=120)
    text = (await sim.page("/", await sim.join("Ada"))).text
    assert text.count("Viewer") == 100
    assert "Viewer, you" in text
    assert "and 21 more" in text


async def test_hostile_names_are_escaped(sim: Sim) -> None:
    await sim.create(name=HOSTILE, guestPolicy="ASK_MODERATOR")
    await sim.session(HOSTILE + "guest")
    token = await sim.join(HOSTILE, role="MODERATOR")
    text = (await sim.page("/", token)).text
    assert HOSTILE not in text
    assert text.count(html.escape(HOSTILE)) >= 4


async def test_the_pages_allow_no_inline_script_or_style(sim: Sim) -> None:
    await sim.create()
    answer = await sim.page("/", await sim.join("Host", role="MODERATOR"))
    policy = answer.headers["content-security-policy"]
    assert all(part in policy for part in POLICY_PARTS)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<style|style=|\son\w+=|<script>", answer.text)


@pytest.mark.parametrize(
    ("logout", "form_action"),
    [
        ("https://site.example/r/x?a=1", "form-action 'self' https://site.example"),
        ("https://evil.example;script-src *", "form-action 'self'"),
        ("javascript:alert(1)", "form-action 'self'"),
    ],
)
async def test_the_buttons_may_lead_to_the_logout_address_and_nowhere_else(
    sim: Sim, logout: str, form_action: str
) -> None:
    await sim.create(logoutURL=logout)
    answer = await sim.page("/", await sim.join())
    assert answer.headers["content-security-policy"].endswith(form_action)


async def test_the_script_and_the_style_are_served(sim: Sim) -> None:
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = await sim.http.get(f"/html5client/assets/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
    assert (await sim.http.get("/html5client/assets/html.py")).status_code == 404


async def test_without_script_the_browser_refreshes_by_itself(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    text = (await sim.page("/", token)).text
    found = re.search(r'http-equiv="refresh" content="5;url=([^"]+)"', text)
    assert found
    again = html.unescape(found[1])
    assert (await sim.http.get(again)).status_code == 200
    await sim.control("POST", "leave", meetingID="room-1")
    assert "You have left" in (await sim.http.get(again)).text
    assert await sim.names() == []


async def test_leaving_goes_to_the_persons_logout_address_before_the_meetings(make: Make) -> None:
    sim = make(default_logout_url="https://server.example/")
    await sim.create("room-1", logoutURL="https://meeting.example/")
    await sim.create("room-2")
    for meeting_id, params, place in (
        ("room-1", {"logoutURL": "https://person.example/"}, "https://person.example/"),
        ("room-1", {}, "https://meeting.example/"),
        ("room-2", {}, "https://server.example/"),
    ):
        token = await sim.join(meetingID=meeting_id, **params)
        answer = await sim.press("leave", token)
        assert (answer.status_code, answer.headers["location"]) == (303, place)


async def test_without_a_logout_address_a_page_says_that_one_has_left(sim: Sim) -> None:
    await sim.create()
    token = await sim.join()
    answer = await sim.press("leave", token)
    assert answer.headers["location"] == f"/html5client/left?sessionToken={token}"
    page = await sim.http.get(answer.headers["location"])
    assert "You have left" in page.text
    assert await sim.names() == []
    assert f'href="/html5client/?sessionToken={token}"' in page.text
    await sim.page("/", token)
    assert await sim.names() == ["Ada"]


async def test_a_moderator_ends_the_meeting_for_everyone(sim: Sim) -> None:
    await sim.create()
    host, guest = await sim.join("Host", role="MODERATOR"), await sim.join()
    answer = await sim.press("end", host)
    assert "The meeting has ended" in (await sim.http.get(answer.headers["location"])).text
    told = await sim.page("/live", guest)
    assert told.status_code == 409
    assert "The meeting has ended" in (await sim.http.get(told.text)).text
    assert await sim.reason() == "ENDED_AFTER_USER_LOGGED_OUT"


async def test_after_the_end_everyone_goes_to_the_logout_address(sim: Sim) -> None:
    await sim.create(logoutURL="https://site.example/after", duration="1")
    token = await sim.join()
    await sim.advance(60)
    answer = await sim.page("/", token)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://site.example/after")


@pytest.mark.parametrize("action", ["end", "record", "admit"])
async def test_a_viewer_cannot_do_what_moderators_do(sim: Sim, action: str) -> None:
    await sim.create(record="true")
    token = await sim.join()
    assert (await sim.press(action, token, on="yes")).status_code == 403
    assert await sim.alive()
    assert "Not recording" in (await sim.page("/", token)).text


async def test_a_moderator_who_left_cannot_end_the_meeting(sim: Sim) -> None:
    await sim.create()
    token = await sim.join(role="MODERATOR")
    await sim.press("leave", token)
    assert (await sim.press("end", token)).status_code == 403
    assert await sim.alive()


async def test_a_moderator_starts_and_stops_recording(sim: Sim) -> None:
    await sim.create(record="true")
    token = await sim.join(role="MODERATOR")
    for on, words in (("yes", "Being recorded"), ("no", "Not recording")):
        answer = await sim.press("record", token, on=on)
        assert answer.status_code == 303
        assert words in (await sim.http.get(answer.headers["location"])).text


async def test_a_meeting_without_recording_has_no_button_for_it(sim: Sim) -> None:
    await sim.create()
    text = (await sim.page("/", await sim.join(role="MODERATOR"))).text
    assert "Off for this meeting" in text
    assert "Start recording" not in text
    assert "No limit" in text


async def test_the_last_minute_is_named(sim: Sim) -> None:
    await sim.create(duration="2")
    token = await sim.join()
    assert "2 minutes left" in (await sim.page("/live", token)).text
    await sim.advance(60)
    assert "Less than a minute left" in (await sim.page("/live", token)).text


async def test_a_guest_waits_in_the_lobby_until_let_in(sim: Sim) -> None:
    await sim.create(guestPolicy="ASK_MODERATOR")
    host = await sim.join("Host", role="MODERATOR")
    guest, other = await sim.session("Gus", userID="gus"), await sim.session("Eve", userID="eve")
    assert "You wait in the lobby" in (await sim.page("/", guest)).text
    assert (await sim.page("/live", guest)).status_code == 204
    assert await sim.names() == ["Host"]
    people = {person["userID"]: person["internalUserID"] for person in await everyone(sim)}
    await sim.press("admit", host, user=people["gus"], allow="yes")
    await sim.press("admit", host, user=people["eve"], allow="no")
    await sim.press("admit", host, user="nobody", allow="yes")
    told = await sim.page("/live", guest)
    assert told.status_code == 409
    assert "People here" in (await sim.http.get(told.text)).text
    assert await sim.names() == ["Host", "Gus"]
    assert "You were not let in" in (await sim.page("/", other)).text


async def everyone(sim: Sim) -> list[dict[str, str]]:
    people: list[dict[str, str]] = (await sim.control("GET", "state"))["meetings"][0]["people"]
    return people


async def test_a_guest_can_leave_the_lobby(sim: Sim) -> None:
    await sim.create(guestPolicy="ASK_MODERATOR")
    host, guest = await sim.join("Host", role="MODERATOR"), await sim.session("Gus")
    answer = await sim.press("leave", guest)
    assert "You have left the lobby" in (await sim.http.get(answer.headers["location"])).text
    assert "Gus" not in (await sim.page("/live", host)).text


async def test_a_page_that_falls_silent_counts_as_left(sim: Sim) -> None:
    await sim.create()
    token, still = await sim.join("Ada"), await sim.join("Without script")
    await sim.page("/live", token)
    await sim.advance(10_000)
    assert await sim.names() == ["Ada", "Without script"]
    sim.seconds = 89
    await sim.advance(0)
    assert await sim.names() == ["Ada", "Without script"]
    sim.seconds = 90
    await sim.advance(0)
    assert await sim.names() == ["Without script"]
    told = await sim.page("/live", token)
    assert "You have left" in (await sim.http.get(told.text)).text
    assert (await sim.page("/live", still)).status_code == 200


async def test_a_guest_whose_page_falls_silent_has_waited_too_long(sim: Sim) -> None:
    await sim.create(guestPolicy="ASK_MODERATOR")
    token = await sim.session()
    await sim.page("/live", token)
    await sim.advance(100)
    sim.seconds = 90
    await sim.advance(0)
    assert "You waited too long" in (await sim.page("/", token)).text


async def test_a_closed_page_counts_as_left_unless_it_comes_back(sim: Sim) -> None:
    await sim.create()
    tokens = [await sim.join("Gone"), await sim.join("Reloading"), await sim.join("Polling")]
    for token in tokens:
        answer = await sim.http.post(f"/html5client/closed?sessionToken={token}")
        assert answer.status_code == 204
    await sim.page("/", tokens[1])
    await sim.page("/live", tokens[2])
    sim.seconds = 10
    await sim.advance(0)
    assert await sim.names() == ["Reloading", "Polling"]


async def test_an_unknown_session_gets_an_honest_page(sim: Sim) -> None:
    for place in ("/", "/left"):
        answer = await sim.page(place, "nobody")
        assert answer.status_code == 404
        assert "No such meeting" in answer.text
    assert (await sim.press("leave", "nobody")).status_code == 404
    assert (await sim.page("/live", "nobody")).status_code == 409
    assert (await sim.http.post("/html5client/closed")).status_code == 204


async def test_the_bare_address_says_what_it_is(sim: Sim) -> None:
    assert "BigBlueButton simulator" in (await sim.http.get("/")).text
    refused = await sim.http.get("/", params={"errors": f'[{{"key":"x","message":"{"<b>"}full"}}]'})
    assert "You could not join" in refused.text
    assert "&lt;b&gt;full" in refused.text
    for odd in ("{", "{}", "[1]", ""):
        assert "BigBlueButton simulator" in (await sim.http.get("/", params={"errors": odd})).text


async def test_an_unknown_recording_has_no_page(sim: Sim) -> None:
    assert (await sim.http.get("/playback/video/nobody")).status_code == 404
