"""Fifty ask at the same moment, at two server processes, for what there is less of: each limit ends exactly there."""

import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from app.accounts.models import User
from app.joining.models import Task
from app.joining.tasks import MOST_TAKEN
from app.meetings.models import Attendance, Meeting
from app.memberships.models import Membership
from app.organisations.models import OrganisationHost
from app.rooms.models import Room
from tests import factories
from tests.browser import Person, forms_of, text_of
from tests.races.crowd import Crowd, all_others_are_told, crowd_of, granted
from tests.races.doors import CROWD, TwoDoors, at_the_same_moment

pytestmark = pytest.mark.slow

GIGABYTE = 1_000_000_000
HOUR = timedelta(hours=1)
_numbers = itertools.count(1)  # a race that is run again finds what it left


async def an_organisation(house: TwoDoors, name: str, tier: str, hosts: int, rooms: int):
    """An organisation with hosts and rooms; its first host too. Its name is new in this database."""
    name = f"{name} {next(_numbers)}"
    people = [await house.person(f"{name} {number}") for number in range(hosts)]
    roles = {each.email.partition("@")[0]: "admin" for each in people}
    made = await factories.an_organisation(house.database, name, tier, **roles)
    first = people[0]
    return (
        first,
        made,
        [await house.room(first, f"{name} {number}", holder_id=made.holder_id) for number in range(rooms)],
    )


async def start_all(crowd: Crowd, rooms: Sequence[Room], **wish: object) -> list[httpx.Response]:
    """Each caller starts a room of its own: programs by the API, people by the form of the room's page."""

    def of(number: int) -> str:
        return rooms[number % len(rooms)].slug

    await crowd.open(lambda number: f"/r/{of(number)}")
    return await crowd.ask(
        lambda program, number: program.post(f"/rooms/{of(number)}/start", json=wish),
        lambda browser, _number: browser.submit("/start", follow=False),
    )


async def start_by_programs(
    house: TwoDoors, host: User, rooms: Sequence[Room], **wish: object
) -> list[httpx.Response]:
    """The same for what only the API can ask for, by a program at each door."""
    async with await house.program(host, "door-1") as one, await house.program(host, "door-2") as two:
        return await at_the_same_moment(
            program.post(f"/rooms/{room.slug}/start", json=wish)
            for room, program in zip(rooms, itertools.cycle([one, two]), strict=False)
        )


async def test_rooms(house: TwoDoors):
    ada = await house.person("Ada", tier="session-organiser")
    async with crowd_of(house, ada) as crowd:
        await crowd.open(lambda _number: "/rooms/new")
        answers = await crowd.ask(
            lambda program, number: program.post("/rooms", json={"name": f"Room {number}"}),
            lambda browser, number: browser.submit("/rooms", name=f"Room {number}", follow=False),
        )
    assert len(granted(answers)) == await house.count(Room.holder_id == ada.holder_id) == 5
    all_others_are_told(answers, "rooms", "All your rooms are in use")


async def test_meetings_at_once(house: TwoDoors):
    ada, organisation, rooms = await an_organisation(house, "Weavers", "consumer", hosts=3, rooms=CROWD)
    async with crowd_of(house, ada) as crowd:
        answers = await start_all(crowd, rooms)
    running = await house.unfinished(organisation.holder_id)
    assert len(granted(answers)) == len(running) == 2 * 3
    assert {meeting.external_id for meeting in running} <= set(await house.at_bbb())
    all_others_are_told(answers, "at_once", "Another meeting is running")


async def test_one_room_is_started_once(house: TwoDoors):
    ada = await house.person("Ada", tier="session-organiser")
    room = await house.room(ada, f"Started by fifty, for {ada.email}")
    async with crowd_of(house, ada) as crowd:
        answers = await start_all(crowd, [room])
    assert len(granted(answers)) == CROWD
    assert [answer.status_code for answer in answers].count(201) <= 1
    assert await house.count(Meeting.room_id == room.id) == 1
    assert [each["name"] for each in (await house.at_bbb()).values()].count(room.name) == 1


async def test_the_places_of_a_meeting(house: TwoDoors):
    ada = await house.person("Ada")
    room = await house.room(ada, "Ten places")
    async with await house.program(ada, "door-1") as host:
        assert (await host.post(f"/rooms/{room.slug}/start", json={})).status_code == 201
    meeting = (await house.unfinished(ada.holder_id))[0]

    async with crowd_of(house, ada, strangers=True) as crowd:
        await crowd.open(lambda _number: f"/r/{room.slug}")
        answers = await crowd.ask(
            lambda program, number: program.post(
                f"/rooms/{room.slug}/join", json={"name": f"Guest {number}"}
            ),
            lambda browser, number: browser.submit("/join", name=f"Guest {number}", follow=False),
        )
    ways_in = [way for answer in answers if (way := way_into_bbb(house, answer))]
    # The tenth place is the host's, and still there.
    assert len(ways_in) == await house.count(Attendance.meeting_id == meeting.id) == 9
    all_others_are_told(answers, "group_full", "The room is full")
    async with await house.program(ada, "door-2") as host:
        ways_in.append((await host.post(f"/rooms/{room.slug}/join", json={"as_host": True})).json()["url"])
        assert (await host.post(f"/rooms/{room.slug}/join", json={"name": "One more"})).status_code == 409
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        await at_the_same_moment(browser.get(way) for way in ways_in)
    people = (await house.at_bbb())[meeting.external_id]["people"]
    assert sum(person["online"] for person in people) == 10


