"""Rooms: how many a holder may have, and which of them stay open after a downgrade."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Granted, Reason, Refused
from quotas.limits import Limits, TierLimits, limits_of
from quotas.rules import is_read_only, may_create_room


def test_the_second_room_is_refused_on_the_free_tier(free: TierLimits) -> None:
    assert may_create_room(limits_of(free), 0) == Granted(None)
    assert may_create_room(limits_of(free), 1) == Refused(reason=Reason.ROOMS, limit=1, used=1, asked=1)


@pytest.mark.parametrize(("used", "granted"), [(4, True), (5, False), (6, False)])
def test_a_session_organiser_has_five_rooms(
    *, session_organiser: TierLimits, used: int, granted: bool
) -> None:
    assert isinstance(may_create_room(limits_of(session_organiser), used), Granted) is granted


@pytest.mark.parametrize(("used", "granted"), [(39, True), (40, False)])
def test_a_consumer_with_two_hosts_has_forty_rooms(*, consumer: TierLimits, used: int, granted: bool) -> None:
    assert isinstance(may_create_room(limits_of(consumer, hosts=2), used), Granted) is granted


def test_a_co_producer_has_as_many_rooms_as_it_wants(co_producer: TierLimits) -> None:
    assert may_create_room(limits_of(co_producer), 1_000_000) == Granted(None)


def test_after_a_downgrade_to_five_rooms_the_five_used_last_stay_open(
    session_organiser: TierLimits, co_producer: TierLimits
) -> None:
    newer_rooms = range(8)
    limits = limits_of(session_organiser)
    assert [newer for newer in newer_rooms if not is_read_only(limits, newer)] == [0, 1, 2, 3, 4]
    assert not is_read_only(limits_of(co_producer), 1_000_000)


@given(limits=st.from_type(Limits), rooms=st.integers(0, 9))
def test_a_holder_with_a_read_only_room_gets_no_further_one(limits: Limits, rooms: int) -> None:
    read_only = [newer for newer in range(rooms) if is_read_only(limits, newer)]
    if read_only:
        assert isinstance(may_create_room(limits, rooms), Refused)
    if isinstance(may_create_room(limits, rooms), Granted):
        assert not read_only
        assert not is_read_only(limits, rooms)
