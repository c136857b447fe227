"""A membership passes its end and its grace: every consequence is seen, and a renewal brings everything back."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock, jobs
from app.accounts.models import User
from app.mail import OutgoingMail
from app.memberships.granting import put_on_tier
from app.recordings.models import Recording
from tests.conftest import new_database
from tests.house import House, opened, until
from tests.journeys.test_recordings import played
from tests.journeys.visitor import Door, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.slow]

DAY = 24 * 60
WEEK = 7 * DAY
MEGABYTE = 1_000_000
LAST_WARNING = 12  # days after the first one, to be late for nothing


@pytest.fixture
async def house(postgres: str) -> AsyncIterator[House]:
    """A house of its own: the others' clocks do not jump by half a year."""
    async with opened(House, new_database(postgres, "years")) as house:
        house.follow_clock()
        yield house
    clock.set_offset(timedelta(0))


async def days_pass(house: House, days: float) -> None:
    """So many days, a week at a time as the demo's page does it."""
    minutes = round(days * DAY)
    while minutes > 0:
        await house.move_clock(min(minutes, WEEK))
        minutes -= WEEK


async def subjects(house: House, to: User) -> list[str]:
    async with house.database.transaction() as session:
        found = select(OutgoingMail.subject).where(OutgoingMail.to == to.email).order_by(OutgoingMail.id)
        return list(await session.scalars(found))


async def is_told(house: House, who: User, task: str, words: str) -> None:
    """The worker, whose turn comes now and not within the next minute, writes a mail with these words."""
    async with house.database.transaction() as session:
        await jobs.defer(session, task, timestamp=0)

    async def told() -> bool:
        return any(words in subject for subject in await subjects(house, who))

    await until(told, f"a mail: {words}", within=90)


async def starts(host: Visitor, slug: str, minutes: str) -> None:
    await host.open(f"/r/{slug}")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await host.page.get_by_text(minutes).first.wait_for()


class Story:
    """Béla with two rooms and a recording; whoever is away for a month signs in again."""

    def __init__(
        self, house: House, door: Door, bela: User, rooms: tuple[str, str], recording: Recording
    ) -> None:
        self.house, self.door, self.bela = house, door, bela
        self.board, self.choir = rooms
        self.recording = recording

    async def at_a_browser(self) -> Visitor:
        return await self.door.signed_in(self.bela)

    async def is_told(self, task: str, words: str) -> None:
        await is_told(self.house, self.bela, task, words)


async def he_is_reminded_and_works_in_his_grace(story: Story) -> None:
    await days_pass(story.house, 11)
    await story.is_told("contributions:remind", "“Session organiser” ends on")
    host = await story.at_a_browser()
    await host.open("/membership")
    await host.reads("give €120.00 by then, and it goes on for another year.")
    await days_pass(story.house, 30)
    host = await story.at_a_browser()
    await host.open("/rooms")
    await host.reads("Everything works until")
    await host.page.get_by_role("link", name="What to do next").click()
    await host.reads("and nothing changes.")
    await starts(host, story.board, "180 minutes left")


async def the_grace_ends_while_a_meeting_keeps_its_terms(story: Story) -> None:
    await days_pass(story.house, 13 - 2 / 24)
    host = await story.at_a_browser()
    await starts(host, story.choir, "180 minutes left")
    await story.house.move_clock(130)
    await host.page.reload()
    await host.is_in_meeting()
    await story.is_told("contributions:remind", "“Session organiser” has ended")
    other = await story.at_a_browser()
    await other.open("/membership")
    await other.reads("and “Free” holds: give €120.00, and everything comes back.")
    await story.house.move_clock(60)
    await host.is_at_room(story.choir)


async def one_room_goes_on_shorter_and_the_other_rests(story: Story) -> None:
    host = await story.at_a_browser()
    await host.open(f"/r/{story.board}")
    await host.reads("This room is resting")
    assert await host.button("Start the meeting").count() == 0
    await host.open(f"/r/{story.choir}")
    await host.reads("not part of the tier")
    await story.house.move_clock(10)
    await starts(host, story.choir, "60 minutes left")
    await story.house.move_clock(61)
    await host.is_at_room(story.choir)


async def is_marked(story: Story, name: str) -> None:
    """The recording has this moment, now or soon."""

    async def has_it() -> bool:
        async with story.house.database.transaction() as session:
            return getattr(await session.get_one(Recording, story.recording.id), name) is not None

    await until(has_it, f"the recording’s {name}", within=90)


async def the_recording_stays_for_ninety_days_and_is_spoken_of(story: Story) -> None:
    await story.is_told("keeping:keep", "More recordings are stored than the tier has space for")
    host = await story.at_a_browser()
    await host.open(f"/recordings/{story.recording.key}")
    await host.reads("First rehearsal")
    await days_pass(story.house, 77)
    await story.is_told("keeping:keep", "One recording is unpublished on")
    # Only what was sent counts, from when it was sent.
    await is_marked(story, "first_warned_at")
    for days, mark in ((LAST_WARNING, "last_warned_at"), (4, "expired_at")):
        await days_pass(story.house, days)
        async with story.house.database.transaction() as session:
            await jobs.defer(session, "keeping:keep", timestamp=0)
        await is_marked(story, mark)
    host = await story.at_a_browser()
    await host.open(f"/recordings/{story.recording.key}")
    await host.reads("more was stored than the tier has")


async def an_operator_renews_and_everything_is_back(story: Story, olu: User) -> None:
    operator = await story.door.signed_in(olu)
    await operator.open(f"/admin/people/{story.bela.id}")
    await operator.page.get_by_role("link", name="Give, renew, suspend, end").click()
    await operator.page.get_by_role("link", name="Renew", exact=True).click()
    await operator.fill(reason="Gave 120 EUR again.")
    await operator.press("Renew")
    await operator.reads("The membership is renewed.")
    host = await story.at_a_browser()
    await host.open("/membership")
    await host.reads("“Session organiser” holds until")
    await host.open(f"/recordings/{story.recording.key}")
    await host.press("Publish it again")

    async def published() -> bool:
        """BigBlueButton was told: the page says so when it is opened again."""
        await host.open(f"/recordings/{story.recording.key}")
        return "Published" in (await host.page.locator("main").text_content() or "")

    await until(published, "the recording is published again", within=90)
    await starts(host, story.board, "180 minutes left")


async def test_a_year_ends_everything_follows_and_a_renewal_brings_it_back(house: House, door: Door):
    bela, olu = await house.person("Béla Szabó"), await house.person("Olu Marsh", is_operator=True)
    async with house.database.transaction() as session:
        ends_at = clock.now() + timedelta(days=40)
        given = {"granted_by": "Olu Marsh", "reason": "Gave 120 EUR.", "cents": 0}
        await put_on_tier(session, bela.holder_id, "session-organiser", ends_at=ends_at, **given)
    board, choir = await house.room(bela, "Board"), await house.room(bela, "Choir practice")
    made = await played(house, bela, choir, name="First rehearsal", bytes=340 * MEGABYTE)
    story = Story(house, door, bela, (board.slug, choir.slug), made)
    await he_is_reminded_and_works_in_his_grace(story)
    await the_grace_ends_while_a_meeting_keeps_its_terms(story)
    await one_room_goes_on_shorter_and_the_other_rests(story)
    await the_recording_stays_for_ninety_days_and_is_spoken_of(story)
    await an_operator_renews_and_everything_is_back(story, olu)
