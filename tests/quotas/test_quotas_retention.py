"""How long recordings are kept: two warnings before anything goes, whatever becomes of the date meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.limits import GIGABYTE
from quotas.moments import NaiveMomentError
from quotas.retention import (
    FIRST_WARNING,
    LAST_WARNING,
    TOGETHER,
    Step,
    Stored,
    Warned,
    in_excess,
    kept_until,
    next_step,
    still_warned,
)
from quotas.storage import warning_step

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def days(number: float) -> datetime:
    return NOON + number * DAY


@pytest.mark.parametrize(
    ("cap", "chosen", "kept"),
    [(None, None, None), (30, None, 30), (None, 10, 10), (30, 10, 10), (10, 30, 10), (0, None, 0)],
)
def test_the_host_may_choose_less_than_the_tier_and_never_more(
    cap: int | None, chosen: int | None, kept: int | None
) -> None:
    assert kept_until(NOON, cap, chosen) == (None if kept is None else days(kept))


def test_a_day_of_keeping_is_24_hours_whatever_the_zone() -> None:
    with pytest.raises(NaiveMomentError):
        kept_until(NOON.replace(tzinfo=None), 1, None)
    assert kept_until(NOON, 1, None).tzinfo is UTC


@pytest.mark.parametrize(
    ("now", "first", "last", "step"),
    [
        (-14 - 1 / 86400, None, None, Step.NOTHING),
        (-14, None, None, Step.WARN_FIRST),
        (-3.1, -14, None, Step.NOTHING),
        (-3, -14, None, Step.WARN_LAST),
        (-0.1, -14, -3, Step.NOTHING),
        (0, -14, -3, Step.REMOVE),
        # A warning that was sent late puts everything after it off.
        (0, -10, None, Step.NOTHING),
        (1, -10, None, Step.WARN_LAST),
        (3.9, -10, 1, Step.NOTHING),
        (4, -10, 1, Step.REMOVE),
        (5, -14, 3, Step.NOTHING),
        (6, -14, 3, Step.REMOVE),
        # The date came nearer than today: both warnings are still to come.
        (100, None, None, Step.WARN_FIRST),
        (113, 100, None, Step.WARN_LAST),
        (114, 100, 113, Step.NOTHING),
        (116, 100, 113, Step.REMOVE),
        # The date was put off: what was sent long before it does not count any more.
        (-20, -30, -25, Step.NOTHING),
        (-14, -30, -25, Step.NOTHING),
        # No round was there to forget it: warned early is warned.
        (-3, -30, -10, Step.NOTHING),
        # The last one alone was never enough.
        (10, None, -3, Step.WARN_FIRST),
    ],
)
def test_the_steps_of_a_recording_that_is_kept_until_noon(
    now: float, first: float | None, last: float | None, step: Step
) -> None:
    warned = [None if one is None else days(one) for one in (first, last)]
    assert next_step(days(now), NOON, *warned) is step


def test_what_is_kept_for_ever_is_neither_warned_of_nor_removed() -> None:
    assert next_step(NOON, None, NOON - 100 * DAY, NOON - 50 * DAY) is Step.NOTHING
    assert still_warned(NOON, None, Warned(NOON, NOON)) == Warned()


def test_warnings_of_an_end_that_was_put_off_are_forgotten() -> None:
    both = Warned(days(-14), days(-3))
    assert still_warned(NOON, days(0), both) == both
    assert still_warned(NOON, days(4), both) == both  # within the day that is said in one mail
    assert still_warned(NOON, days(4.1), both) == Warned(days(-14))
    assert still_warned(NOON, days(15), both) == Warned(days(-14))
    assert still_warned(NOON, days(15.1), both) == Warned()
    assert still_warned(NOON, days(0), Warned(None, days(-3))) == Warned()


moments = st.integers(-60 * 24, 60 * 24).map(lambda hours: NOON + timedelta(hours=hours))
maybe = st.none() | moments


@given(now=moments, until=maybe, first=maybe, last=maybe)
def test_nothing_is_removed_without_both_warnings_sent_in_time(
    now: datetime, until: datetime | None, first: datetime | None, last: datetime | None
) -> None:
    if next_step(now, until, first, last) is Step.REMOVE:
        assert until is not None
        assert first is not None
        assert last is not None
        assert now >= until
        assert now - first >= FIRST_WARNING
        assert now - last >= LAST_WARNING


@given(
    ends=st.lists(st.none() | st.integers(0, 60), min_size=1, max_size=120),
    delays=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_however_the_date_moves_a_removal_comes_14_and_3_days_after_its_warnings(
    ends: list[int | None], delays: list[int]
) -> None:
    """A round a day, over a date that moves and a mail that may take days."""
    warned, on_its_way = Warned(), None
    for day, end in enumerate(ends):
        now, until = days(day), None if end is None else days(end)
        warned = still_warned(now, until, warned)
        step = next_step(now, until, warned.first, warned.last)
        if step is Step.REMOVE:
            assert warned.first is not None
            assert warned.last is not None
            assert warned.first + FIRST_WARNING - LAST_WARNING - TOGETHER <= warned.last <= now - LAST_WARNING
            return
        if step is Step.NOTHING:
            on_its_way = None
        elif on_its_way is None or on_its_way[0] is not step:
            on_its_way = (step, day + delays[day % len(delays)])
        if on_its_way and on_its_way[1] <= day:
            warned = Warned(now) if step is Step.WARN_FIRST else Warned(warned.first, now)
            on_its_way = None


@given(now=moments, until=moments, first=maybe, last=maybe, later=st.integers(0, 1000))
def test_an_end_that_is_put_off_never_removes_sooner(
    now: datetime, until: datetime, first: datetime | None, last: datetime | None, later: int
) -> None:
    if next_step(now, until + timedelta(hours=later), first, last) is Step.REMOVE:
        assert next_step(now, until, first, last) is Step.REMOVE


def recording(key: int, size: int, day: int) -> Stored[int]:
    return Stored(key=key, bytes=size, recorded_at=days(day))


def test_the_oldest_go_until_the_rest_fits() -> None:
    stored = [recording(1, 4, 1), recording(3, 4, 3), recording(2, 4, 2)]
    assert in_excess(12, stored) == set()
    assert in_excess(11, stored) == {1}
    assert in_excess(4, stored) == {1, 2}
    assert in_excess(0, stored) == {1, 2, 3}
    assert in_excess(None, stored) == set()
    # A large new one takes the place of all older ones: never a newer one before an older one.
    assert in_excess(5, [recording(1, 1, 1), recording(2, 9, 2)]) == {1, 2}


@given(
    limit=st.integers(0, 50),
    more=st.integers(0, 20),
    sizes=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=8),
)
def test_the_rest_fits_no_newer_goes_before_an_older_and_a_raised_limit_takes_nothing(
    limit: int, more: int, sizes: list[tuple[int, int]]
) -> None:
    stored = [recording(key, size, day) for key, (size, day) in enumerate(sizes)]
    gone = in_excess(limit, stored)
    rest = [one for one in stored if one.key not in gone]
    assert sum(one.bytes for one in rest) <= limit
    assert in_excess(limit + more, stored) <= gone
    oldest_left = min((one.recorded_at for one in rest), default=None)
    assert oldest_left is None or all(one.recorded_at <= oldest_left for one in stored if one.key in gone)
    if gone:
        newest_gone = max(one.recorded_at for one in stored if one.key in gone)
        assert sum(one.bytes for one in stored if one.recorded_at >= newest_gone) > limit


@pytest.mark.parametrize(
    ("limit", "stored", "step"),
    [
        (None, 10 * GIGABYTE, 0),
        (0, 0, 0),
        (0, 1, 100),
        (GIGABYTE, 0, 0),
        (100, 79, 0),
        (100, 80, 80),
        (100, 94, 80),
        (100, 95, 95),
        (100, 99, 95),
        (100, 100, 100),
        (100, 250, 100),
    ],
)
def test_the_holder_is_warned_at_80_95_and_100_percent(limit: int | None, stored: int, step: int) -> None:
    assert warning_step(limit, stored) == step


@given(limit=st.integers(0, 1000), more=st.integers(0, 1000), stored=st.integers(0, 1000))
def test_more_storage_never_warns_more(limit: int, more: int, stored: int) -> None:
    assert warning_step(limit + more, stored) <= warning_step(limit, stored)
