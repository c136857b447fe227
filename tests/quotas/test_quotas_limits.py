"""Limits: from a tier and its hosts, with overrides on top."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Reason
from quotas.limits import GIGABYTE, LimitName, Limits, Policy, TierLimits, is_more, limits_of, tiers_with_more


def test_a_gigabyte_is_a_thousand_million_bytes() -> None:
    assert GIGABYTE == 1_000_000_000


def test_a_person_on_free_has_what_the_table_says(free: TierLimits) -> None:
    assert limits_of(free) == Limits(
        meeting_minutes=60,
        group_size=10,
        rooms=1,
        at_once=1,
        storage_bytes=0,
        large_sessions_per_month=0,
        large_session_people=0,
    )


def test_a_consumer_with_three_hosts_has_rooms_and_meetings_per_host_and_seven_gigabytes(
    consumer: TierLimits,
) -> None:
    assert limits_of(consumer, hosts=3) == Limits(
        meeting_minutes=1440,
        group_size=50,
        rooms=60,
        at_once=6,
        storage_bytes=7_000_000_000,
        large_sessions_per_month=2,
        large_session_people=150,
    )


def test_what_is_unlimited_for_one_host_is_unlimited_for_many(co_producer: TierLimits) -> None:
    limits = limits_of(co_producer, hosts=4)
    assert (limits.rooms, limits.at_once, limits.storage_bytes) == (None, None, 8 * GIGABYTE)


@pytest.mark.parametrize(
    ("first", "further", "hosts", "storage"),
    [
        (5, 1, 1, 5),
        (5, 1, 2, 6),
        (5, 1, 0, 0),
        (5, None, 0, 0),
        (5, None, 1, 5),
        (5, None, 2, None),
        (None, 1, 0, None),
        (None, 1, 3, None),
    ],
)
def test_storage_is_the_first_hosts_share_and_one_for_each_further_host(
    consumer: TierLimits, first: int | None, further: int | None, hosts: int, storage: int | None
) -> None:
    tier = TierLimits(**vars(consumer) | {"storage_first_host": first, "storage_further_host": further})
    assert limits_of(tier, hosts).storage_bytes == storage


def test_without_a_host_nothing_is_left_of_what_is_counted_per_host(consumer: TierLimits) -> None:
    limits = limits_of(consumer, hosts=0)
    assert (limits.rooms, limits.at_once, limits.storage_bytes, limits.group_size) == (0, 0, 0, 50)


def test_fewer_hosts_than_none_is_a_mistake(consumer: TierLimits) -> None:
    with pytest.raises(ValueError, match="-1 hosts"):
        limits_of(consumer, hosts=-1)


def test_an_override_changes_its_limits_and_no_other(free: TierLimits) -> None:
    limits = limits_of(free)
    assert limits.overridden(rooms=None, meeting_minutes=90) == Limits(
        **vars(limits) | {"rooms": None, "meeting_minutes": 90}
    )


def test_an_override_of_something_that_is_no_limit_is_a_mistake(free: TierLimits) -> None:
    with pytest.raises(TypeError, match="cats"):
        limits_of(free).overridden(cats=3)


@pytest.mark.parametrize("name", LimitName)
def test_no_limit_is_below_zero(free: TierLimits, name: LimitName) -> None:
    with pytest.raises(ValueError, match=f"{name} is -1"):
        limits_of(free).overridden(**{name: -1})


def test_no_figure_of_a_tier_or_a_policy_is_below_zero(free: TierLimits) -> None:
    with pytest.raises(ValueError, match="group_size is -1"):
        TierLimits(**vars(free) | {"group_size": -1})
    with pytest.raises(ValueError, match="sitting_gap_minutes is -1"):
        Policy(sitting_gap_minutes=-1)


def test_an_estimate_of_nothing_per_hour_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="recording_bytes_per_hour is 0"):
        Policy(recording_bytes_per_hour=0)


def test_the_policy_that_ships_is_the_one_of_the_domain(policy: Policy) -> None:
    assert policy.sitting_gap_minutes == 10
    assert policy.large_session_above == 50
    assert policy.recording_bytes_per_hour == 500_000_000
    assert policy.membership_grace_days == 14
    assert policy.retention_grace_days == 90
    assert policy.warn_at_percent == 80


@pytest.mark.parametrize(
    ("offered", "than", "more"),
    [(2, 1, True), (1, 1, False), (0, 1, False), (None, 1, True), (None, None, False), (1, None, False)],
)
def test_unlimited_is_more_than_every_number_and_nothing_is_more_than_unlimited(
    *, offered: int | None, than: int | None, more: bool
) -> None:
    assert is_more(offered, than) is more


def test_the_tiers_with_more_of_a_limit_are_named_in_the_order_offered(
    free: TierLimits, session_organiser: TierLimits, consumer: TierLimits, co_producer: TierLimits
) -> None:
    offers = {
        "free": limits_of(free),
        "session-organiser": limits_of(session_organiser),
        "consumer": limits_of(consumer),
        "co-producer": limits_of(co_producer),
    }
    of_organiser = offers["session-organiser"]
    assert tiers_with_more(LimitName.ROOMS, of_organiser, offers) == ["consumer", "co-producer"]
    assert tiers_with_more(LimitName.ROOMS, offers["co-producer"], offers) == []


def test_every_reason_but_a_ban_names_the_limit_that_refused() -> None:
    assert [reason for reason in Reason if reason.limit_name is None] == [Reason.HOLDER_BANNED]
    assert Reason.AT_ONCE.limit_name is LimitName.AT_ONCE
    assert Reason.STORAGE_FULL.limit_name is LimitName.STORAGE_BYTES


@given(tier=st.from_type(TierLimits), hosts=st.integers(0, 9), further=st.integers(1, 9))
def test_a_further_host_never_takes_anything_away(tier: TierLimits, hosts: int, further: int) -> None:
    before, then = limits_of(tier, hosts), limits_of(tier, hosts + further)
    assert not [name for name in LimitName if is_more(before.of(name), then.of(name))]


@given(
    tier=st.from_type(TierLimits),
    name=st.sampled_from(sorted(TierLimits.__dataclass_fields__)),
    more=st.integers(1, 9) | st.none(),
    hosts=st.integers(0, 9),
)
def test_a_raised_figure_of_a_tier_never_lowers_a_limit(
    tier: TierLimits, name: str, more: int | None, hosts: int
) -> None:
    figure = getattr(tier, name)
    raised = TierLimits(**vars(tier) | {name: None if figure is None or more is None else figure + more})
    before, then = limits_of(tier, hosts), limits_of(raised, hosts)
    assert not [limit for limit in LimitName if is_more(before.of(limit), then.of(limit))]
