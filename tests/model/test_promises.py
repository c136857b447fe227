"""Whatever happens, in whatever order: no limit is exceeded, the totals are the sums, a refusal is true."""

import os
from collections.abc import Iterator

import pytest
from alembic import command
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import alembic_config, new_database
from tests.model.machine import Promises
from tests.model.town import Town

pytestmark = pytest.mark.slow

# `make test-long` sets it: twenty times as many stories, and other ones each time.
LONG = bool(os.environ.get("GUILDHALL_TESTS_LONG"))
STORIES, STEPS = 30, 40


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
            max_examples=STORIES * (20 if LONG else 1),
            stateful_step_count=STEPS,
            derandomize=not LONG,
            database=None,
            deadline=None,
            # To find the shortest story takes minutes: only where there is time for it.
            phases=[Phase.generate, *([Phase.shrink] if LONG else [])],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
