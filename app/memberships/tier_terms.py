"""What a tier may say: its columns, their bounds, and what must fit together; the same for the file and the form."""

from collections.abc import Mapping
from typing import Any

FREE = "free"  # the key of the tier of people without a membership

LIMITS = (
    "meeting_minutes",
    "group_size",
    "rooms_per_host",
    "at_once_per_host",
    "storage_first_host",
    "storage_further_host",
    "recording_days",
    "large_sessions_per_month",
    "large_session_people",
)
STORED_IN_BYTES = {"storage_first_host", "storage_further_host"}
# What is kept of every version: whom a tier is for, its key and its place among the others are no part of it.
TEXTS = ("name", "how_to_get", "description", "yearly_cents")
SAID = (*TEXTS, *LIMITS)

# A meeting of no minutes or of nobody is none; a recording that is kept no day is not kept.
LEAST = {"meeting_minutes": 1, "group_size": 1, "recording_days": 1}
# What is more than this is a slip of the keyboard, or meant to be no limit: a year's meeting, a century's recording.
MOST = dict.fromkeys(LIMITS, 1_000_000) | {
    "meeting_minutes": 525_600,
    "recording_days": 36_500,
    "storage_first_host": 10**15,
    "storage_further_host": 10**15,
}
MOST_CENTS, MOST_YEARS = 10**9, 10
LONGEST_NAME, LONGEST_LINE, LONGEST_TEXT = 60, 300, 2_000


def is_large_too_small(said: Mapping[str, Any]) -> bool:
    """Whether the large sessions are not larger than every meeting of the tier may be: they would be none."""
    if said["large_sessions_per_month"] == 0 or said["large_session_people"] is None:
        return False
    size = said["group_size"]
    return size is None or bool(said["large_session_people"] <= size)


def said_by(tier: Any) -> dict[str, Any]:
    """What a tier's row says now, as its version keeps it; JSON has no moments."""
    retired = tier.retired_at.isoformat() if tier.retired_at else None
    return {name: getattr(tier, name) for name in SAID} | {"retired_at": retired}
