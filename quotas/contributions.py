"""What contributions are worth, and which of them earn a tier (DOMAIN.md, *Contributions*)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

MINUTES_PER_HOUR = 60
# What is suggested for a host and month (DOMAIN.md: the rule of thumb), in cents.
SUGGESTED_CENTS = 1000


@dataclass(frozen=True)
class Given:
    """A confirmed contribution that no grant has used up."""

    entry_id: int
    cents: int
    day: date


def value_of_work(minutes: int, hour_cents: int) -> int:
    """What work is worth, in cents."""
    return _rounded(Decimal(minutes * hour_cents) / MINUTES_PER_HOUR)


def in_euros(amount_cents: int, rate: Decimal) -> int:
    """An amount of another currency in cents of EUR; the rate is EUR for one unit of it."""
    return _rounded(amount_cents * rate)


def price_in_year(cents: int, yearly_cents: Sequence[int], year: int, *, first_year_only: bool) -> int | None:
    """What a rule wants for a holder's year on the tier (0: the first), in cents.

    A rule of the first year wants its own sum then; later years cost what the tier says of them (its prices by
    year, the last one holds on). None: it says nothing of later years, and the rule does not apply.
    """
    if not first_year_only or year == 0:
        return cents
    return yearly_cents[min(year, len(yearly_cents) - 1)] if yearly_cents else None


def earning(given: Sequence[Given], cents: int, today: date, within_days: int) -> list[Given] | None:
    """The contributions that reach a sum within so many days up to today; None: they do not.

    The oldest first and no more than are needed: what comes later is left for the next time.
    """
    since = today - timedelta(days=within_days)
    found: list[Given] = []
    for one in sorted(given, key=lambda one: (one.day, one.entry_id)):
        if since < one.day <= today:
            found.append(one)
            if sum(each.cents for each in found) >= cents:
                return found
    return None


def beyond(given: Sequence[Given], start: date, owed: int) -> list[Given]:
    """What is left of contributions when those before a day have paid what was owed until then, in cents.

    The oldest pay first. One that pays in part is left with the rest of its worth.
    """
    left: list[Given] = []
    for one in sorted(given, key=lambda one: (one.day, one.entry_id)):
        taken = min(one.cents, owed) if one.day < start else 0
        owed -= taken
        if one.cents > taken:
            left.append(Given(one.entry_id, one.cents - taken, one.day))
    return left


def suggested(host_months: Decimal) -> int:
    """What is suggested for so many hosts and months, in cents. It is a recommendation, never a bill."""
    return _rounded(host_months * SUGGESTED_CENTS)


def _rounded(cents: Decimal) -> int:
    return int(cents.quantize(Decimal(1), ROUND_HALF_UP))
