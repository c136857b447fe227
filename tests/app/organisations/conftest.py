"""An organisation with an admin and two hosts, and an operator, each at a browser."""

import pytest

from tests.factories import a_person, an_organisation, signed_in


@pytest.fixture
async def ada(database):
    """The admin, who was there first."""
    return await a_person(database, "ada@example.org", name="Ada Okafor")


@pytest.fixture
async def bea(database):
    """A host."""
    return await a_person(database, "bea@example.org", name="Bea Lindqvist")


@pytest.fixture
async def riverside(database, ada, bea):
    """Riverside Housing on the consumer tier: 6 GB, of which Ada has 5 and Bea 1."""
    return await an_organisation(database, "Riverside Housing", "consumer", ada="admin", bea="host")


@pytest.fixture
async def at_ada_s(site, ada, riverside):
    """Ada at a browser."""
    async with signed_in(site, ada) as person:
        yield person


@pytest.fixture
async def at_bea_s(site, bea, riverside):
    """Bea at a browser."""
    async with signed_in(site, bea) as person:
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
