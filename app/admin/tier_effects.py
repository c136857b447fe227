"""What a change of a tier's limits would do: which holders on it would be above what becomes lower."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.models import PolicyRow
from app.memberships.placed import PLACED
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.limits import LimitName, is_more
from quotas.periods import month_starts

RECENT = timedelta(days=30)
SHOWN = 5

# The columns of a tier that make up each limit.
COLUMNS: dict[LimitName, tuple[str, ...]] = {
    LimitName.MEETING_MINUTES: ("meeting_minutes",),
    LimitName.GROUP_SIZE: ("group_size",),
    LimitName.ROOMS: ("rooms_per_host",),
    LimitName.AT_ONCE: ("at_once_per_host",),
    LimitName.STORAGE_BYTES: ("storage_first_host", "storage_further_host"),
    LimitName.RECORDING_DAYS: ("recording_days",),
    LimitName.LARGE_SESSIONS_PER_MONTH: ("large_sessions_per_month",),
    LimitName.LARGE_SESSION_PEOPLE: ("large_session_people",),
}
_PER_HOST = {LimitName.ROOMS, LimitName.AT_ONCE}

# What each holder uses of a limit, counted as the decisions count it. What nobody uses at this very moment is held
# against the last 30 days: sittings (whole minutes, so that one which BBB ended late is not longer), the most people.
_USED: dict[LimitName, str] = {
    LimitName.ROOMS: "SELECT holder_id, count(*) AS used FROM rooms GROUP BY holder_id",
    LimitName.AT_ONCE: """
        SELECT holder_id, count(*) AS used FROM meetings WHERE state IN ('starting', 'running') GROUP BY holder_id
    """,
    LimitName.STORAGE_BYTES: "SELECT id AS holder_id, stored_bytes AS used FROM holders",
    LimitName.RECORDING_DAYS: """
        SELECT holder_id, floor(extract(epoch FROM CAST(:now AS timestamptz) - min(recorded_at)) / 86400) AS used
        FROM recordings WHERE state <> 'gone' AND trashed_at IS NULL AND expired_at IS NULL GROUP BY holder_id
    """,
    LimitName.LARGE_SESSIONS_PER_MONTH: """
        SELECT holder_id, count(*) AS used FROM meetings
        WHERE large_session AND reserved_at >= :month AND state <> 'failed' GROUP BY holder_id
    """,
    LimitName.MEETING_MINUTES: """
        SELECT holder_id, max(minutes) AS used FROM (
            SELECT holder_id, floor(sum(
                extract(epoch FROM coalesce(ended_at, CAST(:now AS timestamptz)) - started_at)
            ) / 60) AS minutes
            FROM meetings WHERE reserved_at >= :since AND started_at IS NOT NULL GROUP BY holder_id, sitting_id
        ) sittings GROUP BY holder_id
    """,
    LimitName.GROUP_SIZE: """
        SELECT holder_id, max(peak_people) AS used FROM meetings
        WHERE reserved_at >= :since AND NOT large_session GROUP BY holder_id
    """,
    LimitName.LARGE_SESSION_PEOPLE: """
        SELECT holder_id, max(peak_people) AS used FROM meetings
        WHERE reserved_at >= :since AND large_session GROUP BY holder_id
    """,
}

# Who stands on the tier and has no override of the limit, with the hosts that it is multiplied by.
_ON_TIER = """, concerned AS (
        SELECT p.holder_id, coalesce(u.name, h.name) AS name, h.kind,
               CASE h.kind WHEN 'organisation' THEN (
                   SELECT count(*) FROM organisation_hosts oh WHERE oh.organisation_id = o.id
               ) ELSE 1 END AS hosts
        FROM placed p JOIN holders h ON h.id = p.holder_id
        LEFT JOIN users u ON u.holder_id = h.id
        LEFT JOIN organisations o ON o.holder_id = h.id
        WHERE p.standing_id = :tier AND (u.id IS NOT NULL OR o.id IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM limit_overrides l
              WHERE l.holder_id = p.holder_id AND l.limit_name = :limit AND l.withdrawn_at IS NULL
                AND l.starts_at <= :now AND (l.ends_at IS NULL OR l.ends_at > :now)
          )
    )
"""


@dataclass(frozen=True)
class Lowered:
    """A limit before and after, as the tier says it; `first` alone but for storage. None: no limit."""

    name: LimitName
    before: tuple[int | None, ...]
    after: tuple[int | None, ...]


@dataclass(frozen=True)
class Above:
    """The holders who would be above a lowered limit; `already`: how many of all are above the present one."""

    lowered: Lowered
    holders: Page[Any]
    """rows: holder_id, name, kind, hosts, used, becomes (their new limit)"""
    already: int


def lowered_limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Lowered]:
    """The limits of which a tier would say less, in any part."""
    found = []
    for name, columns in COLUMNS.items():
        pairs = [(before[column], after[column]) for column in columns]
        if any(is_more(was, becomes) for was, becomes in pairs):
            found.append(Lowered(name, *(tuple(part) for part in zip(*pairs, strict=True))))
    return found


async def above(
    session: AsyncSession, tier_id: int, lowered: Lowered, *, number: int = 1, size: int = PAGE_SIZE
) -> Above:
    """One page of who would be above, those with most first. One statement, however many are on the tier."""
    rows = list(
        await session.execute(
            _statement(lowered.name),
            {
                **await _moments(session),
                "tier": tier_id,
                "limit": lowered.name,
                **_figures("before", lowered.before),
                **_figures("after", lowered.after),
                "size": size,
                "offset": offset_of(number, size),
            },
        )
    )
    total, already = (rows[0].total, rows[0].already) if rows else (0, 0)
    return Above(lowered, Page(rows, number, total, size), already)


async def _moments(session: AsyncSession) -> dict[str, Any]:
    now, zone = clock.now(), await session.scalar(select(PolicyRow.time_zone)) or "UTC"
    return {"now": now, "since": now - RECENT, "month": month_starts(now, ZoneInfo(zone))}


def _figures(when: str, figures: tuple[int | None, ...]) -> dict[str, int | None]:
    return {f"{when}_first": figures[0], f"{when}_further": figures[-1]}


def _limit(name: LimitName, when: str) -> str:
    """The limit of a holder as `quotas.limits.limits_of` has it; a test holds one against the other."""
    first, further = f"CAST(:{when}_first AS bigint)", f"CAST(:{when}_further AS bigint)"
    if name in _PER_HOST:
        return f"{first} * hosts"
    if name is not LimitName.STORAGE_BYTES:
        return first
    return f"""CASE WHEN hosts = 0 AND {first} IS NOT NULL THEN 0
        WHEN hosts > 1 THEN {first} + {further} * (hosts - 1) ELSE {first} END"""


def _statement(name: LimitName) -> TextClause:
    figures = _MEASURED.format(used=_USED[name], was=_limit(name, "before"), becomes=_limit(name, "after"))
    return text(PLACED + _ON_TIER + figures + _THOSE_ABOVE)


# Texts of our own are put together; every figure is a bound value.
_MEASURED = """, used AS ({used}), measured AS (
        SELECT concerned.*, CAST(used.used AS bigint) AS used, {was} AS was, {becomes} AS becomes
        FROM concerned JOIN used ON used.holder_id = concerned.holder_id
    )
"""
_THOSE_ABOVE = """
    SELECT *, count(*) OVER () AS total, count(*) FILTER (WHERE used > was) OVER () AS already
    FROM measured WHERE used > becomes ORDER BY used DESC, lower(name), holder_id LIMIT :size OFFSET :offset
"""
