"""Every page, as the right kind of person, in every width and both themes: readable, quiet, light."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from app.main import make_app
from app.web.index import every_route
from tests.house import House
from tests.journeys.sights import NOT_PAGES, SIGHTS, Sight
from tests.journeys.town import Town
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey

WIDTHS = (1280, 360, 320)
MOST_BYTES = 60_000
# What a page fetches afterwards to stay fresh is not part of its weight.
LATER = {"Fetch", "EventSource"}
# What differs between the themes is colours.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


def test_every_page_of_the_site_is_in_the_table(tmp_path: Path):
    site = make_app(House("postgresql://nobody@127.0.0.1/nothing", tmp_path).settings())
    found = {
        route.name for route in every_route(site.routes) if "GET" in (getattr(route, "methods", None) or ())
    }
    assert found - NOT_PAGES == {sight.route for sight in SIGHTS}


class Weights:
    """What every page has loaded, counted on the wire: headers and packed bodies, nothing from a cache."""

    async def listen(self, visitor: Visitor) -> None:
        self.kinds: dict[str, str] = {}
        self.loaded: dict[str, tuple[str, int]] = {}
        self.wire = await visitor.context.new_cdp_session(visitor.page)
        self.wire.on("Network.requestWillBeSent", self._asked)
        self.wire.on("Network.loadingFinished", self._came)
        await self.wire.send("Network.enable")
        await self.wire.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _asked(self, event: dict) -> None:
        self.kinds[event["requestId"]] = event["type"]
        self.loaded.pop(event["requestId"], None)

    def _came(self, event: dict) -> None:
        kind = self.kinds.get(event["requestId"], "?")
        if kind not in LATER:
            self.loaded[event["requestId"]] = (kind, int(event["encodedDataLength"]))

    def start(self) -> None:
        self.kinds.clear()
        self.loaded.clear()

    @property
    def total(self) -> int:
        return sum(size for _kind, size in self.loaded.values())


class Windows:
    """One browser for each kind of person, kept for all pages of this file."""

    def __init__(self, town: Town, browser: Browser) -> None:
        self.town = town
        self.door = Door(town.house, browser)
        self.known: dict[str, tuple[Visitor, Weights]] = {}

    async def of(self, who: str) -> tuple[Visitor, Weights]:
        if who not in self.known:
            user = self.town.people.get(who)
            visitor = await (self.door.signed_in(user) if user else self.door.visitor())
            if who == "guest":
                await visitor.join(str(self.town.at["quiet"]), "Guest Gil", code="2718-2818")
                await visitor.page.get_by_label("I agree to be recorded").check()
                await visitor.page.locator("[data-region=go] button").click()
                await visitor.is_waiting(str(self.town.at["quiet"]))
            if who == "guest in line":
                await visitor.join(str(self.town.at["full"]), "Late Luis")
                await visitor.is_waiting(str(self.town.at["full"]))
            weights = Weights()
            await weights.listen(visitor)
            self.known[who] = visitor, weights
        return self.known[who]


@pytest.fixture(scope="module")
async def windows(open_house: House, browser: Browser) -> AsyncIterator[Windows]:
    open_house.follow_clock()
    town = Town(open_house)
    await town.build()
    windows = Windows(town, browser)
    yield windows
    await asyncio.gather(*(visitor.context.close() for visitor in windows.door.visitors))


async def axe(visitor: Visitor, options: dict | None = None) -> list[str]:
    """What axe finds, in a line each."""
    found = await (Axe().run(visitor.page, options=options) if options else Axe().run(visitor.page))
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


async def wider_than(visitor: Visitor, width: int) -> int:
    """How far the page can be scrolled sideways at this width."""
    await visitor.page.set_viewport_size({"width": width, "height": 800})
    return await visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
async def test_a_page_is_accessible_quiet_and_light_in_every_width_and_both_themes(
    house: House, windows: Windows, sight: Sight
):
    del house
    visitor, weights = await windows.of(sight.who)
    visitor.troubles.clear()
    await visitor.page.emulate_media(color_scheme="light")
    await visitor.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    weights.start()
    assert await visitor.open(sight.path.format(**windows.town.at)) == sight.status
    assert visitor.page.url.endswith(sight.path.format(**windows.town.at)), "another page was shown"

    sideways = {width: await wider_than(visitor, width) for width in WIDTHS}
    light = await axe(visitor)
    await visitor.page.emulate_media(color_scheme="dark")
    # Colours glide over: what counts is where they arrive.
    await visitor.page.evaluate(
        "document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())"
    )
    dark = await axe(visitor, COLOURS)
    assert {width: by for width, by in sideways.items() if by > 0} == {}
    assert light == []
    assert dark == []
    assert visitor.troubles == []
    assert "Document" in {kind for kind, _size in weights.loaded.values()}
    assert weights.total < MOST_BYTES, weights.loaded
    print(f"{weights.total} bytes")
