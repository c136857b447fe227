"""Promises for every start: more limit is never less, terms stay within limits, refusals are true."""

from datetime import datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from quotas.decisions import Granted, Reason, Refused
from quotas.limits import GIGABYTE, LimitName, Limits, Policy
from quotas.rules import is_large_session, may_create_room, may_gather, may_record, may_start_meeting
from quotas.sittings import Sitting, used_now
from quotas.storage import estimated_bytes

NOON = datetime.fromisoformat("2026-11-21T12:00:00Z")
MINUTE = timedelta(minutes=1)

requests = st.fixed_dictionaries(
    {
        "now": st.just(NOON),
        "at_once": st.integers(0, 4),
        "sitting": st.from_type(Sitting) | st.none(),
        "earliest_end": st.none() | st.just(NOON + MINUTE),
        "record": st.booleans(),
        "stored_bytes": st.integers(0, 3 * GIGABYTE) | st.just(0),
        "reserved_bytes": st.integers(0, GIGABYTE) | st.just(0),
        "minutes": st.integers(1, 250) | st.none(),
        "people": st.integers(1, 250) | st.none(),
        "large_sessions": st.integers(0, 5),
        "month_ends": st.just(NOON + MINUTE),
        "newer_rooms": st.integers(0, 6),
        "banned": st.sampled_from([False] * 9 + [True]),
    }
)
generous = st.builds(
    lambda limits, *names: limits.overridden(**dict.fromkeys(names)),
    st.from_type(Limits),
    *[st.sampled_from(LimitName)] * 4,
)
"""limits of which some are unlimited, so that not every random request is refused"""


def raised(limits: Limits, name: LimitName, more: int | None) -> Limits:
    limit = limits.of(name)
    return limits.overridden(**{name: None if limit is None or more is None else limit + more})


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(
    limits=generous,
    name=st.sampled_from(LimitName),
    more=st.none() | st.integers(1, 300) | st.integers(1, GIGABYTE),
    policy=st.from_type(Policy) | st.just(Policy()),
    request=requests,
)
def test_a_raised_limit_never_turns_a_granted_start_into_a_refused_one(
    limits: Limits, name: LimitName, more: int | None, policy: Policy, request: dict[str, object]
) -> None:
    before = may_start_meeting(limits, policy, **request)
    then = may_start_meeting(raised(limits, name, more), policy, **request)
    event(type(before).__name__)
    if isinstance(before, Granted):
        assert isinstance(then, Granted)
        assert before.terms.minutes is None or (then.terms.minutes or 10**9) >= before.terms.minutes
        assert before.terms.people is None or (then.terms.people or 10**9) >= before.terms.people


@given(
    limits=st.from_type(Limits),
    name=st.sampled_from(LimitName),
    more=st.none() | st.integers(1, 300) | st.integers(1, GIGABYTE),
    used=st.integers(0, 6),
    people=st.integers(1, 250) | st.none(),
)
def test_a_raised_limit_never_takes_a_room_or_a_gathering_away(
    limits: Limits, name: LimitName, more: int | None, used: int, people: int | None
) -> None:
    higher = raised(limits, name, more)
    assert isinstance(may_create_room(limits, used), Refused) or isinstance(
        may_create_room(higher, used), Granted
    )
    assert isinstance(may_gather(limits, people=people, large_sessions=used), Refused) or isinstance(
        may_gather(higher, people=people, large_sessions=used), Granted
    )


@given(
    limits=st.from_type(Limits),
    more=st.none() | st.integers(1, GIGABYTE),
    policy=st.from_type(Policy),
    left=st.integers(1, 200),
    longer=st.none() | st.integers(0, 200),
    minutes=st.none() | st.integers(1, 250),
    stored=st.integers(0, GIGABYTE),
)
def test_more_storage_or_more_time_never_takes_a_recording_away(
    limits: Limits,
    more: int | None,
    policy: Policy,
    left: int,
    longer: int | None,
    minutes: int | None,
    stored: int,
) -> None:
    before = may_record(limits, policy, left=left, minutes=minutes, stored_bytes=stored)
    higher = raised(limits, LimitName.STORAGE_BYTES, more)
    time = None if longer is None else left + longer
    if isinstance(before, Granted):
        assert isinstance(
            may_record(higher, policy, left=time, minutes=minutes, stored_bytes=stored), Granted
        )


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(limits=generous, policy=st.from_type(Policy) | st.just(Policy()), request=requests)
def test_the_terms_granted_never_exceed_the_limits(
    limits: Limits, policy: Policy, request: dict[str, object]
) -> None:
    decision = may_start_meeting(limits, policy, **request)
    if isinstance(decision, Refused):
        return
    terms = decision.terms
    _assert_the_length_is_within(limits, policy, request, terms.minutes)
    if request["people"]:
        assert terms.people == request["people"]
    if not terms.above_group_size:
        assert limits.group_size is None or (terms.people or 10**9) <= limits.group_size
    else:
        assert limits.large_session_people is None or (terms.people or 10**9) <= limits.large_session_people
        assert limits.large_sessions_per_month is None or (
            request["large_sessions"] < limits.large_sessions_per_month
        )
    assert limits.at_once is None or request["at_once"] < limits.at_once
    assert limits.rooms is None or request["newer_rooms"] < limits.rooms
    assert terms.recorded is request["record"]
    assert terms.large_session is is_large_session(terms.people, policy)
    if terms.recorded and limits.storage_bytes is not None:
        promised = request["stored_bytes"] + request["reserved_bytes"] + terms.reserved_bytes
        assert promised <= limits.storage_bytes
        assert terms.minutes is not None
        assert terms.reserved_bytes == estimated_bytes(terms.minutes, policy)
    if not terms.recorded:
        assert terms.reserved_bytes == 0


def _assert_the_length_is_within(
    limits: Limits, policy: Policy, request: dict[str, object], minutes: int | None
) -> None:
    if minutes is None:
        assert limits.meeting_minutes is None
        assert request["minutes"] is None
        return
    used = used_now(request["sitting"], policy, NOON)
    assert minutes >= 1
    assert limits.meeting_minutes is None or minutes * MINUTE + used <= limits.meeting_minutes * MINUTE
    assert request["minutes"] is None or minutes <= request["minutes"]


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(limits=generous, policy=st.from_type(Policy), request=requests)
def test_every_refusal_is_true_what_was_asked_for_goes_beyond_the_limit(
    limits: Limits, policy: Policy, request: dict[str, object]
) -> None:
    refused = may_start_meeting(limits, policy, **request)
    if isinstance(refused, Granted):
        return
    event(refused.reason)
    assert refused.limit is not None
    assert refused.used + refused.asked > refused.limit
    assert refused.frees_at is None or refused.frees_at > NOON
    if refused.reason is Reason.HOLDER_BANNED:
        assert request["banned"]
        return
    assert refused.reason.limit_name is not None
    assert refused.limit == limits.of(refused.reason.limit_name)
