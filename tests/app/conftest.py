"""People of every story: who runs the service, who keeps the books, a host, each at a browser."""

import pytest

from app import clock
from tests.app.standing import START
from tests.authority import authority
from tests.factories import a_person, signed_in

__all__ = ["authority"]


@pytest.fixture
async def bookkeeper(database):
    """Bruna, who keeps the books and runs nothing."""
    return await a_person(database, "bruna@example.org", name="Bruna Keller", is_bookkeeper=True)


@pytest.fixture
async def bruna(site, bookkeeper):
    """Bruna at a browser."""
    async with signed_in(site, bookkeeper) as person:
        yield person


@pytest.fixture
async def operator(database):
    """Olu, who runs the service."""
    return await a_person(database, "olu@example.org", name="Olu Marsh", is_operator=True)


@pytest.fixture
async def olu(site, operator):
    """Olu at a browser."""
    async with signed_in(site, operator) as person:
        yield person


@pytest.fixture
async def ada(database):
    """A host on the free tier."""
    return await a_person(database, "ada@example.org", name="Ada Okafor")


@pytest.fixture
async def at_ada_s(site, ada):
    """Ada at a browser."""
    async with signed_in(site, ada) as person:
        yield person


@pytest.fixture
def standing_clock():
    """The clock stands at the START of stories of memberships; a test moves it."""
    clock.stand_at(START)
    yield
    clock.stand_at(None)
