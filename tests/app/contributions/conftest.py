"""The day on which the payments of a test were made."""

import pytest

from app import clock


@pytest.fixture
def today():
    """As a file writes it."""
    return clock.now().date().isoformat()
