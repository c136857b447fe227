"""Joining: places, the host's kept place, consent, and the signed way in."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from app.live import people_topic, room_topic
from app.meetings.following import follow
from app.meetings.joining import ConsentNeededError, NotRunningError
from app.meetings.models import Attendance, Consent
from quotas.decisions import Granted, Refused
from tests.app.meetings.bbb import order
from tests.app.meetings.stories import enter
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start


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


@pytest.mark.slow
async def test_a_place_is_kept_while_bbb_sees_the_person_and_freed_when_they_leave(
    site, database, simulator, move_clock
):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    for number in range(9):
        await enter(database, meeting, number)
        await order(simulator, "connect", meetingID=meeting.external_id, name="x", userID=f"g-{number}")
    await follow(database, site.state.servers)
    await move_clock(seconds=90)
    assert isinstance(await enter(database, meeting, "late"), Refused)
    await order(simulator, "leave", meetingID=meeting.external_id, userID="g-4")
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


async def test_a_meeting_that_does_not_run_lets_nobody_in(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada), ada)
    async with database.transaction() as session:
        (await session.get_one(type(meeting), meeting.id)).state = "ended"
    with pytest.raises(NotRunningError):
        await enter(database, meeting, 1)


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


async def heard(site, topic, happens):
    """Whether listeners to a topic hear of what happens."""
    switchboard = site.state.switchboard
    async with asyncio.timeout(5):
        while not switchboard.is_listening:
            await asyncio.sleep(0.02)
    with switchboard.audience.subscribed(topic) as ear:
        await ear.wait(0.05)
        await happens()
        return await ear.wait(0.4)


@pytest.mark.slow
async def test_a_join_is_news_for_those_who_see_who_is_here_and_not_for_those_who_wait(
    site, database, running
):
    number = iter(range(10))

    async def joins():
        await enter(database, running, next(number))

    assert await heard(site, people_topic(running.room_id), joins)
    assert not await heard(site, room_topic(running.room_id), joins)


@pytest.mark.slow
async def test_who_comes_again_takes_no_other_place_and_is_no_news(site, database, running):
    await enter(database, running, 1)

    async def comes_again():
        await enter(database, running, 1)

    for topic in (people_topic(running.room_id), room_topic(running.room_id)):
        assert not await heard(site, topic, comes_again)


@pytest.mark.slow
async def test_who_leaves_frees_a_place_for_those_who_wait(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=3)

    async def the_next_round():
        await follow(database, site.state.servers)

    assert not await heard(site, room_topic(running.room_id), the_next_round), "who comes frees nothing"
    await order(simulator, "leave", meetingID=running.external_id, count=1)
    assert await heard(site, room_topic(running.room_id), the_next_round)
