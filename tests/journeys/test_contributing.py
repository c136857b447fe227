"""A person on the free tier runs out of time, donates, and holds long meetings from then on."""

from datetime import timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.meetings.models import EndReason, Meeting
from tests.house import House, until
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey

COLUMNS = (
    "id,date,currency,amount,reversed_amount,recipient_id,recipient_username,payment_method,"
    "payer_id,payer_username,payer_public_name"
)


def liberapay(*payments: str) -> dict[str, object]:
    """What the platform's page gives a team: here only the payments differ."""
    text = "\n".join([COLUMNS, *payments]) + "\n"
    return {"name": "liberapay-payments.csv", "mimeType": "text/csv", "buffer": text.encode()}


async def meetings_of(house: House, host: User) -> list[Meeting]:
    async with house.database.transaction() as session:
        found = select(Meeting).where(Meeting.holder_id == host.holder_id).order_by(Meeting.id)
        return list(await session.scalars(found))


async def holds(host: Visitor, hours: str) -> None:
    await host.open("/r/choir-practice")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await expect(host.page.locator("body")).to_contain_text(hours)


async def is_over(house: House, host: Visitor, minutes: int, said: str) -> None:
    """The clock passes so many minutes: the meeting has ended by itself."""
    await house.move_clock(minutes)
    await host.is_at_room("choir-practice")
    await host.reads(f"its time of {said} was used up")


async def test_a_donation_makes_meetings_of_three_hours(house: House, door: Door):
    lena, bruna = await house.person("Lena Novak"), await house.person("Bruna Keller", is_bookkeeper=True)
    await house.room(lena, "Choir practice")
    host, books = await door.signed_in(lena), await door.signed_in(bruna)
    await holds(host, "60 minutes left")
    await is_over(house, host, 61, "1 h")
    await host.reads("The time of this sitting is used up")

    # She gives 120 EUR on the platform, where she is "lenan"; the bookkeeper brings the platform's file.
    day = clock.now().date().isoformat()
    paid = f"990001,{day},EUR,100.00,0,77,commons,stripe-card,4242,lenan,Lena N."
    await books.open("/ledger/imports")
    await books.page.set_input_files("[name=file]", liberapay(paid))
    await books.press("Look at it")
    await books.reads("Liberapay, payments")
    await books.press("Import")
    await books.reads("Contributions recorded: 0.")

    # The platform tells no mail addresses: whose it is is said once.
    await books.open("/ledger/imports/unmatched?search=Lena")
    await books.page.get_by_role("link", name="Match").first.click()
    await books.open(books.page.url.partition("?")[0] + "?search=Lena+Novak")
    await books.press("It is theirs")
    await books.reads("The next payment of this payer is matched by itself.")
    again = f"990002,{day},EUR,20.00,0,77,commons,stripe-card,4242,lenan,Lena N."
    await books.open("/ledger/imports")
    await books.page.set_input_files("[name=file]", liberapay(paid, again))
    await books.press("Look at it")
    await books.reads("Known already")
    await books.reads("This payer was matched with them by hand before.")
    await books.press("Import")
    await books.reads("Contributions recorded: 1.")

    # She is told by mail, and her page says what she has now.
    async def told():
        await host.open("/demo")
        return await host.page.get_by_text("Your contributions bring you “Session organiser”").count()

    await until(told, "the mail about the grant")
    await host.open("/contributions")
    await host.reads("Session organiser")

    # The next meeting runs three hours: two and three quarters later it is still on, past three it is over.
    await house.move_clock(10)
    await holds(host, "180 minutes left")
    await house.move_clock(165)
    await host.page.reload()
    await host.is_in_meeting()
    await is_over(house, host, 16, "3 h")
    short, long = await meetings_of(house, lena)
    assert short.end_reason == long.end_reason == EndReason.TIME_UP
    for meeting, minutes in ((short, 60), (long, 180)):
        assert abs(meeting.ended_at - meeting.started_at - timedelta(minutes=minutes)) < timedelta(seconds=60)
