"""What a room looks like at this moment: derived from its newest meeting and from whether BBB answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app import clock
from app.meetings.models import MeetingState

# How long a room page tells how the last meeting ended.
REMEMBERED = timedelta(hours=2)


class Live(StrEnum):
    """The states that pages and the API show."""

    NOT_STARTED = "not_started"
    STARTING = "starting"
    RUNNING = "running"
    UNKNOWN = "unknown"
    ENDED = "ended"
    BANNED = "banned"


@dataclass(frozen=True)
class LiveState:
    """A room's state with what pages say of it; times are aware."""

    state: Live
    people: int = 0
    ends_at: datetime | None = None
    recorded: bool = False
    ended_at: datetime | None = None
    end_reason: str | None = None
    minutes: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether people can be in it: running, or running as far as anyone knows."""
        return self.state in {Live.RUNNING, Live.UNKNOWN}

    @property
    def seconds_left(self) -> int | None:
        """Seconds until BBB ends it; None without an end."""
        if self.ends_at is None or not self.is_running:
            return None
        return max(0, int((self.ends_at - clock.now()).total_seconds()))


def live_state(row: Any) -> LiveState:
    """The state of a room from a row with its newest meeting's columns (see `queries`)."""
    if row.closed_at is not None:
        return LiveState(Live.BANNED)
    if row.state is None:
        return LiveState(Live.NOT_STARTED)
    if row.state == MeetingState.ENDED:
        return _ended(row)
    if row.state == MeetingState.STARTING:
        return LiveState(Live.STARTING, recorded=row.recorded, minutes=row.minutes)
    return LiveState(
        Live.UNKNOWN if row.failing_since or row.unknown_since else Live.RUNNING,
        people=row.people_now,
        ends_at=row.started_at + timedelta(minutes=row.minutes) if row.minutes else None,
        recorded=row.recorded,
        minutes=row.minutes,
    )


def _ended(row: Any) -> LiveState:
    if clock.now() - row.ended_at > REMEMBERED:
        return LiveState(Live.NOT_STARTED)
    return LiveState(Live.ENDED, ended_at=row.ended_at, end_reason=row.end_reason, minutes=row.minutes)
