"""Meters: what is shown is what is enforced."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Granted
from quotas.limits import GIGABYTE, LimitName, Limits, Policy, TierLimits, limits_of
from quotas.meters import (
    Level,
    Meter,
    at_once_meter,
    group_meter,
    hosts_meter,
    large_sessions_meter,
    rooms_meter,
    sitting_meter,
    storage_meter,
)
from quotas.rules import may_add_host, may_create_room, may_gather, may_join, may_record, may_start_meeting
from quotas.sittings import Sitting

MINUTE = timedelta(minutes=1)
NOON = datetime.fromisoformat("2026-11-21T12:00:00Z")


def test_a_meter_tells_what_is_used_and_left(session_organiser: TierLimits, policy: Policy) -> None:
    meter = rooms_meter(limits_of(session_organiser), policy, used=2)
    assert meter == Meter(limit_name=LimitName.ROOMS, used=2, limit=5, fraction=0.4, level=Level.OK)
    assert meter.left == 3


@pytest.mark.parametrize(("used", "level"), [(0, "ok"), (3, "ok"), (4, "warn"), (5, "full"), (8, "full")])
def test_a_meter_warns_from_eighty_percent_and_is_full_from_a_hundred(
    session_organiser: TierLimits, policy: Policy, used: int, level: str
) -> None:
    assert rooms_meter(limits_of(session_organiser), policy, used=used).level == level


def test_above_the_limit_nothing_is_left(session_organiser: TierLimits, policy: Policy) -> None:
    meter = rooms_meter(limits_of(session_organiser), policy, used=10)
    assert (meter.fraction, meter.left) == (2.0, 0)


def test_unlimited_is_never_full_and_nothing_is_left_to_count(
    co_producer: TierLimits, policy: Policy
) -> None:
    meter = rooms_meter(limits_of(co_producer), policy, used=10_000)
    assert (meter.limit, meter.fraction, meter.level, meter.left) == (None, 0.0, Level.OK, None)


def test_what_a_tier_does_not_have_is_off_and_only_full_when_something_is_there(
    free: TierLimits, policy: Policy
) -> None:
    limits = limits_of(free)
    off = storage_meter(limits, policy, stored_bytes=0, reserved_bytes=0)
    left_over = storage_meter(limits, policy, stored_bytes=5, reserved_bytes=0)
    assert (off.level, off.fraction, left_over.level, left_over.fraction) == ("off", 1.0, "full", 1.0)
    assert large_sessions_meter(limits, policy, used=0).level is Level.OFF


def test_reservations_of_running_meetings_show_as_used(session_organiser: TierLimits, policy: Policy) -> None:
    meter = storage_meter(
        limits_of(session_organiser), policy, stored_bytes=140_000_000, reserved_bytes=500_000_000
    )
    assert (meter.used, meter.limit, meter.level) == (640_000_000, GIGABYTE, Level.OK)


def test_storage_is_full_when_not_even_a_minute_fits(session_organiser: TierLimits, policy: Policy) -> None:
    def level(free_bytes: int) -> Level:
        stored = GIGABYTE - free_bytes
        return storage_meter(
            limits_of(session_organiser), policy, stored_bytes=stored, reserved_bytes=0
        ).level

    assert (level(8_333_334), level(8_333_333)) == (Level.WARN, Level.FULL)


def test_the_minutes_of_a_running_meeting_run_on_the_meter(free: TierLimits, policy: Policy) -> None:
    before = Sitting(used=20 * MINUTE, last_ended_at=NOON)
    running = {"sitting": before, "running_since": NOON + 5 * MINUTE, "now": NOON + 30 * MINUTE}
    assert sitting_meter(limits_of(free), policy, **running).used == 45
    assert sitting_meter(limits_of(free), policy, **running, continues_sitting=False).used == 25
    assert sitting_meter(limits_of(free), policy, **running).limit_name is LimitName.MEETING_MINUTES


def test_a_sitting_that_is_over_leaves_the_meter_empty(free: TierLimits, policy: Policy) -> None:
    spent = Sitting(used=60 * MINUTE, last_ended_at=NOON)
    meters = [sitting_meter(limits_of(free), policy, now=NOON + m * MINUTE, sitting=spent) for m in (9, 10)]
    assert [(meter.used, meter.level) for meter in meters] == [(60, Level.FULL), (0, Level.OK)]


def test_a_group_is_full_for_guests_while_the_hosts_place_is_kept(policy: Policy) -> None:
    assert group_meter(10, policy, present=9, hosts_present=0).level is Level.FULL
    assert group_meter(10, policy, present=9, hosts_present=1).level is Level.WARN
    assert group_meter(None, policy, present=900, hosts_present=1).level is Level.OK


@given(
    limits=st.from_type(Limits),
    policy=st.from_type(Policy),
    used=st.integers(0, 8),
    stored=st.integers(0, 3 * GIGABYTE),
    sitting=st.from_type(Sitting) | st.none(),
)
def test_a_meter_is_full_or_off_exactly_when_its_rule_refuses(
    limits: Limits, policy: Policy, used: int, stored: int, sitting: Sitting | None
) -> None:
    only_at_once = limits.overridden(rooms=None, group_size=None, meeting_minutes=None)
    only_length = limits.overridden(rooms=None, group_size=None, at_once=None)
    only_large = limits.overridden(group_size=9, large_session_people=None)
    shown_and_enforced = [
        (rooms_meter(limits, policy, used=used), may_create_room(limits, used)),
        (hosts_meter(limits, policy, used=used), may_add_host(limits, used)),
        (
            at_once_meter(limits, policy, now=NOON, at_once=used),
            may_start_meeting(only_at_once, policy, now=NOON, at_once=used, sitting=None),
        ),
        (
            sitting_meter(limits, policy, now=NOON, sitting=sitting),
            may_start_meeting(only_length, policy, now=NOON, at_once=0, sitting=sitting),
        ),
        (
            storage_meter(limits, policy, stored_bytes=stored, reserved_bytes=used),
            may_record(limits, policy, left=1, minutes=1, stored_bytes=stored, reserved_bytes=used),
        ),
        (
            large_sessions_meter(limits, policy, used=used),
            may_gather(only_large, people=10, large_sessions=used),
        ),
        (
            group_meter(limits.group_size, policy, present=used, hosts_present=min(used, 1)),
            may_join(limits.group_size, present=used, hosts_present=min(used, 1), is_host=False),
        ),
    ]
    for meter, decision in shown_and_enforced:
        assert (meter.level in {Level.OK, Level.WARN}) is isinstance(decision, Granted), meter
        assert meter.limit == limits.of(meter.limit_name)
        assert meter.level is Level.FULL or meter.limit is None or meter.used <= meter.limit
