"""What the page of somebody who waits does: looks at a moment of its own, once for much news, and never gives up."""

import asyncio

import pytest
from playwright.async_api import Route

from tests.house import House
from tests.journeys.visitor import Door

pytestmark = pytest.mark.journey

NEWS = 'data: {"changed": true, "spread": 600}\n\n'


async def test_a_page_whose_stream_is_refused_looks_by_itself_and_goes_in(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Crowded round")
    host, guest = await door.signed_in(ada), await door.visitor()
    await guest.page.route(
        "**/events*", lambda route: route.fulfill(status=429, headers={"retry-after": "30"})
    )
    await guest.page.clock.install()
    await guest.join("crowded-round", "Wren")
    await guest.is_waiting("crowded-round")
    await host.open("/r/crowded-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    # Every 15 to 25 seconds, each page at moments of its own.
    await guest.page.clock.fast_forward(26_000)
    await guest.is_in_meeting()


async def test_a_page_whose_stream_is_dead_without_a_word_looks_by_itself_and_goes_in(
    house: House, door: Door
):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Silent round")
    host, guest = await door.signed_in(ada), await door.visitor()
    # Neither an answer nor an end.
    await guest.page.route("**/events*", lambda _route: None)
    await guest.page.clock.install()
    await guest.join("silent-round", "Wren")
    await guest.is_waiting("silent-round")
    await host.open("/r/silent-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    # Every 60 to 90 seconds.
    await guest.page.clock.fast_forward(91_000)
    await guest.is_in_meeting()


async def test_much_news_is_one_look_at_a_moment_of_its_own(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Lively round")
    guest = await door.visitor()
    looks: list[str] = []

    async def look(route: Route) -> None:
        if "x-quiet" in route.request.headers:
            looks.append(route.request.url)
        await route.continue_()

    await guest.page.route("**/waiting", look)
    told = {"content-type": "text/event-stream"}
    await guest.page.route("**/events*", lambda route: route.fulfill(body=NEWS * 20, headers=told))
    await guest.join("lively-round", "Wren")
    await guest.is_waiting("lively-round")
    # The stream of this test ends after twenty pieces of news, and is opened again half a second later, or more.
    await asyncio.sleep(1.5)
    assert 1 <= len(looks) <= 3, looks


async def test_a_look_for_which_the_server_has_no_time_is_made_again(house: House, door: Door):
    ada = await house.person("Ada Okafor")
    await house.room(ada, "Patient round")
    host, guest = await door.signed_in(ada), await door.visitor()
    refused: list[str] = []

    async def refuse_twice(route: Route) -> None:
        if "x-quiet" in route.request.headers and len(refused) < 2:
            refused.append(route.request.url)
            await route.fulfill(status=503, headers={"retry-after": "1"})
        else:
            await route.continue_()

    await guest.join("patient-round", "Wren")
    await guest.is_waiting("patient-round")
    # Its first look, which every page takes when its stream is open, is over.
    await asyncio.sleep(1.5)
    await guest.page.route("**/waiting", refuse_twice)
    await host.open("/r/patient-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await guest.is_in_meeting()
    assert len(refused) >= 1
