"""Everything is reached and done by keyboard."""

import pytest
from playwright.async_api import Page

from app.accounts.passwords import hash_password
from tests.house import House
from tests.journeys.visitor import Door

pytestmark = pytest.mark.journey

MOST_STOPS = 60


async def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on the control with this label or text; every stop shows where it is."""
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        at = await page.evaluate(
            """() => {
              const at = document.activeElement;
              const label = at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.innerText ?? "";
              const { outlineStyle, boxShadow } = getComputedStyle(at);
              return { label: label.trim(), seen: outlineStyle !== "none" || boxShadow !== "none", tag: at.tagName };
            }"""
        )
        if at["tag"] != "BODY":
            assert at["seen"], f"the focus on {at['label']!r} cannot be seen"
        if at["label"].startswith(words):
            return
    raise AssertionError(f"Tab does not come to {words!r}")


async def test_by_keyboard_alone_one_signs_in_makes_a_room_and_starts_it(house: House, door: Door):
    ada = await house.person("Ada Okafor", password_hash=await hash_password("a few words in a row"))
    host = await door.visitor()
    page = host.page
    await host.open("/")
    await tab_to(page, "Skip to the content")
    await tab_to(page, "Sign in")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sign-in")
    await tab_to(page, "E-mail address")
    await page.keyboard.type(ada.email)
    await tab_to(page, "Password")
    await page.keyboard.type("a few words in a row")
    await tab_to(page, "Sign in")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/rooms")
    await tab_to(page, "Make a room")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/rooms/new")
    await tab_to(page, "Name")
    await page.keyboard.type("Typed round")
    await tab_to(page, "Guests wait until a host lets them in")
    await page.keyboard.press("Space")
    await tab_to(page, "Make the room")
    await page.keyboard.press("Enter")
    await host.is_at_room("typed-round")
    await tab_to(page, "Start the meeting")
    await page.keyboard.press("Enter")
    await host.is_in_meeting()
    # The menu of the account opens and closes by keyboard too, and gives the focus back.
    await host.open("/rooms")
    await tab_to(page, "Your account")
    await page.keyboard.press("Enter")
    await tab_to(page, "Sign out")
    await page.keyboard.press("Escape")
    assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"
