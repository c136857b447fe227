"""Simulators for the tests of the simulator."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from simulated import SECRET, Make, Sim

from bbb_client.signing import Algorithm
from bbb_client.simulator import Config


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Make a simulator with settings of Config."""
    async with AsyncExitStack() as stack:

        def made(**settings: Any) -> Sim:
            sim = Sim(Config(**{"secret": SECRET, **settings}))
            stack.push_async_callback(sim.close)
            return sim

        yield made


@pytest.fixture
def sim(make: Make) -> Sim:
    return make()


@pytest.fixture
def old(make: Make) -> Sim:
    """A server of the profile 2.7."""
    return make(profile="2.7")


@pytest.fixture(params=list(Algorithm))
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    picked: Algorithm = request.param
    return picked
