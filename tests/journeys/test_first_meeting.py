"""The journey that everything else stands on: from signing up to the end of the time, and on."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.meetings.models import EndReason, Meeting
from tests.house import House
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey


async def sign_up(host: Visitor) -> None:
    """A new person signs up, reads the mail, follows its link."""
    await host.open("/")
    await host.open("/sign-up")
    await host.fill(name="Nadia Hoffmann", email="nadia@example.org", password="a few words in a row")
    await host.press("Make the account")
    await host.reads("We have sent a mail to nadia@example.org")
    await host.page.get_by_role("link", name="read the mail here").click()
    await host.page.locator("li", has_text="nadia@example.org").get_by_role("link").first.click()
    await host.page.get_by_role("link", name="/verify/").click()
    await host.press("Verify and go in")
    await host.reads("Welcome. Your address is verified")
    await host.reads("Make your first room")


async def make_room(host: Visitor) -> None:
    await host.page.get_by_role("link", name="Make a room").click()
    await host.fill(name="Tenants’ assembly", description="Every first Monday.")
    await host.press("Make the room")
    await host.is_at_room("tenants-assembly")


async def move_on(visitor: Visitor, words: str) -> None:
    """Press one of the buttons that move the clock."""
    page = await visitor.context.new_page()
    await page.goto("/demo")
    await page.get_by_role("button", name=f"Move on by {words}", exact=True).click()
    await expect(page.locator(".toasts")).to_contain_text("The clock is moved")
    await page.close()


async def test_from_signing_up_to_a_meeting_that_ends_when_its_time_is_used_up(house: House, door: Door):
    host = await door.visitor(timezone_id="Europe/Madrid")
    early, late = await door.visitor(), await door.visitor()
    await sign_up(host)
    await make_room(host)

    # A guest before the start waits, the host starts, the guest goes in without a touch.
    await early.join("tenants-assembly", "Early Eva")
    await early.is_waiting("tenants-assembly")
    await early.reads("Nadia Hoffmann is expected")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await early.is_in_meeting()
    # A guest after the start goes in at once. All see each other, and how long it lasts.
    await late.join("tenants-assembly", "Late Luis")
    await late.is_in_meeting()
    for name in ("Nadia Hoffmann", "Early Eva", "Late Luis"):
        await expect(late.page.locator("body")).to_contain_text(name)
    await expect(late.page.locator("body")).to_contain_text("60 minutes left")

    # Past the cap it is over for all three: their pages lead back to the room, which says why and until when.
    await move_on(host, "1 h 1 min")
    house.follow_clock()
    for visitor in (host, early, late):
        await visitor.is_at_room("tenants-assembly")
        await visitor.reads("its time of 1 h was used up")
        await visitor.reads("It can start again today at")
    await it_lasted_an_hour(house)

    # A start now is refused, and explained: on the room's page, and to whoever presses a button elsewhere.
    await expect(host.button("Start the meeting")).to_have_count(0)
    await host.reads("The time of this sitting is used up")
    await host.open("/rooms")
    await host.press("Start Tenants’ assembly")
    await host.page.wait_for_url("**/r/tenants-assembly/start")
    await host.reads("The time of this sitting is used up")
    await host.reads("Memberships with more")
    await expect(host.page.locator(".used")).to_contain_text("1 h")

    # Ten minutes later a new sitting begins, and a guest who waited is in it.
    await early.join("tenants-assembly", "Early Eva")
    await early.is_waiting("tenants-assembly")
    await move_on(host, "10 min")
    await host.open("/r/tenants-assembly")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await expect(host.page.locator("body")).to_contain_text("60 minutes left")
    await early.is_in_meeting()


async def it_lasted_an_hour(house: House) -> None:
    async with house.database.transaction() as session:
        meeting = (await session.scalars(select(Meeting).where(Meeting.name == "Tenants’ assembly"))).one()
    assert meeting.end_reason == EndReason.TIME_UP
    length = meeting.ended_at - meeting.started_at
    assert abs(length - timedelta(minutes=60)) < timedelta(seconds=30)
