"""What a holder has at a moment, when its end is spoken of, and what a year is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.limits import Policy
from quotas.memberships import (
    Reminder,
    State,
    Term,
    a_year_after,
    course_at,
    due_reminder,
    is_followed,
    price_of_year,
    reminded_at,
    unused_cents,
    year_of,
)
from quotas.periods import works_until

MADRID = ZoneInfo("Europe/Madrid")
POLICY = Policy()
DAY = timedelta(days=1)
START = datetime(2027, 1, 1, tzinfo=UTC)
ONE = Term(key=1, starts=START, ends=START + 365 * DAY)


def state(at: datetime, *terms: Term) -> State:
    return course_at(at, terms, POLICY).state


def test_a_year_of_one_membership() -> None:
    assert state(START - DAY, ONE) is State.COMING
    assert state(START, ONE) is State.RUNNING
    assert state(START + 333 * DAY, ONE) is State.RUNNING
    assert state(START + 334 * DAY, ONE) is State.ENDING
    assert state(START + 365 * DAY, ONE) is State.GRACE
    assert state(START + 379 * DAY - timedelta(seconds=1), ONE) is State.GRACE
    assert state(START + 379 * DAY, ONE) is State.ENDED
    assert course_at(START + 900 * DAY, [ONE], POLICY).last == ONE
    assert state(START) is State.NONE


def test_a_renewal_that_follows_is_said_through_the_grace_too() -> None:
    renewal = Term(key=2, starts=ONE.ends or START, ends=START + 730 * DAY)
    assert state(START + 350 * DAY, ONE, renewal) is State.RENEWED
    assert course_at(START + 365 * DAY, [renewal, ONE], POLICY).present == renewal
    late = Term(key=3, starts=START + 370 * DAY)
    assert course_at(START + 366 * DAY, [ONE, late], POLICY).state is State.RENEWED
    too_late = Term(key=4, starts=START + 380 * DAY)
    assert course_at(START + 366 * DAY, [ONE, too_late], POLICY).state is State.GRACE
    assert state(START + 379 * DAY, ONE, too_late) is State.COMING
    assert not is_followed(Term(key=5, starts=START), late, POLICY)
    assert not is_followed(ONE, None, POLICY)


def test_the_one_that_began_last_holds_and_the_one_it_replaced_has_no_grace() -> None:
    replaced = Term(key=1, starts=START, ends=START + 10 * DAY)
    better = Term(key=2, starts=START + 10 * DAY, ends=None)
    assert course_at(START + 11 * DAY, [better, replaced], POLICY).present == better
    assert state(START + 11 * DAY, better, replaced) is State.RUNNING


def test_a_suspended_one_is_found_and_the_one_before_does_not_hold_in_its_place() -> None:
    suspended = Term(key=2, starts=START + 10 * DAY, ends=START + 20 * DAY, is_suspended=True)
    course = course_at(START + 11 * DAY, [ONE, suspended], POLICY)
    assert (course.state, course.present) == (State.SUSPENDED, suspended)


ENDS = datetime(2027, 6, 30, 21, 59, tzinfo=UTC)  # 23:59 in Madrid
EIGHT = timedelta(hours=6)  # 8:00 in Madrid's summer, in UTC


@pytest.mark.parametrize(
    ("step", "at"),
    [
        (Reminder.MONTH, datetime(2027, 5, 31, tzinfo=UTC) + EIGHT),
        (Reminder.FORTNIGHT, datetime(2027, 6, 16, tzinfo=UTC) + EIGHT),
        (Reminder.DAYS, datetime(2027, 6, 27, tzinfo=UTC) + EIGHT),
        (Reminder.DAY, datetime(2027, 6, 30, tzinfo=UTC) + EIGHT),
        (Reminder.GRACE, datetime(2027, 7, 14, tzinfo=UTC) + EIGHT),
    ],
)
def test_reminders_are_due_in_the_morning_of_their_day(step: Reminder, at: datetime) -> None:
    assert reminded_at(step, ENDS, POLICY, MADRID) == at
    assert due_reminder(at, ENDS, POLICY, MADRID) is step
    assert due_reminder(at, ENDS, POLICY, MADRID, {str(step)}) is None
    assert due_reminder(at - timedelta(seconds=1), ENDS, POLICY, MADRID) is not step


def test_none_is_late_for_what_it_speaks_of() -> None:
    early = datetime(2027, 6, 30, 1, tzinfo=UTC)  # 3:00 in Madrid
    assert reminded_at(Reminder.DAY, early, POLICY, MADRID) == early
    assert reminded_at(Reminder.GRACE, early, POLICY, MADRID) == works_until(early, POLICY)


def test_days_before_are_days_of_the_calendar_when_the_clocks_change() -> None:
    # The clocks go back on 31 October 2027: three days before are 73 hours.
    ends = datetime(2027, 11, 1, 10, tzinfo=MADRID)
    assert reminded_at(Reminder.DAYS, ends, POLICY, MADRID) == datetime(2027, 10, 29, 8, tzinfo=MADRID)
    # At a zone's edge: 30 June 23:30 in UTC is 1 July in Madrid.
    edge = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
    assert reminded_at(Reminder.DAYS, edge, POLICY, MADRID) == datetime(2027, 6, 28, 8, tzinfo=MADRID)
    assert reminded_at(Reminder.DAYS, edge, POLICY, UTC) == datetime(2027, 6, 27, 8, tzinfo=UTC)


def test_whoever_was_away_tells_the_newest_and_after_a_month_nothing() -> None:
    end_of_grace = works_until(ENDS, POLICY)
    assert due_reminder(end_of_grace + 3 * DAY, ENDS, POLICY, MADRID, {"30"}) is Reminder.GRACE
    assert due_reminder(end_of_grace + 30 * DAY, ENDS, POLICY, MADRID) is None
    assert due_reminder(ENDS - 90 * DAY, ENDS, POLICY, MADRID) is None


def test_a_year_is_the_same_day_and_time_of_day() -> None:
    assert a_year_after(datetime(2027, 3, 1, 9, tzinfo=MADRID), MADRID) == datetime(
        2028, 3, 1, 9, tzinfo=MADRID
    )
    assert a_year_after(datetime(2028, 2, 29, 9, tzinfo=UTC), UTC) == datetime(2029, 2, 28, 9, tzinfo=UTC)
    assert a_year_after(datetime(2028, 2, 29, 9, tzinfo=UTC), UTC, 4) == datetime(2032, 2, 29, 9, tzinfo=UTC)
    # Where it is summer time in one year and not in the other, the clock on the wall says the same.
    assert a_year_after(datetime(2027, 3, 28, 12, tzinfo=MADRID), MADRID) == datetime(
        2028, 3, 28, 12, tzinfo=MADRID
    )


def test_the_year_on_a_tier_and_its_price() -> None:
    assert [year_of(START + days * DAY, START) for days in (-400, 0, 334, 335, 365, 730)] == [
        0,
        0,
        0,
        1,
        1,
        2,
    ]
    assert [price_of_year([50_000, 30_000], year) for year in (0, 1, 9)] == [50_000, 30_000, 30_000]
    assert price_of_year([], 0) is None


def test_what_is_left_of_a_price() -> None:
    ends = START + 365 * DAY
    assert unused_cents(36_500, START, ends, START - DAY) == 36_500
    assert unused_cents(36_500, START, ends, START + 73 * DAY) == 29_200
    assert unused_cents(100, START, ends, START + timedelta(hours=1)) == 99
    assert unused_cents(36_500, START, ends, ends) == 0


moments = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  given a zone beside
zones = st.sampled_from([UTC, MADRID, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/St_Johns")])


@given(moments, zones, st.integers(0, 40))
def test_reminders_come_in_their_order_and_before_what_they_speak_of(
    ends: datetime, zone: ZoneInfo, grace: int
) -> None:
    policy = Policy(membership_grace_days=grace)
    due = [reminded_at(step, ends, policy, zone) for step in Reminder]
    assert due == sorted(due)
    assert due[3] <= ends
    assert due[4] <= works_until(ends, policy)
    # What the first mail says is true when it is sent.
    assert state(due[0], Term(key=1, starts=ends - 400 * DAY, ends=ends)) is State.ENDING


@pytest.mark.slow
@given(moments, zones, st.integers(0, 40), st.integers(1, 48))
def test_whatever_the_pace_of_the_worker_each_is_sent_once(
    ends: datetime, zone: ZoneInfo, grace: int, hours: int
) -> None:
    policy = Policy(membership_grace_days=grace)
    sent: list[str] = []
    now = ends - 40 * DAY
    while now < ends + 80 * DAY:
        step = due_reminder(now, ends, policy, zone, sent)
        if step is not None:
            sent.append(step)
        now += timedelta(hours=hours)
    assert len(sent) == len(set(sent))
    assert sent == sorted(sent, key=list(Reminder).index)
    # One that looks every second day and a grace of some days: nobody misses one.
    if grace > 2:
        assert sent == list(Reminder)


@given(moments, st.integers(1, 10_000), st.integers(1, 1000), st.integers(0, 1000))
def test_what_is_left_never_grows(start: datetime, cents: int, days: int, later: int) -> None:
    ends = start + days * DAY
    left = [unused_cents(cents, start, ends, start + timedelta(days=d)) for d in (later, later + 1)]
    assert cents >= left[0] >= left[1] >= 0
