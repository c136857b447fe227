"""BBB sends back whoever may not join, with a reason in the address: it is said in our words, never in those."""

import json
from urllib.parse import quote

import httpx
import pytest

from app.meetings.join_errors import LONGEST
from tests.app.meetings.bbb import order
from tests.conftest import new_person
from tests.factories import signed_in

SAID = {
    "guestDeniedAccess": "The host didn’t let you in",
    "guestDeny": "The host didn’t let you in",
    "GUESTDENY": "The host didn’t let you in",
    "meetingForciblyEnded": "was over already",
    "meetingEnded": "was over already",
    "invalidMeetingIdentifier": "was over already",
    "mismatchCreateTimeParam": "was over already",
    "maxParticipantsReached": "The meeting is full",
    "banned": "You were removed",
    "fullNameTooLong": "Try a shorter one",
    "checksumError": "don’t understand each other",
    "Params required": "don’t understand each other",
    "somethingNew": "didn’t let you in. Try again",
    "": "didn’t let you in. Try again",
}
EVIL = "Call 0900 123 & <b>pay</b>"


def at(errors, slug="the-place"):
    return f"/r/{slug}?errors={quote(errors if isinstance(errors, str) else json.dumps(errors))}"


@pytest.fixture
async def guest(site, room):
    del room
    async with new_person(site) as person:
        yield person


async def test_each_reason_is_said_in_a_sentence_of_ours(guest):
    for key, words in SAID.items():
        page = await guest.open(at([{"key": key, "message": EVIL}]))
        assert page.status_code == 200
        assert words in guest.words, key
        assert "0900 123" not in page.text


async def test_no_reason_no_sentence(guest):
    for path in ("/r/the-place", "/r/the-place?errors=", "/r/the-place?error=x"):
        await guest.open(path)
        assert not [words for words in SAID.values() if words in guest.words]


@pytest.mark.parametrize(
    "errors",
    [
        EVIL,
        "[",
        "{}",
        "[]",
        "null",
        "7",
        '"guestDeny"',
        '[{"key": 7}]',
        '[{"key": ["guestDeny"]}]',
        '[{"message": "x"}]',
        '[["guestDeny"]]',
        "[" * 3000,
        json.dumps([{"key": "guestDeny", "message": "x" * LONGEST}]),
        "\0",
    ],
)
async def test_whatever_else_stands_there_is_a_refusal_that_nobody_knows(guest, errors):
    page = await guest.open(at(errors))
    assert page.status_code == 200
    assert "The meeting server didn’t let you in." in guest.words
    assert "0900 123" not in page.text


async def test_what_is_known_is_said_before_what_is_not(guest):
    await guest.open(at([{"key": "new"}, {"key": "guestDeny"}]))
    assert "The host didn’t let you in" in guest.words
    await guest.open(at({"key": "guestDeny"}))
    assert "The host didn’t let you in" in guest.words


async def test_the_reason_goes_along_to_the_rooms_new_address(site, database, ada, room):
    async with signed_in(site, ada) as host:
        await host.open("/r/the-place/settings")
        await host.submit("/settings", name=room.name, address="elsewhere")
    async with new_person(site) as person:
        answer = await person.client.get(at([{"key": "guestDeny", "message": EVIL}]))
        assert answer.status_code == 301
        assert "0900" not in answer.headers["location"]
        await person.open(answer.headers["location"])
        assert "The host didn’t let you in" in person.words


@pytest.mark.slow
async def test_who_comes_too_late_for_a_full_meeting_waits_in_line(site, database, simulator, ada, running):
    del ada
    async with new_person(site) as person:
        await person.open("/r/the-place")
        sent = await person.submit("/join", name="Gil Guest")
        assert sent.status_code == 303
        answer = await person.client.get(at([{"key": "maxParticipantsReached", "message": EVIL}]))
        assert answer.headers["location"] == "/r/the-place/waiting"
        # Whoever typed nothing here has no line to wait in.
    async with new_person(site) as other:
        await other.open(at([{"key": "maxParticipantsReached"}]))
        assert "The meeting is full" in other.words


@pytest.mark.slow
async def test_a_refusal_of_the_simulator_itself_is_said(site, database, simulator, ada, running):
    """The whole way: the address that BBB redirects to is the room's, with its reason."""
    async with new_person(site) as person:
        await person.open("/r/the-place")
        sent = await person.submit("/join", name="Gil Guest")
        await order(simulator, "restart")
        async with httpx.AsyncClient() as browser:
            location = (await browser.get(sent.headers["location"])).headers["location"]
        assert "errors=" in location
        await person.open(location.removeprefix("http://127.0.0.1:8000"))
        assert "was over already" in person.words
