"""An organisation from its first word to its hosts' recordings: it applies, is accepted, invites, shares, records."""

import re

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.mail import OutgoingMail
from app.meetings.models import Meeting
from app.rooms.models import Room
from tests.house import House, until
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey

PASSWORD = "correct horse battery"
GIGABYTE = 1_000_000_000


async def link_to(house: House, email: str, path: str) -> str:
    """The newest link of a kind in the mails to an address."""

    async def found() -> str | None:
        async with house.database.transaction() as session:
            mails = select(OutgoingMail.text).where(OutgoingMail.to == email).order_by(OutgoingMail.id.desc())
            for text in await session.scalars(mails):
                if link := re.search(rf"{path}/[\w-]+", text):
                    return link[0]
        return None

    return await until(found, f"a mail to {email} with {path}")


async def takes_up(house: House, door: Door, email: str, name: str) -> Visitor:
    """Someone new opens the link of their invitation and makes an account."""
    person = await door.visitor()
    await person.open(await link_to(house, email, "/invitations"))
    await person.fill(name=name, password=PASSWORD)
    await person.press("Make the account and accept")
    await person.reads("Harbour Radio")
    return person


async def makes_room(person: Visitor, name: str) -> str:
    """Make a room for the organisation; returns its address."""
    await person.open("/rooms/new")
    await person.fill(name=name)
    await person.page.get_by_label("Whose room it is").select_option(label="Harbour Radio")
    await person.press("Make the room")
    await person.reads(name)
    await person.reads("Harbour Radio")
    return person.page.url.rpartition("/")[2].partition("?")[0]


async def starts_recording(person: Visitor, slug: str) -> None:
    await person.open(f"/r/{slug}")
    await person.page.get_by_label("Record this meeting").check()
    await person.press("Start the meeting")
    await person.is_in_meeting()


async def reserved(house: House, slug: str) -> int:
    """What the room's recorded meeting keeps free."""
    async with house.database.transaction() as session:
        found = select(Meeting.reserved_bytes).join(Room, Room.id == Meeting.room_id).where(Room.slug == slug)
        return await session.scalar(found) or 0


async def applies(house: House, door: Door) -> None:
    """An organisation says that it wants to join, and an operator accepts it, as a consumer with four seats."""
    # It says that it wants to join, and confirms its address.
    visitor = await door.visitor()
    await visitor.open("/join-us")
    await visitor.fill(name="Harbour Radio", contact_name="Rosa Vidal", email="rosa@harbour.example.org")
    await visitor.fill(needs="A weekly round of ten, and an assembly of forty.")
    await house.move_clock(1)  # who fills it in takes more than a moment
    await visitor.press("Send")
    await visitor.open(await link_to(house, "rosa@harbour.example.org", "/join-us"))
    await visitor.page.locator("main form button").first.click()
    await visitor.reads("Confirmed.")

    operator = await door.signed_in(await house.person("Olu Marsh", is_operator=True))
    await operator.open("/admin/interests")
    await operator.page.get_by_role("link", name="Harbour Radio").click()
    await operator.page.get_by_label("Tier, for a year").select_option(value="consumer")
    await operator.page.get_by_label("Hosts that it may have").fill("4")
    await operator.press("Accept")
    await operator.reads("Harbour Radio")


async def records(house: House, bea: Visitor, cora: Visitor) -> None:
    """Bea records against 5 GB, Cora against 1 GB: her first meeting takes all of it, her second is refused."""
    hers = await makes_room(bea, "Harbour assembly")
    await starts_recording(bea, hers)
    await until(lambda: reserved(house, hers), "Bea's meeting keeps its space")
    assert await reserved(house, hers) == 5 * GIGABYTE
    first, second = [await makes_room(cora, name) for name in ("Harbour workshop", "Harbour meetup")]
    other = await cora.context.new_page()
    for page, slug in ((other, second), (cora.page, first)):
        await page.goto(f"/r/{slug}")
        await expect(page.locator("main")).to_contain_text("There is space for 2 h of recording.")
        await page.get_by_label("Record this meeting").check()
    await cora.press("Start the meeting")
    await cora.is_in_meeting()
    await other.get_by_role("button", name="Start the meeting").click()
    await expect(other.locator("main")).to_contain_text("the share of Cora is 1 GB")
    await expect(other.locator("main")).to_contain_text("Ask for a larger share")
    await other.goto(f"/r/{second}")
    await expect(other.locator("main")).to_contain_text(
        "The share of Cora in the space for recordings is used up."
    )
    await expect(other.get_by_label("Record this meeting")).to_have_count(0)


async def test_an_organisation_applies_invites_and_one_host_records_against_5_gb_another_is_refused_at_1(
    house: House, door: Door
):
    await applies(house, door)

    # Its first admin invites three people by a pasted list, and sees before what becomes of each line.
    rosa = await takes_up(house, door, "rosa@harbour.example.org", "Rosa Vidal")
    await rosa.page.get_by_role("link", name="Invitations").click()
    people = {name: f"{name.lower()}@harbour.example.org" for name in ("Bea", "Cora", "Dan")}
    await rosa.fill(emails="Name;E-mail\n" + "\n".join(f"{one};{mail}" for one, mail in people.items()))
    await rosa.press("Look at the list")
    await rosa.reads("Gets an invitation: 3")
    await rosa.press("Send 3 invitations")
    await rosa.reads("4 of 4 seats are taken.")
    bea, cora, _dan = [await takes_up(house, door, mail, name) for name, mail in people.items()]

    # She moves her 5 GB to Bea: first asked for too much, then in one step.
    await rosa.page.get_by_role("link", name="Hosts", exact=True).click()
    await rosa.page.get_by_role("link", name="Bea", exact=True).click()
    await rosa.page.get_by_label("Gigabytes").fill("5")
    await rosa.press("Save the share")
    await rosa.reads("That would be 12 GB for all hosts together; there are 8 GB.")
    await rosa.page.get_by_label("Moved from or to").select_option(label="Rosa Vidal, 5 GB free")
    await rosa.press("Save the share")
    await rosa.reads("The share is saved.")
    await rosa.reads("0 bytes of 5 GB")

    await records(house, bea, cora)
