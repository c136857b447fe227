"""Recording: a meeting is recorded only if all of it fits, and no byte is promised twice."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Decision, Granted, MeetingTerms, Reason, RecordingTerms, Refused
from quotas.limits import GIGABYTE, Limits, Policy, TierLimits, limits_of
from quotas.rules import longest_recorded_minutes, may_record, may_start_meeting
from quotas.sittings import Sitting
from quotas.storage import (
    ChargedBytes,
    RecordingSizes,
    charged_bytes,
    estimated_bytes,
    excess_bytes,
    headroom,
    recordable_minutes,
    reservation,
)

HALF = GIGABYTE // 2


def start(limits: Limits, now: datetime, **request: object) -> Decision[MeetingTerms]:
    asked = {"now": now, "at_once": 0, "sitting": None, "record": True} | request
    return may_start_meeting(limits, Policy(), **asked)


def test_an_hour_of_recording_is_estimated_at_500_megabytes_rounded_up(policy: Policy) -> None:
    assert estimated_bytes(60, policy) == 500_000_000
    assert estimated_bytes(1, policy) == 8_333_334
    assert recordable_minutes(8_333_334, policy) == 1
    assert recordable_minutes(8_333_333, policy) == 0
    assert recordable_minutes(None, policy) is None


def test_the_free_tier_records_nothing_and_starts_without(free: TierLimits, noon: datetime) -> None:
    assert start(limits_of(free), noon) == Refused(
        reason=Reason.RECORDING_OFF, limit=0, used=0, asked=125_000_000
    )
    assert isinstance(start(limits_of(free), noon, record=False), Granted)
    assert longest_recorded_minutes(limits_of(free), Policy(), now=noon, sitting=None) == 0


def test_a_session_organisers_gigabyte_records_two_of_the_three_hours(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser)
    assert longest_recorded_minutes(limits, Policy(), now=noon, sitting=None) == 120
    assert start(limits, noon) == Granted(
        MeetingTerms(minutes=120, people=25, recorded=True, continues_sitting=False, reserved_bytes=GIGABYTE)
    )


def test_a_host_who_insists_on_three_recorded_hours_is_refused_and_may_go_without(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser)
    assert start(limits, noon, minutes=180) == Refused(
        reason=Reason.STORAGE_FULL, limit=GIGABYTE, used=0, asked=1_500_000_000
    )
    without = start(limits, noon, minutes=180, record=False)
    assert isinstance(without, Granted)
    assert (without.terms.minutes, without.terms.reserved_bytes) == (180, 0)


def test_a_recording_that_may_not_be_made_shorter_fits_as_a_whole_or_not_at_all(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser)
    assert start(limits, noon, shorten=False) == Refused(
        reason=Reason.STORAGE_FULL, limit=GIGABYTE, used=0, asked=1_500_000_000
    )
    roomy = start(limits.overridden(storage_bytes=1_500_000_000), noon, shorten=False)
    assert isinstance(roomy, Granted)
    assert (roomy.terms.minutes, roomy.terms.reserved_bytes) == (180, 1_500_000_000)
    chosen = start(limits, noon, shorten=False, minutes=120)
    assert isinstance(chosen, Granted)
    assert chosen.terms.minutes == 120


def test_the_last_byte_can_be_promised_and_the_one_after_it_not(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser)
    granted = start(limits, noon, minutes=60, stored_bytes=200_000_000, reserved_bytes=300_000_000)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (60, HALF)
    assert start(limits, noon, minutes=60, stored_bytes=200_000_001, reserved_bytes=300_000_000) == Refused(
        reason=Reason.STORAGE_FULL, limit=GIGABYTE, used=500_000_001, asked=HALF
    )


def test_without_a_length_asked_for_a_quarter_of_an_hour_must_fit(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits, least = limits_of(session_organiser), 125_000_000
    granted = start(limits, noon, stored_bytes=GIGABYTE - least)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (15, least)
    assert start(limits, noon, stored_bytes=GIGABYTE - least + 1) == Refused(
        reason=Reason.STORAGE_FULL, limit=GIGABYTE, used=GIGABYTE - least + 1, asked=least
    )
    shorter = start(limits, noon, stored_bytes=GIGABYTE - least + 1, minutes=14)
    assert isinstance(shorter, Granted)
    assert shorter.terms.minutes == 14


def test_a_least_of_nothing_still_means_one_minute(session_organiser: TierLimits) -> None:
    none_at_least = Policy(recording_least_minutes=0)
    decision = may_record(limits_of(session_organiser), none_at_least, left=60, stored_bytes=GIGABYTE)
    assert decision == Refused(reason=Reason.STORAGE_FULL, limit=GIGABYTE, used=GIGABYTE, asked=8_333_334)


def test_a_short_rest_of_a_sitting_reserves_only_that_rest(consumer: TierLimits, noon: datetime) -> None:
    rest = Sitting(used=timedelta(minutes=1430), last_ended_at=noon)
    granted = start(limits_of(consumer), noon, sitting=rest)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (10, 83_333_334)
    assert longest_recorded_minutes(limits_of(consumer), Policy(), now=noon, sitting=rest) == 10


def test_a_consumers_first_host_records_ten_hours_and_each_further_host_adds_two(
    consumer: TierLimits, noon: datetime
) -> None:
    for hosts, hours in ((1, 10), (2, 12), (8, 24), (20, 24)):
        granted = start(limits_of(consumer, hosts), noon)
        assert isinstance(granted, Granted)
        assert granted.terms.minutes == hours * 60


def test_an_endless_meeting_is_recorded_as_long_as_the_storage_holds(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser).overridden(meeting_minutes=None)
    granted = start(limits, noon, stored_bytes=HALF)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (60, HALF)


def test_with_unlimited_storage_the_length_is_the_sittings(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser).overridden(storage_bytes=None)
    granted = start(limits, noon, stored_bytes=10**15)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (180, 1_500_000_000)


def test_with_no_limit_at_all_a_recorded_meeting_reserves_a_day(
    session_organiser: TierLimits, noon: datetime, policy: Policy
) -> None:
    limits = limits_of(session_organiser).overridden(storage_bytes=None, meeting_minutes=None)
    granted = start(limits, noon)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.reserved_bytes) == (None, 12 * GIGABYTE)
    assert longest_recorded_minutes(limits, policy, now=noon, sitting=None) is None
    assert reservation(None, policy) == 12 * GIGABYTE


def test_above_the_quota_there_is_no_headroom_and_the_excess_is_told() -> None:
    assert headroom(GIGABYTE, HALF, HALF + 1) == 0
    assert headroom(None, HALF, HALF) is None
    assert [excess_bytes(limit, 7) for limit in (5, 7, 9, None)] == [2, 0, 0, 0]


@pytest.mark.parametrize(
    ("formats", "size", "raw_size", "charged", "estimated"),
    [
        ([6_291_456, 1_048_576], 7_340_032, 52_428_800, 7_340_032, False),
        ([6_291_456], None, None, 6_291_456, False),
        ([600_000_000, 0], 600_000_000, None, 600_000_000, True),  # left the video out: its estimate counts
        ([6_291_456, 0], 6_291_456, None, 250_000_000, True),
        ([6_291_456, None], 9_000_000, None, 9_000_000, False),
        ([], 9_000_000, None, 9_000_000, False),
        ([], 0, 0, 250_000_000, True),
        ([], None, None, 250_000_000, True),
        ([600_000_000, -5], None, None, 600_000_000, True),
        ([-5], -5, None, 250_000_000, True),
    ],
)
def test_a_recording_is_charged_its_formats_else_its_size_else_an_estimate(
    *,
    policy: Policy,
    formats: list[int | None],
    size: int | None,
    raw_size: int | None,
    charged: int,
    estimated: bool,
) -> None:
    sizes = RecordingSizes(formats=formats, size=size, raw_size=raw_size, length=timedelta(minutes=29.5))
    assert charged_bytes(sizes, policy) == ChargedBytes(bytes=charged, estimated=estimated)


def test_an_estimate_is_of_at_least_one_minute(policy: Policy) -> None:
    assert charged_bytes(RecordingSizes(), policy) == ChargedBytes(bytes=8_333_334, estimated=True)


@pytest.mark.parametrize(
    ("formats", "size", "charged"), [([6], None, 106), ([], 9, 109), ([], None, 8_333_434)]
)
def test_raw_data_counts_where_the_operator_says_so(
    formats: list[int | None], size: int | None, charged: int
) -> None:
    counting = Policy(count_raw_recordings=True)
    assert charged_bytes(RecordingSizes(formats=formats, size=size, raw_size=100), counting).bytes == charged
    without = charged_bytes(RecordingSizes(formats=formats, size=size), counting).bytes
    assert without == charged - 100


@given(minutes=st.integers(1, 2000), policy=st.from_type(Policy))
def test_what_is_estimated_for_some_minutes_holds_just_these_minutes(minutes: int, policy: Policy) -> None:
    estimate = estimated_bytes(minutes, policy)
    fits = recordable_minutes(estimate, policy)
    assert fits is not None
    assert estimated_bytes(fits, policy) <= estimate
    assert fits >= minutes
    if policy.recording_bytes_per_hour >= 60:
        assert recordable_minutes(estimate - 1, policy) == minutes - 1


@given(
    storage=st.integers(0, 3 * GIGABYTE),
    stored=st.integers(0, 2 * GIGABYTE),
    policy=st.from_type(Policy),
    asked=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300) | st.none()), max_size=8),
)
def test_recorded_meetings_at_once_are_never_promised_the_same_bytes(
    storage: int, stored: int, policy: Policy, asked: list[tuple[int, int | None]]
) -> None:
    limits = Limits(**dict.fromkeys(Limits.__dataclass_fields__) | {"storage_bytes": storage})
    promised: list[RecordingTerms] = []
    for left, minutes in asked:
        reserved = sum(terms.reserved_bytes for terms in promised)
        decision = may_record(
            limits, policy, left=left, minutes=minutes, stored_bytes=stored, reserved_bytes=reserved
        )
        if isinstance(decision, Granted):
            promised.append(decision.terms)
    if promised:
        produced = sum(estimated_bytes(terms.minutes or 0, policy) for terms in promised)
        assert all(terms.minutes for terms in promised)
        assert stored + produced <= storage


@given(
    limits=st.from_type(Limits),
    policy=st.from_type(Policy),
    sitting=st.from_type(Sitting) | st.none(),
    stored=st.integers(0, 3 * GIGABYTE),
    reserved=st.integers(0, GIGABYTE),
)
def test_the_longest_recorded_meeting_that_is_shown_is_granted_and_one_minute_more_is_not(
    limits: Limits, policy: Policy, sitting: Sitting | None, stored: int, reserved: int
) -> None:
    limits = limits.overridden(rooms=None, group_size=None, at_once=None)
    now = {"now": datetime.fromisoformat("2026-11-21T12:00:00Z"), "sitting": sitting}
    use = {"stored_bytes": stored, "reserved_bytes": reserved}
    longest = longest_recorded_minutes(limits, policy, **now, **use)
    if longest is None:
        assert isinstance(start(limits, **now, **use, minutes=10_000), Granted)
        return
    if longest > 0:
        assert isinstance(
            may_start_meeting(limits, policy, **now, **use, at_once=0, record=True, minutes=longest), Granted
        )
    more = may_start_meeting(limits, policy, **now, **use, at_once=0, record=True, minutes=longest + 1)
    assert isinstance(more, Refused) or more.terms.minutes == longest
