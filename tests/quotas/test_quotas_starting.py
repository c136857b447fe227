"""Starting: bans, read-only rooms, meetings at once, group size and large sessions."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from quotas.decisions import Decision, Granted, MeetingTerms, Reason, RecordingTerms, Refused
from quotas.limits import Limits, Policy, TierLimits, limits_of
from quotas.moments import NaiveMomentError
from quotas.rules import is_large_session, may_gather, may_start_meeting

HOUR = timedelta(hours=1)


def start(limits: Limits, now: datetime, **request: object) -> Decision[MeetingTerms]:
    return may_start_meeting(limits, Policy(), **({"now": now, "at_once": 0, "sitting": None} | request))


def reason(decision: Decision[object]) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


def test_a_start_on_free_is_granted_an_hour_for_ten_without_recording(
    free: TierLimits, noon: datetime
) -> None:
    assert start(limits_of(free), noon) == Granted(
        MeetingTerms(minutes=60, people=10, recorded=False, continues_sitting=False, reserved_bytes=0)
    )


def test_the_second_meeting_at_once_is_refused_until_the_first_ends(free: TierLimits, noon: datetime) -> None:
    assert start(limits_of(free), noon, at_once=1, earliest_end=noon + HOUR) == Refused(
        reason=Reason.AT_ONCE, limit=1, used=1, asked=1, frees_at=noon + HOUR
    )
    assert start(limits_of(free), noon, at_once=1) == Refused(
        reason=Reason.AT_ONCE, limit=1, used=1, asked=1, frees_at=None
    )


@pytest.mark.parametrize(("at_once", "granted"), [(5, True), (6, False), (7, False)])
def test_a_consumer_with_three_hosts_holds_six_meetings_at_once(
    *, consumer: TierLimits, noon: datetime, at_once: int, granted: bool
) -> None:
    decision = start(limits_of(consumer, hosts=3), noon, at_once=at_once)
    assert isinstance(decision, Granted) is granted


def test_a_co_producer_holds_any_number_at_once(co_producer: TierLimits, noon: datetime) -> None:
    assert reason(start(limits_of(co_producer), noon, at_once=10_000)) is None


def test_the_moment_a_place_frees_up_is_given_in_utc_and_never_without_a_zone(
    free: TierLimits, noon: datetime
) -> None:
    end = noon.astimezone(ZoneInfo("Europe/Madrid"))
    refused = start(limits_of(free), noon, at_once=1, earliest_end=end)
    assert isinstance(refused, Refused)
    assert refused.frees_at is not None
    assert (refused.frees_at, refused.frees_at.tzname()) == (end, "UTC")
    with pytest.raises(NaiveMomentError):
        start(limits_of(free), noon, at_once=0, earliest_end=noon.replace(tzinfo=None))
    with pytest.raises(NaiveMomentError):
        Refused(reason=Reason.AT_ONCE, limit=1, used=1, asked=1, frees_at=noon.replace(tzinfo=None))


def test_a_banned_holder_starts_nothing(co_producer: TierLimits, noon: datetime) -> None:
    assert start(limits_of(co_producer), noon, banned=True) == Refused(
        reason=Reason.HOLDER_BANNED, limit=0, used=0, asked=1
    )


def test_a_room_above_the_cap_is_not_started(session_organiser: TierLimits, noon: datetime) -> None:
    limits = limits_of(session_organiser)
    assert reason(start(limits, noon, newer_rooms=4)) is None
    assert start(limits, noon, newer_rooms=5) == Refused(
        reason=Reason.ROOM_READ_ONLY, limit=5, used=5, asked=1
    )


def test_the_reason_told_is_the_one_that_waiting_helps_least(free: TierLimits, noon: datetime) -> None:
    everything = {"banned": True, "newer_rooms": 1, "at_once": 1, "people": 11, "record": True}
    told = []
    for wrong in everything:
        told.append(reason(start(limits_of(free), noon, **everything)))
        everything = {name: value for name, value in everything.items() if name != wrong}
    assert told == [
        Reason.HOLDER_BANNED,
        Reason.ROOM_READ_ONLY,
        Reason.AT_ONCE,
        Reason.GROUP_SIZE,
        Reason.RECORDING_OFF,
    ]


def test_a_host_may_ask_for_less_time_and_fewer_people(free: TierLimits, noon: datetime) -> None:
    granted = start(limits_of(free), noon, minutes=30, people=5)
    assert isinstance(granted, Granted)
    assert (granted.terms.minutes, granted.terms.people) == (30, 5)


def test_asking_for_more_time_than_is_left_gives_what_is_left(free: TierLimits, noon: datetime) -> None:
    granted = start(limits_of(free), noon, minutes=90)
    assert isinstance(granted, Granted)
    assert granted.terms.minutes == 60


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("what", ["minutes", "people"])
@pytest.mark.parametrize("record", [True, False])
def test_what_bbb_would_read_as_unlimited_cannot_be_asked_for(
    *, consumer: TierLimits, noon: datetime, number: int, what: str, record: bool
) -> None:
    with pytest.raises(ValueError, match=f"{number} {what} asked for"):
        start(limits_of(consumer), noon, record=record, **{what: number})


@pytest.mark.parametrize(("minutes", "people"), [(0, 5), (5, 0)])
def test_terms_of_nothing_cannot_be_made(minutes: int, people: int) -> None:
    with pytest.raises(ValueError, match="terms of 0"):
        MeetingTerms(
            minutes=minutes, people=people, recorded=False, continues_sitting=False, reserved_bytes=0
        )
    with pytest.raises(ValueError, match="terms of 0"):
        RecordingTerms(minutes=0, reserved_bytes=0)


def test_a_group_size_of_nothing_is_refused_and_never_sent_as_unlimited(
    free: TierLimits, noon: datetime
) -> None:
    limits = limits_of(free).overridden(group_size=0)
    nobody = Refused(reason=Reason.GROUP_SIZE, limit=0, used=0, asked=1)
    assert start(limits, noon) == nobody
    assert start(limits, noon, people=1) == nobody
    assert start(limits.overridden(large_sessions_per_month=2), noon) == nobody


def test_a_meeting_is_a_large_session_above_fifty_people(policy: Policy) -> None:
    assert [is_large_session(people, policy) for people in (50, 51, None)] == [False, True, True]


def test_who_has_no_large_sessions_is_refused_more_than_the_group_size(
    session_organiser: TierLimits, noon: datetime
) -> None:
    limits = limits_of(session_organiser)
    assert may_gather(limits, people=25) == Granted(25)
    assert start(limits, noon, people=26) == Refused(reason=Reason.GROUP_SIZE, limit=25, used=0, asked=26)


def test_a_consumer_has_two_large_sessions_a_month_for_up_to_150(
    consumer: TierLimits, noon: datetime
) -> None:
    limits, month_ends = limits_of(consumer), noon + 200 * HOUR
    granted = start(limits, noon, people=150, large_sessions=1, month_ends=month_ends)
    assert isinstance(granted, Granted)
    assert (granted.terms.people, granted.terms.large_session, granted.terms.above_group_size) == (
        150,
        True,
        True,
    )
    assert start(limits, noon, people=151, large_sessions=1) == Refused(
        reason=Reason.LARGE_SESSION_PEOPLE, limit=150, used=0, asked=151
    )
    assert start(limits, noon, people=51, large_sessions=2, month_ends=month_ends) == Refused(
        reason=Reason.LARGE_SESSIONS, limit=2, used=2, asked=1, frees_at=month_ends
    )
    assert reason(start(limits, noon, people=50, large_sessions=2)) is None


def test_a_co_producers_hundred_asks_the_calendar_but_uses_none_of_its_four(
    co_producer: TierLimits, noon: datetime
) -> None:
    granted = start(limits_of(co_producer), noon, large_sessions=4)
    assert isinstance(granted, Granted)
    assert (granted.terms.people, granted.terms.large_session, granted.terms.above_group_size) == (
        100,
        True,
        False,
    )
    assert reason(start(limits_of(co_producer), noon, people=101, large_sessions=4)) is Reason.LARGE_SESSIONS


def test_large_sessions_without_limits_are_for_any_number(consumer: TierLimits) -> None:
    limits = limits_of(consumer).overridden(large_sessions_per_month=None, large_session_people=None)
    assert may_gather(limits, people=100_000, large_sessions=1000) == Granted(100_000)


def test_a_meeting_without_a_cap_is_granted_any_number(consumer: TierLimits) -> None:
    limits = limits_of(consumer).overridden(group_size=None)
    assert may_gather(limits) == Granted(None)
    assert may_gather(limits, people=100_000) == Granted(100_000)
