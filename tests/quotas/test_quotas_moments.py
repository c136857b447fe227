"""Moments and periods: aware, in UTC, whatever the clocks on the wall do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from quotas.limits import Policy
from quotas.moments import NaiveMomentError, utc
from quotas.periods import kept_until, month_ends, month_starts, works_until

MADRID = ZoneInfo("Europe/Madrid")


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(NaiveMomentError, match="no time zone"):
        utc(datetime(2026, 11, 21, 12))  # noqa: DTZ001 - the mistake that is to be refused


def test_a_moment_of_another_zone_is_the_same_moment_in_utc() -> None:
    moment = utc(datetime(2026, 11, 21, 13, tzinfo=MADRID))
    assert moment.replace(tzinfo=None) == datetime(2026, 11, 21, 12)  # noqa: DTZ001 - the clock's face is compared
    assert moment.tzinfo is UTC


def test_a_membership_works_fourteen_days_beyond_its_end(noon: datetime, policy: Policy) -> None:
    assert works_until(noon, policy) == noon + timedelta(days=14)


def test_recordings_above_the_quota_are_kept_ninety_days(noon: datetime, policy: Policy) -> None:
    assert kept_until(noon, policy) == noon + timedelta(days=90)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=MADRID)),
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=MADRID)),
        (datetime(2026, 10, 1, tzinfo=MADRID), datetime(2026, 11, 1, tzinfo=MADRID)),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=MADRID)),
        (datetime(2027, 2, 1, 12, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=MADRID)),
    ],
)
def test_a_month_ends_at_midnight_where_the_service_is(now: datetime, end: datetime) -> None:
    assert month_ends(now, MADRID) == end
    assert month_ends(now, MADRID).tzinfo is UTC


def test_a_month_starts_at_midnight_where_the_service_is() -> None:
    assert month_starts(datetime(2026, 6, 30, 21, 59, tzinfo=UTC), MADRID) == datetime(
        2026, 5, 31, 22, tzinfo=UTC
    )
    assert month_starts(datetime(2026, 6, 30, 22, tzinfo=UTC), MADRID) == datetime(
        2026, 6, 30, 22, tzinfo=UTC
    )
