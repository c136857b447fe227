"""Whatever happens, in whatever order: no limit is exceeded, the totals are the sums, a refusal is true."""

import os
from collections.abc import Iterator

import pytest
from alembic import command
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import long
from tests.conftest import alembic_config, new_database
from tests.model.machine import Promises
from tests.model.town import Town

pytestmark = pytest.mark.slow

STORIES, STEPS = 16 * long.STORIES, 40


@pytest.fixture(scope="module")
def town(postgres: str) -> Iterator[Town]:
    """One for all stories; each begins anew."""
    url = new_database(postgres, f"model_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    command.upgrade(alembic_config(url), "head")
    town = Town(url)
    yield town
    town.close()


def test_whatever_happens(town: Town):
    Promises.town = town
    run_state_machine_as_test(
        Promises,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            derandomize=not long.LONG,  # else other stories each time
            database=None,
            deadline=None,
            # To find the shortest story takes minutes: only where there is time for it.
            phases=[Phase.generate, *([Phase.shrink] if long.LONG else [])],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
