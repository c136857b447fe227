"""A recording from the meeting to the trash, in a browser, and with the keyboard and without scripts."""

import pytest
from playwright.async_api import expect

from app.recordings.models import Recording
from app.servers.pool import Servers
from tests.app.recordings.rows import a_recording
from tests.house import House
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey


async def played(house: House, host, room, **columns) -> Recording:
    """A recording that BBB has: the simulator plays it."""
    formats = tuple(
        (kind, f"{house.simulator_url}/playback/{kind}/{{id}}") for kind in ("presentation", "podcast")
    )
    await Servers(house.settings()).all(house.database)  # its row is the one that recordings get
    made = await a_recording(house.database, host, room, formats=formats, **columns)
    await house.bbb("POST", "recordings", recordID=made.record_id, name=made.name, minutes=45)
    return made


async def choose(host: Visitor, label: str) -> None:
    await host.page.get_by_label(label, exact=True).check()
    await host.press("Save")
    await host.reads("Saved.")


@pytest.mark.parametrize("scripts", ["with scripts", "without scripts"])
async def test_a_host_opens_a_recording_to_others_and_throws_it_away(house: House, door: Door, scripts: str):
    bela = await house.person("Béla Szabó", tier="session-organiser")
    slug = scripts.replace(" ", "-")
    room = await house.room(bela, "Choir practice", address=slug, access_code="2718-2818")
    made = await played(house, bela, room, name="First rehearsal")
    host = await door.signed_in(bela, java_script_enabled=scripts == "with scripts")
    guest = await door.visitor(java_script_enabled=scripts == "with scripts")

    # Only for its hosts at first; then for people with the code; then for everyone, and on the room's page.
    assert await guest.open(f"/recordings/{made.key}") == 404
    await host.open("/rooms")
    await host.page.get_by_role("link", name="Recordings").click()
    await host.page.get_by_role("link", name="First rehearsal", exact=True).click()
    await choose(host, "Everyone with the room’s code")
    await guest.open(f"/recordings/{made.key}")
    await guest.fill(code="2718 2818")
    await guest.press("Open the recording")
    await guest.reads("First rehearsal")
    await host.page.get_by_label("Hide “Sound” from everyone else").check()
    await choose(host, "Everyone")
    await guest.open(f"/r/{slug}")
    await guest.page.get_by_role("link", name="First rehearsal").click()
    await expect(guest.page.get_by_role("link", name="Play (Sound)")).to_have_count(0)
    await guest.page.get_by_role("link", name="Play (Presentation)").click()
    await expect(guest.page.locator("body")).to_contain_text("the presentation of “First rehearsal”")

    # In the trash nobody plays it, and it is taken back as it was.
    await host.page.get_by_role("link", name="Move it to the trash").click()
    await host.reads("frees 340 MB")
    await host.press("Move it to the trash")
    await host.reads("“First rehearsal” is in the trash.")
    assert await guest.open(f"/recordings/{made.key}/presentation") == 404
    await host.page.get_by_role("link", name="Open the trash").click()
    await host.press("Take it back")
    await host.reads("The recording is back.")


async def test_the_settings_are_within_reach_of_the_keyboard(house: House, door: Door):
    bela = await house.person("Béla Szabó", tier="session-organiser")
    made = await played(house, bela, await house.room(bela, "Keyboard choir"))
    host = await door.signed_in(bela)
    await host.open(f"/recordings/{made.key}")
    reached = []
    for _ in range(40):
        await host.page.keyboard.press("Tab")
        reached.append(
            await host.page.evaluate("document.activeElement.innerText || document.activeElement.id")
        )
        if "Move it to the trash" in reached[-1]:
            break
    said = " ".join(reached)
    for place in ("Play", "share", "f-name", "f-visibility-2", "f-keep_days", "f-hide_podcast", "Save"):
        assert place in said, (place, reached)
    await host.page.keyboard.press("Enter")
    await host.reads("Move “Weekly assembly” to the trash?")
