"""Sittings: restarting a room buys no time, waiting ten minutes does."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotas.decisions import Granted, MeetingTerms, Reason, Refused
from quotas.limits import Limits, Policy, TierLimits, limits_of
from quotas.moments import NaiveMomentError
from quotas.rules import may_start_meeting
from quotas.sittings import Sitting, Span, after, minutes_left, minutes_used, sitting_of, used_now

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def start(limits: Limits, sitting: Sitting | None, now: datetime) -> MeetingTerms | Refused:
    decision = may_start_meeting(limits, Policy(), now=now, at_once=0, sitting=sitting)
    return decision.terms if isinstance(decision, Granted) else decision


def sat(minutes: float, until: datetime) -> Sitting:
    return Sitting(used=timedelta(minutes=minutes), last_ended_at=until)


def test_ending_at_minute_59_and_starting_again_does_not_buy_another_hour(
    free: TierLimits, noon: datetime
) -> None:
    terms = start(limits_of(free), sat(59, noon), noon + MINUTE)
    assert isinstance(terms, MeetingTerms)
    assert (terms.minutes, terms.continues_sitting) == (1, True)


def test_waiting_ten_minutes_does(free: TierLimits, noon: datetime) -> None:
    terms = start(limits_of(free), sat(59, noon), noon + 10 * MINUTE)
    assert isinstance(terms, MeetingTerms)
    assert (terms.minutes, terms.continues_sitting) == (60, False)


def test_a_second_less_than_ten_minutes_is_still_the_same_sitting(free: TierLimits, noon: datetime) -> None:
    refused = start(limits_of(free), sat(60, noon), noon + 10 * MINUTE - SECOND)
    assert refused == Refused(
        reason=Reason.SITTING_SPENT, limit=60, used=60, asked=1, frees_at=noon + 10 * MINUTE
    )


def test_under_one_minute_left_is_spent_and_exactly_one_is_not(free: TierLimits, noon: datetime) -> None:
    refused = start(limits_of(free), sat(59 + 1 / 60, noon), noon + MINUTE)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.used) == (Reason.SITTING_SPENT, 60)
    assert isinstance(start(limits_of(free), sat(59, noon), noon + MINUTE), MeetingTerms)


def test_a_meeting_that_bbb_ended_late_has_used_what_it_really_lasted(
    free: TierLimits, noon: datetime
) -> None:
    refused = start(limits_of(free), sat(60.2, noon), noon)
    assert isinstance(refused, Refused)
    assert (refused.used, refused.frees_at) == (61, noon + 10 * MINUTE)


@pytest.mark.parametrize(("tier", "minutes"), [("free", 60), ("session_organiser", 180), ("consumer", 1440)])
def test_a_first_start_is_granted_the_tiers_whole_length(
    request: pytest.FixtureRequest, noon: datetime, tier: str, minutes: int
) -> None:
    terms = start(limits_of(request.getfixturevalue(tier)), None, noon)
    assert isinstance(terms, MeetingTerms)
    assert terms.minutes == minutes


def test_of_a_spent_budget_nothing_is_left_and_never_less(noon: datetime, policy: Policy) -> None:
    assert minutes_left(60, sat(75, noon), policy, noon) == 0
    assert minutes_left(60, sat(75, noon), policy, noon + 10 * MINUTE) == 60


def test_a_raised_length_helps_the_sitting_that_goes_on(
    session_organiser: TierLimits, noon: datetime
) -> None:
    assert start(limits_of(session_organiser), sat(60, noon), noon) == MeetingTerms(
        minutes=120, people=25, recorded=False, continues_sitting=True, reserved_bytes=0
    )


def test_an_unlimited_length_has_no_end(free: TierLimits, noon: datetime) -> None:
    terms = start(limits_of(free).overridden(meeting_minutes=None), sat(10_000, noon), noon)
    assert isinstance(terms, MeetingTerms)
    assert (terms.minutes, terms.continues_sitting, terms.ends_at(noon)) == (None, True, None)


def test_a_length_of_nothing_frees_up_never(free: TierLimits, noon: datetime) -> None:
    limits = limits_of(free).overridden(meeting_minutes=0)
    for sitting in (None, sat(0, noon), sat(5, noon)):
        refused = start(limits, sitting, noon)
        assert isinstance(refused, Refused)
        assert (refused.limit, refused.frees_at) == (0, None)


def test_a_fold_keeps_only_the_meetings_of_the_latest_sitting(noon: datetime, policy: Policy) -> None:
    spans = [
        Span(started_at=noon, ended_at=noon + 20 * MINUTE),
        Span(started_at=noon + 30 * MINUTE, ended_at=noon + 40 * MINUTE),  # 10 minutes later: a new sitting
        Span(started_at=noon + 49 * MINUTE, ended_at=noon + 50 * MINUTE),  # 9 minutes later: the same
    ]
    expected = sat(11, noon + 50 * MINUTE)
    assert sitting_of(spans, policy) == expected
    assert sitting_of(reversed(spans), policy) == expected
    assert sitting_of([], policy) is None


def test_what_the_terms_said_of_the_sitting_wins_over_a_clock_that_is_off(
    noon: datetime, policy: Policy
) -> None:
    before = sat(50, noon)
    late = {"started_at": noon + 12 * MINUTE, "ended_at": noon + 15 * MINUTE}
    early = {"started_at": noon + 7 * MINUTE, "ended_at": noon + 10 * MINUTE}
    assert after(before, Span(**late, continues_sitting=True), policy).used == 53 * MINUTE
    assert after(before, Span(**early, continues_sitting=False), policy).used == 3 * MINUTE
    assert after(None, Span(**early, continues_sitting=True), policy).used == 3 * MINUTE


def test_an_end_before_the_start_lasts_nothing_and_moves_no_end_back(noon: datetime, policy: Policy) -> None:
    span = Span(started_at=noon + MINUTE, ended_at=noon - 5 * MINUTE)
    assert after(sat(7, noon), span, policy) == sat(7, noon)


def test_the_night_of_the_winter_clock_has_no_free_hour(policy: Policy) -> None:
    madrid = ZoneInfo("Europe/Madrid")
    span = Span(
        started_at=datetime(2026, 10, 25, 1, 30, tzinfo=madrid),
        ended_at=datetime(2026, 10, 25, 3, 30, tzinfo=madrid),
    )
    sitting = after(None, span, policy)
    assert sitting == sat(180, datetime(2026, 10, 25, 2, 30, tzinfo=UTC))
    assert sitting.last_ended_at.tzinfo is UTC


def test_moments_without_a_zone_are_refused(free: TierLimits, noon: datetime) -> None:
    naive = noon.replace(tzinfo=None)
    for wrong in (
        lambda: Sitting(used=MINUTE, last_ended_at=naive),
        lambda: Span(started_at=naive, ended_at=noon),
        lambda: Span(started_at=noon, ended_at=naive),
        lambda: start(limits_of(free), None, naive),
        lambda: start(limits_of(free), sat(1, noon), naive),
    ):
        with pytest.raises(NaiveMomentError):
            wrong()


def test_a_meeting_ends_its_minutes_after_bbb_created_it(free: TierLimits, noon: datetime) -> None:
    terms = start(limits_of(free), sat(20, noon), noon)
    assert isinstance(terms, MeetingTerms)
    assert terms.ends_at(noon + 5 * SECOND) == noon + 5 * SECOND + 40 * MINUTE


@given(
    budget=st.integers(0, 200),
    sitting=st.from_type(Sitting),
    policy=st.from_type(Policy),
    wait=st.integers(0, 3000),
)
def test_what_is_used_and_what_is_left_never_make_more_than_the_budget(
    budget: int, sitting: Sitting, policy: Policy, wait: int
) -> None:
    now = sitting.last_ended_at + wait * SECOND
    left = minutes_left(budget, sitting, policy, now)
    assert left is not None
    used = used_now(sitting, policy, now)
    assert used <= minutes_used(sitting, policy, now) * MINUTE < used + MINUTE
    assert left * MINUTE + used <= max(budget * MINUTE, used)
    assert left > 0 or minutes_used(sitting, policy, now) >= budget


seconds = st.integers(0, 1500)
meetings = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 599, 600, 601]), seconds),  # the wait before the click
        st.integers(0, 20),  # what BBB takes to create it
        st.one_of(st.just(1.0), st.floats(0, 1)),  # how much of the granted time it lasts
    ),
    max_size=40,
)


@settings(deadline=None)
@given(budget=st.integers(1, 90), plan=meetings, keep_terms=st.booleans())
def test_the_sum_of_a_sitting_never_exceeds_the_budget_whatever_the_order_of_starts_and_ends(
    *, budget: int, plan: list[tuple[int, int, float]], keep_terms: bool
) -> None:
    policy, limits, now = Policy(), _only_length(budget), datetime(2026, 11, 21, tzinfo=UTC)
    spans: list[Span] = []
    for wait, creating, share in plan:
        now += wait * SECOND
        terms = start(limits, sitting_of(spans, policy), now)
        if isinstance(terms, Refused):
            assert terms.frees_at is not None
            assert now < terms.frees_at <= now + 10 * MINUTE
            continue
        created = now + creating * SECOND
        end = terms.ends_at(created)
        assert end is not None
        now = created + (end - created) * share
        kept = terms.continues_sitting if keep_terms else None
        spans.append(Span(started_at=created, ended_at=now, continues_sitting=kept))
    assert all(total <= budget * MINUTE for total in _sums_by_hand(spans))


def _only_length(minutes: int) -> Limits:
    unlimited = dict.fromkeys(Limits.__dataclass_fields__)
    return Limits(**unlimited | {"meeting_minutes": minutes})


def _sums_by_hand(spans: list[Span]) -> list[timedelta]:
    """The sum of each sitting, told by the gaps alone and not by the code under test."""
    sums = [spans[0].ended_at - spans[0].started_at] if spans else []
    for before, span in pairwise(spans):
        length = span.ended_at - span.started_at
        if span.started_at - before.ended_at < 10 * MINUTE:
            sums[-1] += length
        else:
            sums.append(length)
    return sums


@given(plan=meetings, budget=st.integers(1, 90))
def test_keeping_the_sitting_meeting_by_meeting_is_the_same_as_folding_them_all(
    plan: list[tuple[int, int, float]], budget: int
) -> None:
    policy, now = Policy(), datetime(2026, 11, 21, tzinfo=UTC)
    spans, kept = [], None
    for wait, creating, share in plan:
        started = now + (wait + creating) * SECOND
        now = started + budget * share * MINUTE
        spans.append(Span(started_at=started, ended_at=now))
        kept = after(kept, spans[-1], policy)
    assert sitting_of(spans, policy) == kept
