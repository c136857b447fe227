"""The four tiers that DOMAIN.md ships, and how hypothesis makes limits, moments and requests."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from quotas.limits import GIGABYTE, Limits, Policy, TierLimits
from quotas.sittings import Sitting

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _upto(most: int) -> st.SearchStrategy[int | None]:
    """Any limit from nothing to `most`, or unlimited."""
    return st.integers(0, most) | st.none()


st.register_type_strategy(
    TierLimits,
    st.builds(
        TierLimits,
        meeting_minutes=_upto(200),
        group_size=_upto(120),
        rooms_per_host=_upto(6),
        at_once_per_host=_upto(4),
        storage_first_host=_upto(3 * GIGABYTE),
        storage_further_host=_upto(GIGABYTE),
        large_sessions_per_month=_upto(4),
        large_session_people=_upto(200),
        recording_days=_upto(400),
    ),
)
st.register_type_strategy(
    Limits,
    st.builds(
        Limits,
        meeting_minutes=_upto(200),
        group_size=_upto(120),
        rooms=_upto(6),
        at_once=_upto(4),
        storage_bytes=_upto(3 * GIGABYTE),
        large_sessions_per_month=_upto(4),
        large_session_people=_upto(200),
        hosts=_upto(6),
        recording_days=_upto(400),
    ),
)
st.register_type_strategy(
    Policy,
    st.builds(
        Policy,
        sitting_gap_minutes=st.integers(0, 30),
        large_session_above=st.integers(0, 100),
        recording_bytes_per_hour=st.integers(1, GIGABYTE),
        recording_least_minutes=st.integers(0, 60),
        endless_reserves_minutes=st.integers(1, 1440),
        count_raw_recordings=st.booleans(),
        warn_at_percent=st.integers(1, 100),
    ),
)
st.register_type_strategy(
    Sitting,
    st.builds(
        Sitting,
        used=st.integers(0, 13_000).map(lambda seconds: timedelta(seconds=seconds)),
        last_ended_at=st.integers(0, 2000).map(lambda seconds: NOON - timedelta(seconds=seconds)),
    ),
)


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def policy() -> Policy:
    return Policy()


@pytest.fixture(scope="session")
def free() -> TierLimits:
    return TierLimits(
        meeting_minutes=60,
        group_size=10,
        rooms_per_host=1,
        at_once_per_host=1,
        storage_first_host=0,
        storage_further_host=0,
        large_sessions_per_month=0,
        large_session_people=0,
    )


@pytest.fixture(scope="session")
def session_organiser() -> TierLimits:
    return TierLimits(
        meeting_minutes=180,
        group_size=25,
        rooms_per_host=5,
        at_once_per_host=1,
        storage_first_host=GIGABYTE,
        storage_further_host=0,
        large_sessions_per_month=0,
        large_session_people=0,
    )


@pytest.fixture(scope="session")
def consumer() -> TierLimits:
    return TierLimits(
        meeting_minutes=24 * 60,
        group_size=50,
        rooms_per_host=20,
        at_once_per_host=2,
        storage_first_host=5 * GIGABYTE,
        storage_further_host=GIGABYTE,
        large_sessions_per_month=2,
        large_session_people=150,
    )


@pytest.fixture(scope="session")
def co_producer() -> TierLimits:
    return TierLimits(
        meeting_minutes=24 * 60,
        group_size=100,
        rooms_per_host=None,
        at_once_per_host=None,
        storage_first_host=5 * GIGABYTE,
        storage_further_host=GIGABYTE,
        large_sessions_per_month=4,
        large_session_people=150,
    )
