"""What tests of recordings that are kept share: a person with space for them, and the worker's part."""

import pytest

from tests.app.recordings.arrivals import Recorder
from tests.app.recordings.kept import House
from tests.factories import a_person


@pytest.fixture
async def ada(database):
    """A person with 1 GB for recordings."""
    return await a_person(database, tier="session-organiser")


@pytest.fixture
def house(site, simulator, move_clock):
    """The site with its worker, whose rounds are called one by one."""
    return House(site, simulator, move_clock)


@pytest.fixture
def recorder(site, simulator, move_clock):
    """The site with its BBB, whose rounds over recordings are called one by one."""
    return Recorder(site, simulator, move_clock)
