"""The running program, one for each test process, and browsers to visit it with."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, async_playwright

from app import clock
from tests.chromium import system_chromium
from tests.conftest import new_database
from tests.house import House, opened
from tests.journeys.visitor import Door

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
)


@pytest.fixture(scope="session")
async def open_house(postgres: str) -> AsyncIterator[House]:
    """The whole program on a database of its own."""
    url = new_database(postgres, f"journeys_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    async with opened(House, url) as house:
        yield house


@pytest.fixture
async def house(open_house: House) -> AsyncIterator[House]:
    """The running program; this process's clock goes with its clock as long as the test lasts."""
    open_house.follow_clock()
    yield open_house
    clock.set_offset(timedelta(0))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The Chromium that is there: the system's, else playwright's own."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=system_chromium(), args=[*SWITCHES])
        yield launched
        await launched.close()


@pytest.fixture
async def door(house: House, browser: Browser) -> AsyncIterator[Door]:
    """Browsers for one test."""
    door = Door(house, browser)
    yield door
    for visitor in door.visitors:
        await visitor.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What the processes said, where a test failed."""
    report = yield
    house = getattr(item, "funcargs", {}).get("house")
    if report.failed and house is not None:
        report.sections.append(("the program", house.logs()))
    return report
