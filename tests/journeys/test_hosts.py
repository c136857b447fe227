"""What happens when hosts start, start twice, start at once, end, and are banned."""

import asyncio
import json
import time
from typing import Self

import asyncpg
import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.admin.bans import ban
from app.live import CHANNEL, room_topic
from app.meetings.models import Meeting
from app.organisations.models import HostRole
from app.organisations.service import create_organisation, put_host
from app.rooms.models import Room
from tests import factories
from tests.browser import forms_of
from tests.house import House, until
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey

SOON = 1.0  # seconds from the database to the pages: what the issue promises


async def meetings_of(house: House, room: Room) -> list[Meeting]:
    async with house.database.transaction() as session:
        return list(await session.scalars(select(Meeting).where(Meeting.room_id == room.id)))


async def known_to_bbb(house: House, name: str) -> list[dict]:
    return [one for one in (await house.bbb("GET", "state"))["meetings"] if one["name"] == name]


async def test_two_hosts_who_start_one_room_at_the_same_moment_meet_in_one_meeting(house: House, door: Door):
    dolors, chidi = await house.person("Dolors Puig"), await house.person("Chidi Brandt")
    async with house.database.transaction() as session:
        organisation = await create_organisation(session, name="Riverside Housing", slug="riverside-housing")
        await put_host(session, organisation, dolors.id, HostRole.ADMIN)
        await put_host(session, organisation, chidi.id, HostRole.HOST)
    await factories.put_on_tier(house.database, organisation.holder_id, "consumer")
    room = await house.room(chidi, "Two hosts", holder_id=organisation.holder_id)
    one, other = await door.signed_in(dolors), await door.signed_in(chidi)
    await asyncio.gather(one.open("/r/two-hosts"), other.open("/r/two-hosts"))

    # BBB takes its time, so that both have pressed before there is a meeting, on a busy machine too.
    await house.bbb("POST", "faults", kind="slow", call="create", seconds=4, times=1)
    await asyncio.gather(one.press("Start the meeting"), other.press("Start the meeting"))
    await asyncio.gather(one.is_in_meeting(), other.is_in_meeting())
    for host in (one, other):
        await expect(host.page.locator(".people")).to_contain_text("Dolors Puig")
        await expect(host.page.locator(".people")).to_contain_text("Chidi Brandt")
    assert [meeting.state for meeting in await meetings_of(house, room)] == ["running"]
    assert len(await known_to_bbb(house, "Two hosts")) == 1


