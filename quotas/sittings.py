"""Sittings: meetings of one room with less than ten minutes between them share one budget (rule 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from quotas.limits import Policy
from quotas.moments import utc

MINUTE = timedelta(minutes=1)
NOTHING = timedelta()


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """What the meetings of a room's latest sitting have really lasted, and when the last of them ended."""

    used: timedelta
    last_ended_at: datetime
    """aware; kept in UTC"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "last_ended_at", utc(self.last_ended_at))

    def frees_at(self, policy: Policy) -> datetime:
        """From this moment on (UTC) a start opens a new sitting with a whole budget."""
        return self.last_ended_at + timedelta(minutes=policy.sitting_gap_minutes)

    def goes_on_at(self, now: datetime, policy: Policy) -> bool:
        """Whether a meeting that starts now belongs to it: with exactly the gap between them it does not."""
        return utc(now) < self.frees_at(policy)


@dataclass(frozen=True, kw_only=True)
class Span:
    """One meeting from the moment BBB created it to its end (aware, kept in UTC).

    `continues_sitting` is what its terms said: a server whose clock is off cannot move a meeting to another
    sitting. None = told by the gap. An end before the start, of clocks that disagree, is a length of nothing.
    """

    started_at: datetime
    ended_at: datetime
    continues_sitting: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", utc(self.started_at))
        object.__setattr__(self, "ended_at", utc(self.ended_at))

    @property
    def length(self) -> timedelta:
        """How long it really lasted."""
        return max(NOTHING, self.ended_at - self.started_at)


def after(sitting: Sitting | None, span: Span, policy: Policy) -> Sitting:
    """The room's sitting once this meeting has ended: the one before goes on, or a new one begins."""
    if sitting is None or not _continues(sitting, span, policy):
        return Sitting(used=span.length, last_ended_at=span.ended_at)
    return Sitting(used=sitting.used + span.length, last_ended_at=max(sitting.last_ended_at, span.ended_at))


def _continues(sitting: Sitting, span: Span, policy: Policy) -> bool:
    if span.continues_sitting is not None:
        return span.continues_sitting
    return sitting.goes_on_at(span.started_at, policy)


def sitting_of(spans: Iterable[Span], policy: Policy) -> Sitting | None:
    """The latest sitting of one room from its ended meetings, given in any order; None if there are none."""
    sitting: Sitting | None = None
    for span in sorted(spans, key=lambda span: span.started_at):
        sitting = after(sitting, span, policy)
    return sitting


def used_now(sitting: Sitting | None, policy: Policy, now: datetime) -> timedelta:
    """What a start now finds used of its budget: nothing, if it would open a new sitting."""
    moment = utc(now)
    return sitting.used if sitting and sitting.goes_on_at(moment, policy) else NOTHING


def minutes_used(sitting: Sitting | None, policy: Policy, now: datetime) -> int:
    """Whole minutes used, rounded up: used and left together never make more than the budget."""
    return -(-used_now(sitting, policy, now) // MINUTE)


def minutes_left(
    meeting_minutes: int | None, sitting: Sitting | None, policy: Policy, now: datetime
) -> int | None:
    """Whole minutes that a meeting starting now may last, rounded down; None = no end."""
    if meeting_minutes is None:
        return None
    return max(0, meeting_minutes - minutes_used(sitting, policy, now))
