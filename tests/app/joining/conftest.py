"""Rosa, who has no account yet, at a browser."""

import pytest

from tests.conftest import new_person


@pytest.fixture
async def rosa(site):
    """Rosa, who has no account yet."""
    async with new_person(site) as person:
        yield person
