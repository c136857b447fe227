"""The time, from one place, so that tests and the demo can move it."""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """This moment, aware, in UTC. Nothing else in the site asks for the time, SQL included."""
    return datetime.now(UTC) + _offset


def set_offset(offset: timedelta) -> None:
    """Move this process's clock to real time plus `offset`; only tests and the demo do."""
    global _offset  # noqa: PLW0603  the clock is the one thing a process has once
    _offset = offset


def offset() -> timedelta:
    """How far this clock is from real time."""
    return _offset