def way_into_bbb(house: TwoDoors, answer: httpx.Response) -> str:
    """The signed address that an answer sends somebody to; empty for who has to wait."""
    if answer.status_code == httpx.codes.OK:
        return answer.json()["url"]
    way = answer.headers.get("location", "")
    return way if way.startswith(house.simulator_url) else ""


async def test_a_sitting(house: TwoDoors):
    """Starts and ends of one room, again and again, spend its hour and not a minute more."""
    ada = await house.person("Ada")
    room = await house.room(ada, "One hour")
    granted_minutes, title = [], "The time of this sitting is used up"
    for passes in (25, 25, 12):
        async with crowd_of(house, ada) as crowd:
            await crowd.open(lambda _number: f"/r/{room.slug}")
            answers = await crowd.ask(
                lambda program, _number: program.post(f"/rooms/{room.slug}/start", json={}),
                lambda browser, _number: ends_or_starts(browser),
            )
        all_others_are_told(answers, "sitting_spent", title)
        granted_minutes += [meeting.minutes for meeting in await house.unfinished(ada.holder_id)]
        await house.move_clock(passes)
        assert_within_its_budget(await house.meetings(Meeting.room_id == room.id))
    await house.sweep()
    assert len(granted_minutes) == 3
    assert granted_minutes == sorted(granted_minutes, reverse=True)
    # The page says so by itself by now, and has no button: these are fifty programs.
    answers = await start_by_programs(house, ada, [room] * CROWD)
    assert granted(answers) == []
    all_others_are_told(answers, "sitting_spent", title)


async def ends_or_starts(browser: Person) -> httpx.Response:
    """Whatever button the page had when it was opened: start the room, or end its meeting."""
    action = "/end" if any(form.action.endswith("/end") for form in forms_of(browser.page.text)) else "/start"
    return await browser.submit(action, follow=False)


def assert_within_its_budget(meetings: Sequence[Meeting]) -> None:
    """All that was granted of the one sitting, and what has really been used of it, is an hour at most."""
    assert len({meeting.sitting_id for meeting in meetings}) == 1
    used = timedelta()
    for meeting in meetings:
        began = meeting.started_at or meeting.reserved_at
        assert used + timedelta(minutes=meeting.minutes) <= HOUR
        assert meeting.minutes >= 1
        used += (meeting.ended_at or began) - began
    assert used <= HOUR


async def test_recording_storage(house: TwoDoors):
    ada, organisation, rooms = await an_organisation(house, "Dyers", "co-producer", hosts=1, rooms=CROWD)
    answers = await start_by_programs(house, ada, rooms, record=True, minutes=60)
    running = await house.unfinished(organisation.holder_id)
    assert len(granted(answers)) == len(running) == 10
    assert sum(meeting.reserved_bytes for meeting in running) == 5 * GIGABYTE
    all_others_are_told(answers, "storage_full", "The recording would not fit")
    at_bbb = await house.at_bbb()
    assert all(at_bbb[meeting.external_id]["record"] for meeting in running)


async def test_large_sessions(house: TwoDoors):
    ada, organisation, rooms = await an_organisation(house, "Choirs", "co-producer", hosts=1, rooms=CROWD)
    answers = await start_by_programs(house, ada, rooms, people=150)
    running = await house.unfinished(organisation.holder_id)
    assert len(granted(answers)) == len(running) == 4
    assert all(meeting.large_session for meeting in running)
    all_others_are_told(answers, "large_sessions", "This month’s large sessions are used up")
    # Not one of them is a meeting of the usual size by another name.
    at_bbb = await house.at_bbb()
    assert [at_bbb[meeting.external_id]["maxParticipants"] for meeting in running] == [150] * 4


async def test_the_seats_of_an_organisation(house: TwoDoors):
    _ada, organisation, _rooms = await an_organisation(house, "Bakers", "consumer", hosts=1, rooms=0)
    await give_seats(house, organisation.holder_id, 5)
    operator = await house.person("Olu", is_operator=True)
    people = [await house.person(f"Helper {number}") for number in range(CROWD)]
    async with AsyncExitStack() as stack:
        asked = []
        for person, door in zip(people, itertools.cycle(house.doors), strict=False):
            browser = await house.browser(door, operator)
            await stack.enter_async_context(browser.client)
            await browser.open(f"/admin/organisations/{organisation.id}")
            asked.append(browser.submit("/hosts/add", email=person.email, follow=False))
        answers = await at_the_same_moment(asked)
    hosts = await house.count(OrganisationHost.organisation_id == organisation.id)
    assert len(granted(answers)) + 1 == hosts == 5
    all_others_are_told(answers, "hosts", "All seats are taken")


async def test_the_tasks_that_one_person_has(house: TwoDoors):
    ada = await house.person("Ada")
    on_the_list = [await factories.a_task(house.database, f"Task {number}") for number in range(CROWD)]
    async with AsyncExitStack() as stack:
        asked = []
        for task, door in zip(on_the_list, itertools.cycle(house.doors), strict=False):
            browser = await house.browser(door, ada)
            await stack.enter_async_context(browser.client)
            await browser.open(f"/tasks/{task.id}")
            asked.append(browser.submit("/take", follow=False))
        answers = await at_the_same_moment(asked)
    taken = await house.count(Task.taken_by == ada.id)
    assert len(granted(answers)) == taken == MOST_TAKEN
    for answer in answers:
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            assert answer.status_code == httpx.codes.CONFLICT
            assert "You have enough tasks" in text_of(answer.text)


async def give_seats(house: TwoDoors, holder_id: int, seats: int) -> None:
    """As many hosts as that, and no more, by the membership that holds now."""
    async with house.database.transaction() as session:
        has = update(Membership).where(Membership.holder_id == holder_id)
        await session.execute(has.values(seats=seats))
