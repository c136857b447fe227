"""What contributions are worth and which of them earn a tier."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from quotas.contributions import Given, beyond, earning, in_euros, price_in_year, suggested, value_of_work

TODAY = date(2027, 3, 1)


def gifts(*rows):
    return [Given(number, cents, TODAY - timedelta(days=ago)) for number, (cents, ago) in enumerate(rows)]


def test_hours_are_worth_their_minutes():
    assert value_of_work(20 * 60, 2500) == 50_000
    assert value_of_work(50, 2500) == 2083
    assert value_of_work(1, 2530) == 42


def test_another_currency_is_converted_by_its_rate_and_rounded_half_up():
    assert in_euros(10_000, Decimal("1.1537")) == 11_537
    assert in_euros(1, Decimal("0.5")) == 1


def test_a_rule_of_the_first_year_leaves_later_years_to_the_price_by_year():
    assert price_in_year(50_000, [50_000, 30_000], 0, first_year_only=True) == 50_000
    assert price_in_year(50_000, [50_000, 30_000], 1, first_year_only=True) == 30_000
    assert price_in_year(50_000, [50_000, 30_000], 7, first_year_only=True) == 30_000
    assert price_in_year(50_000, [], 1, first_year_only=True) is None
    assert price_in_year(12_000, [], 1, first_year_only=False) == 12_000


def test_the_oldest_earn_first_and_no_more_than_are_needed():
    found = earning(gifts((5_000, 10), (7_000, 300), (9_000, 1)), 12_000, TODAY, 365)
    assert [one.entry_id for one in found or []] == [1, 0]


def test_what_is_too_old_or_not_yet_does_not_count():
    assert earning(gifts((12_000, 365)), 12_000, TODAY, 365) is None
    assert earning(gifts((12_000, 364)), 12_000, TODAY, 365) is not None
    assert earning(gifts((12_000, -1)), 12_000, TODAY, 365) is None


def test_what_came_before_a_day_pays_first_what_was_owed_until_then():
    start = TODAY - timedelta(days=100)
    given_ = gifts((3_000, 200), (2_000, 150), (5_000, 50))
    assert [(one.entry_id, one.cents) for one in beyond(given_, start, 0)] == [
        (0, 3_000),
        (1, 2_000),
        (2, 5_000),
    ]
    assert [(one.entry_id, one.cents) for one in beyond(given_, start, 4_000)] == [(1, 1_000), (2, 5_000)]
    assert [(one.entry_id, one.cents) for one in beyond(given_, start, 9_000)] == [(2, 5_000)], (
        "not what came since"
    )


def test_ten_euros_a_host_and_month_are_suggested():
    assert suggested(Decimal(36)) == 36_000
    assert suggested(Decimal("0.55")) == 550


rows = st.lists(st.tuples(st.integers(1, 50_000), st.integers(-5, 500)), max_size=8)


@given(rows, st.integers(1, 60_000), st.tuples(st.integers(1, 50_000), st.integers(-5, 500)))
def test_one_more_contribution_never_takes_a_ground_away(found, cents, more):
    before = earning(gifts(*found), cents, TODAY, 365)
    after = earning(gifts(*found, more), cents, TODAY, 365)
    assert before is None or after is not None


@given(rows, st.integers(1, 60_000))
def test_what_earns_reaches_the_sum_and_would_not_without_its_last(found, cents):
    earned = earning(gifts(*found), cents, TODAY, 365)
    if earned is not None:
        assert sum(one.cents for one in earned) >= cents > sum(one.cents for one in earned[:-1])
