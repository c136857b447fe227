"""Memberships in time: what holds now, what comes next, what is left of a period, and when its end is spoken of."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from quotas.limits import Policy
from quotas.moments import utc
from quotas.periods import works_until

REMINDED_AT = time(8)
"""the time of day of a reminder, in the service's zone"""
ENDING_WITHIN = timedelta(days=31)
"""an end is near from before its first reminder, which goes out up to seventeen hours more than thirty days ahead"""
NOT_LATER_THAN = timedelta(days=30)
"""what nobody was told of for so long after the grace is not news any more"""
YEAR = timedelta(days=365)
ABOUT = timedelta(days=30)
"""a year that an operator typed the last day of is a little shorter"""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One membership in time (aware moments); `ends` None: until further notice."""

    key: int
    starts: datetime
    ends: datetime | None = None
    is_suspended: bool = False


class State(StrEnum):
    """What a holder has at a moment."""

    NONE = "none"
    COMING = "coming"
    """nothing now, one begins later"""
    RUNNING = "running"
    ENDING = "ending"
    """its end is near, and nothing follows"""
    RENEWED = "renewed"
    """one follows it without a gap"""
    GRACE = "grace"
    ENDED = "ended"
    SUSPENDED = "suspended"


class Reminder(StrEnum):
    """When a membership's end is spoken of, in this order."""

    MONTH = "30"
    FORTNIGHT = "14"
    DAYS = "3"
    DAY = "0"
    GRACE = "grace"
    """at the end of grace"""


AHEAD = {Reminder.MONTH: 30, Reminder.FORTNIGHT: 14, Reminder.DAYS: 3, Reminder.DAY: 0}
"""days before the day on which it ends"""


@dataclass(frozen=True)
class Course:
    """A holder's state now: `present` holds (grace included), `next` begins later, `last` held before."""

    state: State
    present: Term | None = None
    next: Term | None = None
    last: Term | None = None


def course_at(now: datetime, terms: Iterable[Term], policy: Policy) -> Course:
    """What holds: of the memberships that have begun, the one that began last, if its grace is not over.

    One that was replaced has no grace of its own: what replaced it began later. `terms` are without those that were
    withdrawn.
    """
    now, ordered = utc(now), sorted(terms, key=lambda one: (utc(one.starts), one.key))
    begun = [one for one in ordered if utc(one.starts) <= now]
    coming = next((one for one in ordered if utc(one.starts) > now), None)
    present = next((one for one in reversed(begun) if _holds(one, now, policy)), None)
    if present is None:
        last = max(begun, key=lambda one: utc(one.ends or one.starts), default=None)
        state = State.COMING if coming else State.ENDED if last else State.NONE
        return Course(state, None, coming, last)
    return Course(_state_of(present, coming, now, policy), present, coming)


def is_followed(term: Term, coming: Term | None, policy: Policy) -> bool:
    """Whether another one begins before this one stops to work."""
    if term.ends is None or coming is None:
        return False
    return utc(coming.starts) <= works_until(term.ends, policy)


def due_reminder(
    now: datetime, ends: datetime, policy: Policy, zone: tzinfo, sent: Collection[str] = ()
) -> Reminder | None:
    """The reminder that is to be sent now, given those that were sent; None: none is.

    Only the newest that is due: whoever begins eight days before the end is not told of thirty.
    """
    now, until = utc(now), works_until(ends, policy)
    if now >= until + NOT_LATER_THAN:
        return None
    newest = next(
        (step for step in reversed(Reminder) if now >= reminded_at(step, ends, policy, zone)),
        None,
    )
    return None if newest is None or newest in sent else newest


def reminded_at(step: Reminder, ends: datetime, policy: Policy, zone: tzinfo) -> datetime:
    """When a reminder is due, in UTC: in the morning of its day, and never later than what it speaks of."""
    if step is Reminder.GRACE:
        until = works_until(ends, policy)
        return min(until, _morning(until.astimezone(zone).date(), zone))
    day = utc(ends).astimezone(zone).date() - timedelta(days=AHEAD[step])
    return min(utc(ends), _morning(day, zone))


def a_year_after(start: datetime, zone: tzinfo, years: int = 1) -> datetime:
    """The same day and time of day, so many years later, in UTC; the 29th of February becomes the 28th."""
    local = utc(start).astimezone(zone)
    year = local.year + years
    try:
        return utc(local.replace(year=year, fold=0))
    except ValueError:
        return utc(local.replace(year=year, day=28, fold=0))


def year_of(start: datetime, first: datetime) -> int:
    """Which of the holder's years on a tier begins at `start` (0: the first), given when the first one began."""
    return max(0, (utc(start) - utc(first) + ABOUT) // YEAR)


def price_of_year(yearly_cents: Sequence[int], year: int) -> int | None:
    """The price of that year in cents: the last one holds on; None: the tier has none."""
    return yearly_cents[min(year, len(yearly_cents) - 1)] if yearly_cents else None


def unused_cents(cents: int, starts: datetime, ends: datetime, now: datetime) -> int:
    """What of a period's price is for the time that is still to come, in whole cents, rounded down."""
    whole, left = utc(ends) - utc(starts), utc(ends) - max(utc(now), utc(starts))
    if left <= timedelta(0):
        return 0
    # In whole microseconds: a quotient of times would be rounded.
    moment = timedelta(microseconds=1)
    return cents * (left // moment) // (whole // moment)


def _holds(term: Term, now: datetime, policy: Policy) -> bool:
    return term.ends is None or now < works_until(term.ends, policy)


def _state_of(present: Term, coming: Term | None, now: datetime, policy: Policy) -> State:
    if present.is_suspended:
        return State.SUSPENDED
    if is_followed(present, coming, policy):
        return State.RENEWED
    if present.ends is None:
        return State.RUNNING
    if now >= utc(present.ends):
        return State.GRACE
    return State.ENDING if utc(present.ends) - now <= ENDING_WITHIN else State.RUNNING


def _morning(day: date, zone: tzinfo) -> datetime:
    return utc(datetime.combine(day, REMINDED_AT, zone))
