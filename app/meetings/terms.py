"""When a running meeting's time is over by the terms that it was granted."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

MINUTE = timedelta(minutes=1)
# After its last minute BBB gets this long to end a meeting by itself. Then it is ended by API.
GRACE = timedelta(minutes=1)


def ends_at(meeting: Row[Any]) -> datetime | None:
    """When its time is over, in minutes from its start by our clock; None: it has no end."""
    if meeting.minutes is None:
        return None
    began: datetime = meeting.started_at or meeting.reserved_at
    return began + int(meeting.minutes) * MINUTE


def is_over(meeting: Row[Any], now: datetime) -> bool:
    """Whether its time is over, and the grace for BBB to end it too."""
    end = ends_at(meeting)
    return end is not None and end + GRACE <= now
