"""How long recordings are kept, and that nothing is removed without two warnings that were sent."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from quotas.moments import utc

FIRST_WARNING = timedelta(days=14)
LAST_WARNING = timedelta(days=3)
TOGETHER = timedelta(days=1)
"""what comes due within this is said in one mail"""

Key = TypeVar("Key", bound=Hashable)


class Step(StrEnum):
    """What is to be done now about a recording whose end comes nearer."""

    NOTHING = "nothing"
    WARN_FIRST = "first"
    """14 days before"""
    WARN_LAST = "last"
    """3 days before"""
    REMOVE = "remove"


@dataclass(frozen=True)
class Warned:
    """When the warnings were sent (aware); None = not sent, or of an end that is no longer near."""

    first: datetime | None = None
    last: datetime | None = None


def kept_until(recorded_at: datetime, cap_days: int | None, chosen_days: int | None) -> datetime | None:
    """Till when a recording is kept, in UTC: the host may choose less than the tier; None = for ever."""
    days = [number for number in (cap_days, chosen_days) if number is not None]
    return utc(recorded_at) + timedelta(days=min(days)) if days else None


def still_warned(now: datetime, until: datetime | None, warned: Warned) -> Warned:
    """The warnings that still hold: an end that was put off is warned of anew when it comes near again."""
    if until is None or warned.first is None or utc(now) < utc(until) - FIRST_WARNING - TOGETHER:
        return Warned()
    if warned.last is None or utc(now) < _end(until, warned.first) - LAST_WARNING - TOGETHER:
        return Warned(warned.first)
    return warned


def next_step(
    now: datetime,
    until: datetime | None,
    first_warned_at: datetime | None,
    last_warned_at: datetime | None,
) -> Step:
    """What is to be done now, given when each warning was really sent; moments are aware.

    An end that came nearer (a lowered tier, a shorter choice) puts the removal off instead of skipping a warning:
    there are always 14 days after the first and 3 days after the last one.
    """
    if until is None:
        return Step.NOTHING
    warned = still_warned(now, until, Warned(first_warned_at, last_warned_at))
    now = utc(now)
    if warned.first is None:
        return Step.WARN_FIRST if now >= utc(until) - FIRST_WARNING else Step.NOTHING
    end = _end(until, warned.first)
    if warned.last is None:
        return Step.WARN_LAST if now >= end - LAST_WARNING else Step.NOTHING
    return Step.REMOVE if now >= max(end, utc(warned.last) + LAST_WARNING) else Step.NOTHING


@dataclass(frozen=True, kw_only=True)
class Stored(Generic[Key]):
    """One recording that takes space."""

    key: Key
    bytes: int
    recorded_at: datetime


def in_excess(storage_bytes: int | None, stored: Iterable[Stored[Key]]) -> set[Key]:
    """The oldest recordings, as many as must go for the rest to fit; none without a limit."""
    newest = sorted(stored, key=lambda one: utc(one.recorded_at), reverse=True)
    if storage_bytes is None:
        return set()
    total, gone = 0, set[Key]()
    for one in newest:
        total += one.bytes
        if total > storage_bytes:
            gone.add(one.key)
    return gone


def _end(until: datetime, first_warned_at: datetime) -> datetime:
    return max(utc(until), utc(first_warned_at) + FIRST_WARNING)
