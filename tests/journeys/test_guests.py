"""What happens to people who come by a room's link: names, consent, codes, the lobby, a full room."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app import clock
from app.meetings.models import Consent, Meeting
from tests.browser import forms_of, text_of
from tests.house import House, until
from tests.journeys.visitor import Door, quiet_guest

pytestmark = pytest.mark.journey


async def running_meeting(house: House, slug: str) -> Meeting:
    """The room's running meeting, as soon as there is one."""

    async def running() -> Meeting | None:
        async with house.database.transaction() as session:
            found = select(Meeting).where(Meeting.state == "running", Meeting.name == slug)
            return await session.scalar(found)

    return await until(running, f"a meeting of {slug} runs")


async def test_a_guest_agrees_to_be_recorded_before_going_in_and_it_is_kept(house: House, door: Door):
    ada = await house.person("Ada Okafor", tier="session-organiser")
    await house.room(ada, "Recorded round", record=True)
    host, guest = await door.signed_in(ada), await door.visitor()

    await guest.open("/r/recorded-round")
    await guest.reads("This meeting may be recorded: voices, cameras, chat")
    await guest.fill(name="Guest Gil")
    await guest.press("Wait for the meeting")
    assert await guest.page.locator("[name=consent]").evaluate("box => box.matches(':invalid')")
    # A browser that does not insist on the box is told the same by the site; the name stays.
    await guest.page.locator("[name=consent]").evaluate("box => box.removeAttribute('required')")
    await guest.press("Wait for the meeting")
    await guest.reads("Agree to be recorded to go in")
    await expect(guest.page.locator("main [name=name]")).to_have_value("Guest Gil")

    await guest.page.get_by_label("I agree to be recorded").check()
    await guest.press("Wait for the meeting")
    await guest.is_waiting("recorded-round")
    await host.open("/r/recorded-round")
    await host.press("Start the meeting")
    await guest.is_in_meeting()

    meeting = await running_meeting(house, "Recorded round")
    assert meeting.recorded
    async with house.database.transaction() as session:
        kept = (await session.scalars(select(Consent).where(Consent.meeting_id == meeting.id))).all()
    by_name = {consent.name: consent for consent in kept}
    assert by_name["Guest Gil"].language == "en"
    assert abs(clock.now() - by_name["Guest Gil"].agreed_at) < timedelta(minutes=1)


