"""Hosts: the seats of an organisation's membership."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Granted, Reason, Refused
from quotas.limits import LimitName, Limits, TierLimits, limits_of
from quotas.rules import may_add_host


@pytest.mark.parametrize(("used", "granted"), [(0, True), (2, True), (3, False), (4, False)])
def test_an_organisation_with_three_seats_has_three_hosts(
    *, consumer: TierLimits, used: int, granted: bool
) -> None:
    assert isinstance(may_add_host(limits_of(consumer, used, seats=3), used), Granted) is granted


def test_the_refusal_says_how_many_seats_there_are_and_how_many_are_taken(consumer: TierLimits) -> None:
    refused = may_add_host(limits_of(consumer, 4, seats=3), 4)
    assert refused == Refused(reason=Reason.HOSTS, limit=3, used=4, asked=1)
    assert refused.reason.limit_name is LimitName.HOSTS


def test_without_a_number_of_seats_there_are_as_many_as_wanted(consumer: TierLimits) -> None:
    assert limits_of(consumer, 2).hosts is None
    assert may_add_host(limits_of(consumer, 2), 1_000_000) == Granted(None)


@given(
    limits=st.from_type(Limits),
    name=st.sampled_from(LimitName),
    more=st.none() | st.integers(1, 9),
    used=st.integers(0, 9),
)
def test_a_raised_limit_never_takes_a_seat_away(
    limits: Limits, name: LimitName, more: int | None, used: int
) -> None:
    limit = limits.of(name)
    raised = None if limit is None or more is None else limit + more
    if isinstance(may_add_host(limits, used), Granted):
        assert isinstance(may_add_host(limits.overridden(**{name: raised}), used), Granted)


@given(tier=st.from_type(TierLimits), hosts=st.integers(0, 9), seats=st.none() | st.integers(0, 9))
def test_seats_change_no_other_limit_and_days_come_from_the_tier(
    tier: TierLimits, hosts: int, seats: int | None
) -> None:
    limits = limits_of(tier, hosts, seats=seats)
    assert limits == limits_of(tier, hosts).overridden(hosts=seats)
    assert limits.recording_days == tier.recording_days
