"""Everything works in a browser that runs no scripts; only live news are missing."""

import pytest
from playwright.async_api import expect

from app.accounts.passwords import hash_password
from tests.house import House
from tests.journeys.visitor import Door

pytestmark = pytest.mark.journey

REFRESHED = 40_000  # the waiting page looks every 15 seconds


async def test_without_scripts_a_host_starts_and_ends_and_a_guest_who_waits_goes_in(house: House, door: Door):
    ada = await house.person("Ada Okafor", password_hash=await hash_password("a few words in a row"))
    host = await door.visitor(java_script_enabled=False)
    guest = await door.visitor(java_script_enabled=False)

    await host.open("/rooms")
    await host.fill(email=ada.email, password="a few words in a row")
    await host.press("Sign in")
    await host.page.get_by_role("link", name="Make a room").click()
    await host.fill(name="Plain round")
    await host.press("Make the room")
    await host.is_at_room("plain-round")

    await guest.join("plain-round", "Guest Gil")
    await guest.is_waiting("plain-round")
    await guest.reads("You go in by yourself when the meeting starts")
    await host.press("Start the meeting")
    await host.is_in_meeting()

    # The browser loads the waiting page again by itself; there the way in is one press.
    await expect(guest.button("Join the meeting")).to_be_visible(timeout=REFRESHED)
    await guest.press("Join the meeting")
    await guest.is_in_meeting()

    await host.open("/r/plain-round")
    await host.page.locator("summary", has_text="End the meeting").click()
    await host.press("End it for everyone")
    await host.reads("The meeting is over.")
    await host.reads("The host ended the meeting")
    await guest.is_at_room("plain-round")
    await guest.reads("The host ended the meeting")
