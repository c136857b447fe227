"""The time, from one place, so that tests and the demo can move it."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset = timedelta(0)
_file: Path | None = None
_looked_at = 0.0
_standing: datetime | None = None
LOOK_EVERY = 0.2  # seconds


def now() -> datetime:
    """This moment, aware, in UTC. Nothing else in the site asks for the time, SQL included."""
    if _standing is not None:
        return _standing
    if _file is not None:
        _look()
    return datetime.now(UTC) + _offset


def machine() -> datetime:
    """What this machine's clock shows, aware, in UTC, however far the site's is moved: to hold against others."""
    return datetime.now(UTC)


def set_offset(offset: timedelta) -> None:
    """Move this process's clock to real time plus `offset`; only tests and the demo do."""
    global _offset  # noqa: PLW0603  the clock is the one thing a process has once
    _offset = offset


def stand_at(moment: datetime | None) -> None:
    """Let this process's clock stand at a moment (aware), or go again (None); only tests do."""
    global _standing  # noqa: PLW0603  as above
    _standing = moment


def offset() -> timedelta:
    """How far this clock is from real time."""
    return _offset


def follow(file: Path) -> None:
    """Demo mode: take the offset from a file (seconds), so that all processes move together."""
    global _file  # noqa: PLW0603  as above
    _file = file


def write_offset(file: Path, offset: timedelta) -> None:
    """Demo mode: move the clock of every process that follows the file."""
    waiting = file.with_suffix(".new")
    waiting.write_text(str(offset.total_seconds()))
    waiting.replace(file)
    set_offset(offset)


def read_offset(file: Path) -> timedelta:
    """The offset that a file says; none if there is no such file."""
    try:
        return timedelta(seconds=float(file.read_text()))
    except (OSError, ValueError):
        return timedelta(0)


def _look() -> None:
    global _looked_at  # noqa: PLW0603  as above
    if time.monotonic() - _looked_at > LOOK_EVERY:
        _looked_at = time.monotonic()
        set_offset(read_offset(_file) if _file else timedelta(0))