async def test_a_name_is_remembered_on_that_browser_only(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Name round")
    one, other = await door.visitor(), await door.visitor()
    await one.join("name-round", "  Zoë   van Dijk ")
    await one.is_waiting("name-round")
    await one.reads("You go in as Zoë van Dijk")
    await one.open("/r/name-round")
    await expect(one.page.locator("main [name=name]")).to_have_value("Zoë van Dijk")
    await other.open("/r/name-round")
    await expect(other.page.locator("main [name=name]")).to_have_value("")


async def test_the_right_code_opens_and_a_wrong_one_says_so_kindly(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Code round", access_code="2718-2818")
    host, guest = await door.signed_in(ada), await door.visitor()
    await host.open("/r/code-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()

    await guest.join("code-round", "Guest Gil", code="1111-1111")
    await guest.reads("This is not the code of this room. It is in your invitation.")
    await expect(guest.page.locator("main [name=name]")).to_have_value("Guest Gil")
    await guest.fill(code="27182818")
    await guest.press("Join the meeting")
    await guest.is_in_meeting()


async def not_at_the_end_of_a_window(house: House) -> None:
    """Tries are counted in windows of ten minutes: a test's must all fall into one."""
    if clock.now().timestamp() % 600 > 540:
        await house.move_clock(1)


async def test_a_hundred_wrong_codes_close_the_door_to_whoever_guesses_and_to_nobody_else(
    house: House, door: Door
):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Guessed round", access_code="2718-2818")
    host, guest, late = await door.signed_in(ada), await door.visitor(), await door.visitor()
    await host.open("/r/guessed-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await not_at_the_end_of_a_window(house)

    async with httpx.AsyncClient(base_url=house.url, timeout=30) as guesser:
        form = forms_of((await guesser.get("/r/guessed-round")).text)[0]

        async def guess(address: int, code: str) -> httpx.Response:
            return await guesser.post(
                form.action,
                data={**form.fields, "name": "Mallory", "code": code},
                headers={"X-Forwarded-For": f"10.201.{address}.1"},
            )

        async def guesses(address: int, times: int) -> list[int]:
            return [(await guess(address, f"0000-{address:02}{i:02}")).status_code for i in range(times)]

        # A hundred from one address: ten are looked at. Then not even the right one is, which would tell.
        assert await guesses(0, 100) == [422] * 10 + [429] * 90
        refused = await guess(0, "2718-2818")
        assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
        assert 0 < int(refused.headers["retry-after"]) <= 600
        assert "Wait a few minutes, then try again" in text_of(refused.text)
        # Others are not kept out by that.
        await guest.join("guessed-round", "Guest Gil", code="2718-2818")
        await guest.is_in_meeting()

        # From everywhere, more than a hundred are slow and open nothing; they keep nobody out.
        others = await asyncio.gather(*(guesses(address, 10) for address in range(1, 10)))
        assert [status for one in others for status in one] == [422] * 90
        assert (await guess(99, "0000-0000")).status_code == httpx.codes.UNPROCESSABLE_ENTITY

    await guest.join("guessed-round", "Guest Gil", code="2718-2818")
    await guest.is_in_meeting()
    await late.join("guessed-round", "Late Luis", code="2718-2818")
    await late.is_in_meeting()


async def test_in_the_lobby_a_guest_waits_until_the_host_lets_them_in(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Lobby round", lobby=True)
    host, guest = await door.signed_in(ada), await door.visitor()
    await host.open("/r/lobby-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await guest.join("lobby-round", "Guest Gil")
    await expect(guest.page.locator("body")).to_contain_text("You wait in the lobby")
    await host.press("Let in: Guest Gil")
    await guest.is_in_meeting()
    await expect(host.page.locator(".people").first).to_contain_text("Guest Gil")


async def test_a_full_room_keeps_its_hosts_place_and_lets_the_next_one_in_by_itself(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Full round")
    host, late = await door.signed_in(ada), await door.visitor()
    await host.open("/r/full-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    for number in range(9):
        await quiet_guest(house, "full-round", f"Guest {number}")

    meeting = await running_meeting(house, "Full round")

    async def seen(count: int) -> bool:
        async with house.database.transaction() as session:
            return (await session.get_one(Meeting, meeting.id)).people_now == count

    await until(lambda: seen(10), "the round has seen ten people")
    # The host leaves: that place is the host's, not the next guest's.
    await host.press("Leave the meeting")
    await host.is_at_room("full-round")
    await until(lambda: seen(9), "the round has seen that the host left")
    await late.open("/r/full-round")
    await late.reads("The room is full: 9 of 10 places are taken")
    await late.fill(name="Late Luis")
    await late.press("Wait for a place")
    await late.is_waiting("full-round")
    await late.reads("The room is full. You are in line.")
    await host.open("/r/full-round")
    await host.press("Join the meeting")
    await host.is_in_meeting()

    # Somebody leaves. BBB keeps the place for a minute more, and sends back whoever comes before: they stay in line.
    gone = next(one for one in await people(house, meeting) if one["name"] == "Guest 3")
    await house.bbb("POST", "leave", meetingID=meeting.external_id, userID=gone["userID"])
    async with late.page.expect_request(lambda request: "maxParticipantsReached" in request.url):
        pass
    await late.is_waiting("full-round")
    await late.reads("You are in line")
    # A minute later they are in, without a touch.
    await house.move_clock(1)
    await late.is_in_meeting()
    await expect(late.page.locator("body")).to_contain_text("Late Luis")


async def people(house: House, meeting: Meeting) -> list[dict]:
    """Who is in a meeting, as BBB says."""
    state = await house.bbb("GET", "state")
    return next(one["people"] for one in state["meetings"] if one["meetingID"] == meeting.external_id)


async def test_a_guest_reads_times_in_their_own_zone_from_the_first_page_on(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Far away")
    host = await door.signed_in(ada)
    await host.open("/r/far-away")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await host.open("/r/far-away")
    await host.page.locator("summary", has_text="End the meeting").click()
    await host.press("End it for everyone")
    await host.reads("The host ended the meeting")

    guest = await door.visitor(timezone_id="Asia/Kolkata")
    await guest.open("/r/far-away")
    # Kolkata is half an hour off every full hour: no other zone of the machine would say the same.
    shown = guest.page.locator("main time").first
    ended = await shown.get_attribute("datetime")
    there = datetime.fromisoformat(ended or "").astimezone(ZoneInfo("Asia/Kolkata"))
    await expect(shown).to_contain_text(f"{there:%H:%M}")
    await expect(guest.page.locator("main")).not_to_contain_text("UTC")
