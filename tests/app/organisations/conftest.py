"""An organisation with an admin and two hosts, and an operator, each at a browser."""

import pytest

from app.organisations.models import SignInProvider
from tests.app.organisations.providers import set_up
from tests.factories import a_person, an_organisation, signed_in
from tests.openid_provider import running_provider


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
async def provider(site):
    """Riverside's provider: everyone who comes is Dov, who is new."""
    async with running_provider(sub="dov", email="dov@riverside.example", name="Dov Halevi") as running:
        yield running


@pytest.fixture
async def signs_in(database, settings, riverside, provider):
    """Riverside signs the people of riverside.example in, besides their passwords."""
    return await set_up(database, settings, riverside, provider)


@pytest.fixture
async def required(database, signs_in):
    """And in no other way."""
    async with database.transaction() as session:
        (await session.get_one(SignInProvider, signs_in.id)).required = True
    return signs_in
