"""Moments are aware and compared in UTC, so that a change to summer time is never an hour of budget."""

from datetime import UTC, datetime


class NaiveMomentError(ValueError):
    """A moment came without a time zone, so nobody can say when it was."""


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; `NaiveMomentError` if it has no time zone.

    Python subtracts two moments of one and the same zone by their wall clocks: on the night of the change
    that is an hour wrong. In UTC it never is.
    """
    if moment.utcoffset() is None:
        raise NaiveMomentError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)
