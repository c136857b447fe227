"""Ada's room with a running meeting, and another site's BigBlueButton."""

import pytest

from bbb_client.simulator import running_simulator
from tests.app.meetings.bbb import over_a_detour
from tests.app.meetings.stories import foreign_meeting
from tests.conftest import SECRET
from tests.factories import a_room, start


@pytest.fixture
async def room(database, ada):
    """Ada's room."""
    return await a_room(database, ada, address="the-place")


@pytest.fixture
async def running(site, room, ada):
    """A running meeting of Ada's, on the free tier: 60 minutes."""
    return await start(site, room, ada)


@pytest.fixture
async def astray(settings):
    """The servers of a worker whose calls can be led astray, and what leads them."""
    async with over_a_detour(settings) as found:
        yield found


@pytest.fixture
async def other():
    """Another site's BBB, with a meeting of that site."""
    async with running_simulator(secret=SECRET) as running:
        await foreign_meeting(running)
        yield running