async def test_a_second_click_on_start_starts_nothing_more(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    room = await house.room(ada, "Clicked twice")
    host = await door.signed_in(ada)
    await host.open("/r/clicked-twice")
    await house.bbb("POST", "faults", kind="slow", call="create", seconds=1, times=1)
    place = await host.button("Start the meeting").bounding_box()
    assert place is not None
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    await host.page.mouse.click(*middle)
    await until(lambda: meetings_of(house, room), "the first click has reserved the meeting")
    # The page is still there, and so is the button.
    await host.page.mouse.click(*middle)
    await host.is_in_meeting()
    assert [meeting.state for meeting in await meetings_of(house, room)] == ["running"]
    assert len(await known_to_bbb(house, "Clicked twice")) == 1


async def test_the_form_sent_twice_by_a_browser_without_scripts_leads_into_one_meeting(house: House):
    ada = await house.person("Ada Okafor")
    room = await house.room(ada, "Sent twice")
    await house.bbb("POST", "faults", kind="slow", call="create", seconds=1, times=1)
    cookies = {"session": await house.session_of(ada)}
    async with httpx.AsyncClient(base_url=house.url, cookies=cookies, timeout=20) as client:
        shown = await client.get("/r/sent-twice")
        form = next(form for form in forms_of(shown.text) if form.action.endswith("/start"))
        answers = await asyncio.gather(*(client.post(form.action, data=form.fields) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    for answer in answers:
        assert answer.headers["location"].startswith(f"{house.simulator_url}/bigbluebutton/api/join?")
    assert [meeting.state for meeting in await meetings_of(house, room)] == ["running"]


class Ear:
    """When the database told that a room changed: NOTIFY leaves with the commit."""

    def __init__(self, house: House, room: Room) -> None:
        self.dsn = house.database_url
        self.topic = room_topic(room.id)
        self.heard: list[float] = []

    async def __aenter__(self) -> Self:
        self.connection = await asyncpg.connect(self.dsn)
        await self.connection.add_listener(CHANNEL, self._hear)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.connection.close()

    def _hear(self, *heard: object) -> None:
        if heard[-1] == self.topic:
            self.heard.append(time.time())


async def note_when_ended(visitor: Visitor) -> None:
    """Let the page write down the moment at which it shows the room as ended, without anyone asking it."""
    before = await visitor.page.evaluate(
        """() => {
          const look = () => {
            if (!window.endedAt && document.querySelector(".pill.ended")) window.endedAt = Date.now();
          };
          look();
          new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
          return window.endedAt;
        }"""
    )
    assert before is None


async def ended_at(visitor: Visitor) -> float:
    return await until(lambda: visitor.page.evaluate("window.endedAt / 1000 || 0"), "the page shows the end")


async def test_when_the_host_ends_the_meeting_every_page_says_so_within_a_second(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    room = await house.room(ada, "Ended round")
    host = await door.signed_in(ada)
    await host.open("/r/ended-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()

    guests = [await door.visitor() for _ in range(2)]
    dashboard = await door.signed_in(ada)
    in_meeting = await door.visitor()
    await in_meeting.join("ended-round", "In Ines")
    await in_meeting.is_in_meeting()
    for guest in guests:
        await guest.open("/r/ended-round")
        await guest.reads("Running")
    await dashboard.open("/rooms")
    await dashboard.reads("Running")
    watchers = [*guests, dashboard]
    for watcher in watchers:
        await note_when_ended(watcher)

    await host.open("/r/ended-round")
    await host.page.locator("summary", has_text="End the meeting").click()
    async with Ear(house, room) as ear:
        pressed = time.time()
        await host.press("End it for everyone")
        moments = [await ended_at(watcher) for watcher in watchers]
        ended = await until(lambda: _last(ear), "the database tells")
    delays = [round(moment - ended, 3) for moment in moments]
    print(
        json.dumps({"after the commit": delays, "after the click": [round(m - pressed, 3) for m in moments]})
    )
    assert max(delays) < SOON

    await host.reads("The meeting is over.")
    for guest in guests:
        await guest.reads("The host ended the meeting")
    await in_meeting.is_at_room("ended-round")
    await in_meeting.reads("The host ended the meeting")
    assert [meeting.end_reason for meeting in await meetings_of(house, room)] == ["by_host"]


async def _last(ear: Ear) -> float:
    return ear.heard[-1] if ear.heard else 0


async def test_a_banned_hosts_room_is_closed_to_everyone(house: House, door: Door):
    ada, operator = await house.person("Mallory Kern"), await house.person("Olu Marsh", is_operator=True)
    room = await house.room(ada, "Closed round", who_may_start="anyone")
    host, in_meeting = await door.signed_in(ada), await door.visitor()
    looking, typing = await door.visitor(), await door.visitor()
    await host.open("/r/closed-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await in_meeting.join("closed-round", "In Ines")
    await in_meeting.is_in_meeting()
    await looking.open("/r/closed-round")
    await looking.reads("Running")
    await typing.open("/r/closed-round")
    await typing.fill(name="Typing Tom")

    async with house.database.transaction() as session:
        await ban(session, factories.viewer(operator), ada.id, "abuse")

    # The pages that were open say so by themselves; a form that was open is refused, to join and to start.
    await looking.reads("This room is closed.")
    await expect(looking.page.locator("main form")).to_have_count(0)
    await typing.reads("This room is closed.")
    await typing.press("Join the meeting")
    await typing.page.wait_for_url("**/join")
    await typing.reads("Its meetings cannot be started or joined.")
    async with httpx.AsyncClient(base_url=house.url) as client:
        form = forms_of((await client.get("/")).text)[0]
        refused = await client.post("/r/closed-round/start", data={**form.fields, "name": "Gil"})
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "This room is closed" in refused.text

    # Whoever was in is out after the next round, and it does not start again.
    await in_meeting.is_at_room("closed-round")
    await in_meeting.reads("This room is closed.")
    assert await known_to_bbb(house, "Closed round") == []
    assert [meeting.end_reason for meeting in await meetings_of(house, room)] == ["banned"]
    # The host is signed out everywhere.
    await host.open("/rooms")
    assert host.page.url.endswith("/sign-in?next=/rooms")
