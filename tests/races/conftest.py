"""The program with two server processes, each at a door of its own, and no worker unless a test starts one."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from app import clock
from tests.conftest import new_database
from tests.house import opened
from tests.long import LONG, RACES
from tests.races.doors import TwoDoors


@pytest.fixture(scope="session")
async def open_house(postgres: str) -> AsyncIterator[TwoDoors]:
    """Both processes and the simulator, on a database of their own."""
    url = new_database(postgres, f"races_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    async with opened(TwoDoors, url) as house, house.servers.connected():
        yield house


@pytest.fixture(autouse=True, params=range(RACES) if LONG else None)
def again() -> None:
    """Each race is run once, or many times."""


@pytest.fixture
async def house(open_house: TwoDoors) -> AsyncIterator[TwoDoors]:
    """Both doors open, BBB in order; what a test killed or ordered is put right for the next one."""
    open_house.follow_clock()
    yield open_house
    await open_house.bbb("DELETE", "faults")
    await open_house.close_worker()
    open_house.reopen()
    clock.set_offset(timedelta(0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What the processes said, where a test failed."""
    report = yield
    house = getattr(item, "funcargs", {}).get("house")
    if report.failed and house is not None:
        report.sections.append(("the program", house.logs()))
    return report
