"""The simulator's time: it runs at any speed, can be moved forward, and can stand still for tests."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

MINUTE = 60_000  # milliseconds


class Clock(Protocol):
    """Where the simulator reads the time, in Unix milliseconds as on the wire."""

    @property
    def speed(self) -> float:
        """How many simulated seconds pass in a real one."""

    def now(self) -> int:
        """The simulated moment, in milliseconds."""

    def move_to(self, moment: int) -> None:
        """Go forward to a moment in milliseconds; never back."""


class RunningClock:
    """A clock that starts at the real time and runs `speed` times as fast."""

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._monotonic = monotonic
        self._origin = monotonic()
        self._start = time.time_ns() // 1_000_000

    def now(self) -> int:
        """The simulated moment, in milliseconds."""
        return self._start + int((self._monotonic() - self._origin) * self.speed * 1000)

    def move_to(self, moment: int) -> None:
        """Go forward to a moment in milliseconds; never back."""
        self._start += max(0, moment - self.now())


class StillClock:
    """A clock that moves only when it is told to: for tests."""

    speed = 1.0

    def __init__(self, start: int = 1_750_000_000_000) -> None:
        self._now = start

    def now(self) -> int:
        """The simulated moment, in milliseconds."""
        return self._now

    def move_to(self, moment: int) -> None:
        """Go forward to a moment in milliseconds; never back."""
        self._now = max(self._now, moment)


def as_ms(seconds: float) -> int:
    """Seconds in milliseconds."""
    return round(seconds * 1000)


def in_words(moment: int) -> str:
    """A moment as BBB writes createDate: `Fri May 31 16:08:37 UTC 2024` (section 2.1)."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


def iso(moment: int) -> str:
    """A moment in ISO 8601."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
