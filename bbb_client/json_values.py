"""Reading values from JSON that others wrote: what has the wrong type reads like what is not there."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bbb_client.elements import moment_of
from bbb_client.errors import Malformed

_SECONDS_END = 10**11
"""Below this a number of milliseconds would lie in 1973 or before, so it is seconds (of up to the year 5138)."""

Object = Mapping[str, Any]


def read(body: bytes | str) -> Any:
    """Read JSON; raises Malformed."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def objects(value: Any) -> list[dict[str, Any]]:
    """Give the objects of a list; none if it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def object_in(value: Object, name: str) -> dict[str, Any]:
    """Give an object; an empty one if there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def text_in(value: Object, name: str) -> str:
    """Give a text, or a number as text; "" if there is neither.

    Halves of characters, which JSON can hold and databases do not take, are dropped.
    """
    found = value.get(name)
    if not isinstance(found, str | int) or isinstance(found, bool):
        return ""
    return str(found).encode(errors="ignore").decode()


def number_in(value: Object, name: str) -> int:
    """Give a number, without its fraction; 0 if there is none."""
    found = value.get(name)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def flag_in(value: Object, name: str) -> bool:
    """Tell whether something is true; some events write it as text."""
    return value.get(name) in (True, "true")


def unix_moment(value: Any) -> datetime | None:
    """Turn Unix time into an aware time, whether in seconds or in milliseconds; None for anything else.

    Meeting events carry milliseconds, rap-* events seconds (section 4.4); their sizes cannot be confused.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return moment_of(value * 1000 if value < _SECONDS_END else value)


def iso_moment(value: Any) -> datetime | None:
    """Read an ISO 8601 time, as UTC if it names no zone; Unix time will do too; None for anything else."""
    if not isinstance(value, str):
        return unix_moment(value)
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
