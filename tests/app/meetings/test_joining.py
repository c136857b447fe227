"""Joining: places, the host's kept place, consent, codes, and the signed way in."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts.models import User
from app.meetings.following import follow
from app.meetings.joining import ConsentNeededError, NotRunningError, Participant, admit
from app.meetings.models import Attendance, Consent
from app.rooms.models import Room
from quotas.decisions import Granted, Refused
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, signed_in, start


async def bbb(simulator, path, **body):
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        (await control.post(path, json=body)).raise_for_status()


async def enter(database, meeting, number, *, is_host=False, agrees=True):
    who = Participant(key=f"g-{number}", name=f"Guest {number}", is_host=is_host, agrees=agrees)
    async with database.transaction() as session:
        return await admit(session, meeting.id, who)


async def test_a_guest_is_sent_in_by_a_signed_address(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    meeting = await start(site, room, ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "Running" in guest.words
        page = await guest.submit("/join", name="  Gil   Ó Brien ", follow=False)
    assert page.status_code == 303
    assert page.headers["cache-control"] == "no-store"
    url = urlsplit(page.headers["location"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{site.state.settings.bbb_url}/join"
    sent = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert sent["fullName"] == "Gil Ó Brien"
    assert sent["role"] == "VIEWER"
    assert sent["createTime"] == str(meeting.create_time)
    assert sent["userID"].startswith("g-")
    assert len(sent["checksum"]) == 64
    async with httpx.AsyncClient() as browser:
        joined = await browser.get(page.headers["location"])
        assert joined.status_code == 302
        assert "sessionToken" in joined.headers["location"]


async def test_the_host_goes_in_as_moderator_under_the_accounts_name(site, database):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place")
    async with signed_in(site, ada) as person:
        await person.open("/r/the-place")
        page = await person.submit("/start", follow=False)
    sent = parse_qs(urlsplit(page.headers["location"]).query)
    assert (sent["role"], sent["fullName"], sent["userID"]) == (["MODERATOR"], ["Ada"], [f"u-{ada.id}"])


async def test_nobody_makes_themselves_a_moderator_by_the_form(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        data = {
            "form_token": token,
            "name": "Gil",
            "role": "MODERATOR",
            "userID": f"u-{ada.id}",
            "is_host": "1",
        }
        page = await guest.client.post("/r/the-place/join", data=data)
    sent = parse_qs(urlsplit(page.headers["location"]).query)
    assert sent["role"] == ["VIEWER"]
    assert sent["userID"][0].startswith("g-")


async def test_fifty_simultaneous_joins_fill_the_room_but_for_the_hosts_place(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    results = await asyncio.gather(*(enter(database, meeting, number) for number in range(50)))
    assert sum(isinstance(result, Granted) for result in results) == 9
    assert isinstance(await enter(database, meeting, "host", is_host=True), Granted)
    assert isinstance(await enter(database, meeting, "late"), Refused)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Attendance)) == 10


async def test_someone_who_is_in_comes_in_again_and_takes_no_second_place(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    for number in range(9):
        await enter(database, meeting, number)
    assert isinstance(await enter(database, meeting, 3), Granted)
    assert isinstance(await enter(database, meeting, 9), Refused)


async def test_a_place_that_was_not_taken_up_frees_after_a_minute(site, database, move_clock):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    for number in range(9):
        await enter(database, meeting, number)
    assert isinstance(await enter(database, meeting, "late"), Refused)
    await move_clock(seconds=61)
    assert isinstance(await enter(database, meeting, "late"), Granted)


async def test_a_place_is_kept_while_bbb_sees_the_person_and_freed_when_they_leave(
    site, database, simulator, move_clock
):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    for number in range(9):
        await enter(database, meeting, number)
        await bbb(simulator, "connect", meetingID=meeting.external_id, name="x", userID=f"g-{number}")
    await follow(database, site.state.servers)
    await move_clock(seconds=90)
    assert isinstance(await enter(database, meeting, "late"), Refused)
    await bbb(simulator, "leave", meetingID=meeting.external_id, userID="g-4")
    await move_clock(seconds=61)
    await follow(database, site.state.servers)
    assert isinstance(await enter(database, meeting, "late"), Granted)


async def test_a_guest_of_a_full_room_waits_and_the_host_gets_in(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada, address="the-place"), ada)
    for number in range(9):
        await enter(database, meeting, number)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "The room is full" in guest.words
        await guest.submit("/join", name="Gil")
        assert guest.page.url.path == "/r/the-place/waiting"
        assert "The room is full" in guest.words
    async with signed_in(site, ada) as person:
        await person.open("/r/the-place")
        page = await person.submit("/join", follow=False)
        assert "/join?" in page.headers["location"]


async def test_consent_is_asked_and_kept_before_anyone_joins_a_recorded_meeting(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    meeting = await start(site, await a_room(database, bela, address="the-place", record=True), bela)
    with pytest.raises(ConsentNeededError):
        await enter(database, meeting, 1, agrees=False)
    async with new_person(site, **{"accept-language": "en"}) as guest:
        await guest.open("/r/the-place")
        assert "This meeting is recorded" in guest.words
        await guest.submit("/join", name="Gil")
        assert guest.page.status_code == 422
        assert "Agree to be recorded to go in" in guest.words
        assert guest.form("/join").fields["name"] == "Gil"
        page = await guest.submit("/join", name="Gil", consent="yes", follow=False)
        assert page.status_code == 303
    async with database.transaction() as session:
        kept = await session.scalar(select(Consent))
    assert (kept.meeting_id, kept.name, kept.language) == (meeting.id, "Gil", "en")


async def test_the_name_is_remembered_on_that_browser_only(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", follow=False)
        await guest.open("/r/the-place")
        assert guest.form("/join").fields["name"] == "Gil"
    async with new_person(site) as other:
        await other.open("/r/the-place")
        assert other.form("/join").fields.get("name", "") == ""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Type the name"),
        ("\u200b\u200d", "Type the name"),
        ("x" * 81, "at most 80"),
        ("a\x00b", "invisible"),
    ],
)
async def test_a_name_that_cannot_be_shown_is_refused_kindly(site, database, name, sentence):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name=name)
        assert guest.page.status_code == 422
        assert sentence in guest.words


async def test_a_wrong_code_is_told_kindly_and_a_hundred_tries_are_too_many(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place", access_code="2718-2818"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", code="0000")
        assert guest.page.status_code == 422
        assert "This is not the code of this room" in guest.words
        page = await guest.submit("/join", name="Gil", code="27182818", follow=False)
        assert page.status_code == 303
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil", "code": "1111"}
        statuses = [(await guest.client.post("/r/the-place/join", data=data)).status_code for _ in range(100)]
        assert statuses.count(422) == 9
        assert set(statuses[9:]) == {429}


async def test_the_right_code_opens_nothing_to_whoever_has_guessed_too_often(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place", access_code="2718"), ada)
    async with new_person(site) as known, new_person(site) as guesser:
        await known.open("/r/the-place")
        assert (await known.submit("/join", name="Gil", code="2718", follow=False)).status_code == 303
        await guesser.open("/r/the-place")
        token = guesser.form("/join").fields["form_token"]
        for code in (*range(1000, 1010), 2718):
            data = {"form_token": token, "name": "Mal", "code": str(code)}
            answer = await guesser.client.post("/r/the-place/join", data=data)
        assert answer.status_code == 429
        # From the same network address, on a browser that was let in before: others who guess keep nobody out.
        await known.open("/r/the-place")
        assert (await known.submit("/join", name="Gil", code="2718", follow=False)).status_code == 303


async def test_a_code_that_was_typed_where_none_was_asked_for_earns_nothing(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    async with new_person(site) as guesser:
        await guesser.open("/r/the-place")
        token = guesser.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Mal", "code": "2718"}
        assert (await guesser.client.post("/r/the-place/join", data=data)).status_code == 303
        async with database.transaction() as session:
            (await session.get_one(Room, room.id)).access_code = "2718"
            await session.flush()
        for _ in range(10):
            await guesser.client.post("/r/the-place/join", data=data | {"code": "1111"})
        assert (await guesser.client.post("/r/the-place/join", data=data)).status_code == 429


async def test_who_comes_before_the_meeting_waits_with_what_they_typed(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    room = await a_room(database, bela, address="the-place", access_code="2718", record=True)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil", code="2718", consent="yes")
        assert guest.page.url.path == "/r/the-place/waiting"
        assert "Bela is expected" in guest.words
        await start(site, room, bela)
        await guest.open("/r/the-place/waiting")
        assert "The meeting has started" in guest.words
        page = await guest.submit("/join", follow=False)
        assert "/join?" in page.headers["location"]


async def test_the_waiting_page_without_a_name_leads_back_to_the_door(site, database):
    await a_room(database, await a_person(database), address="the-place")
    async with new_person(site) as guest:
        assert (await guest.open("/r/the-place/waiting")).url.path == "/r/the-place"


async def test_a_meeting_that_does_not_run_lets_nobody_in(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    async with database.transaction() as session:
        (await session.get_one(type(meeting), meeting.id)).state = "ended"
    with pytest.raises(NotRunningError):
        await enter(database, meeting, 1)


@pytest.mark.parametrize(
    ("who_may_start", "guest_may", "account_may"),
    [("hosts", False, False), ("signed_in", False, True), ("anyone", True, True)],
)
async def test_the_room_says_who_may_start_it(site, database, who_may_start, guest_may, account_may):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place", who_may_start=who_may_start)
    stranger = await a_person(database, "stranger@example.org")
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil"}
        page = await guest.client.post("/r/the-place/start", data=data)
        assert ("/join?" in page.headers["location"]) is guest_may
        if not guest_may:
            assert page.headers["location"].startswith("/sign-in")
    async with signed_in(site, stranger) as person:
        await person.open("/r/the-place")
        token = person.form("/join").fields["form_token"]
        data = {"form_token": token, "name": "Gil"}
        page = await person.client.post("/r/the-place/start", data=data)
        assert page.status_code == (303 if account_may else 403)


async def test_a_banned_hosts_room_is_closed_to_everyone(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        token = guest.form("/join").fields["form_token"]
        async with database.transaction() as session:
            (await session.get_one(User, ada.id)).banned_at = clock.now()
        await guest.open("/r/the-place")
        assert "This room is closed" in guest.words
        for verb in ("join", "start"):
            page = await guest.client.post(f"/r/the-place/{verb}", data={"form_token": token, "name": "Gil"})
            assert page.status_code == 403
            assert "This room is closed" in page.text


async def test_only_hosts_end_a_meeting(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    chidi = await a_person(database, "chidi@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin", chidi="host")
    room = await a_room(database, ada, address="the-place", holder_id=made.holder_id)
    meeting = await start(site, room, ada)
    for person, status in ((chidi, 403), (bela, 303)):
        async with signed_in(site, person) as browser:
            await browser.open("/rooms/new")
            token = browser.form("/rooms/new").fields["form_token"]
            page = await browser.client.post("/r/the-place/end", data={"form_token": token})
            assert page.status_code == status
    async with database.transaction() as session:
        ended = await session.get_one(type(meeting), meeting.id)
    assert (ended.state, ended.end_reason) == ("ended", "by_host")


async def test_the_lobby_lets_guests_wait_at_bbb_and_hosts_straight_in(site, database):
    ada = await a_person(database)
    await start(site, await a_room(database, ada, address="the-place", lobby=True), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        page = await guest.submit("/join", name="Gil", follow=False)
    assert parse_qs(urlsplit(page.headers["location"]).query)["guest"] == ["true"]
    async with httpx.AsyncClient() as browser:
        waiting = await browser.get(page.headers["location"], follow_redirects=False)
    assert waiting.status_code in {200, 302}
