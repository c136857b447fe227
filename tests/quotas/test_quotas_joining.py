"""Joining: everyone counts, and one place is kept for the host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.decisions import Granted, Reason, Refused
from quotas.limits import TierLimits
from quotas.rules import may_join


def gets_in(group_size: int | None, *, present: int, hosts_present: int, is_host: bool) -> bool:
    decision = may_join(group_size, present=present, hosts_present=hosts_present, is_host=is_host)
    return isinstance(decision, Granted)


@pytest.mark.parametrize(
    ("present", "hosts_present", "guest", "host"),
    [
        (0, 0, True, True),
        (8, 0, True, True),
        (9, 0, False, True),
        (9, 1, True, True),
        (10, 1, False, False),
        (10, 10, False, False),
        (11, 1, False, False),
    ],
)
def test_a_room_of_ten_keeps_its_last_place_for_the_host(
    *, free: TierLimits, present: int, hosts_present: int, guest: bool, host: bool
) -> None:
    at = {"present": present, "hosts_present": hosts_present}
    assert gets_in(free.group_size, **at, is_host=False) is guest
    assert gets_in(free.group_size, **at, is_host=True) is host


def test_a_full_room_says_how_many_are_in_and_how_many_may_be(free: TierLimits) -> None:
    assert may_join(free.group_size, present=10, hosts_present=1, is_host=False) == Refused(
        reason=Reason.GROUP_FULL, limit=10, used=10, asked=1
    )
    assert may_join(free.group_size, present=9, hosts_present=0, is_host=False) == Refused(
        reason=Reason.GROUP_FULL, limit=10, used=9, asked=1
    )


def test_who_is_in_already_comes_back_to_a_full_room() -> None:
    assert may_join(10, present=10, hosts_present=1, is_host=False, already_in=True) == Granted(None)


def test_a_meeting_without_a_cap_is_never_full() -> None:
    assert gets_in(None, present=100_000, hosts_present=0, is_host=False)


def test_a_meeting_for_one_is_for_the_host_alone() -> None:
    assert not gets_in(1, present=0, hosts_present=0, is_host=False)
    assert gets_in(1, present=0, hosts_present=0, is_host=True)
    assert not gets_in(1, present=1, hosts_present=1, is_host=False)


@given(
    group_size=st.integers(1, 6),
    comings=st.lists(st.sampled_from(["guest in", "host in", "guest out", "host out"]), max_size=60),
)
def test_whoever_comes_and_goes_the_cap_holds_and_the_host_finds_a_place(
    group_size: int, comings: list[str]
) -> None:
    inside = {"guest": 0, "host": 0}
    for who, way in (coming.split() for coming in comings):
        present = sum(inside.values())
        at = {"present": present, "hosts_present": inside["host"]}
        if way == "out":
            inside[who] = max(0, inside[who] - 1)
        elif gets_in(group_size, **at, is_host=who == "host"):
            inside[who] += 1
        assert sum(inside.values()) <= group_size
        if inside["host"] == 0:
            assert gets_in(group_size, present=inside["guest"], hosts_present=0, is_host=True)


@given(
    group_size=st.integers(0, 12),
    more=st.integers(1, 5) | st.none(),
    present=st.integers(0, 15),
    hosts_present=st.integers(0, 3),
    is_host=st.booleans(),
)
def test_a_raised_cap_never_shuts_anyone_out(
    *, group_size: int, more: int | None, present: int, hosts_present: int, is_host: bool
) -> None:
    at = {"present": present, "hosts_present": min(present, hosts_present), "is_host": is_host}
    if gets_in(group_size, **at):
        assert gets_in(None if more is None else group_size + more, **at)
