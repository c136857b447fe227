"""A limit that was raised while a meeting runs: BBB cannot be told (BBB_API.md 2.12), so the host is (rule 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.meetings.models import Meeting, MeetingState
from app.meetings.queries import Use, use_of
from app.meetings.terms import MINUTE, ends_at
from app.memberships.limits import Standing
from app.organisations.shares import share_of
from app.rooms.models import Room
from quotas.decisions import Refused
from quotas.limits import LimitName
from quotas.rules import may_start_meeting
from quotas.sittings import Sitting, Span, after
from quotas.storage import Share, estimated_bytes, reservation


@dataclass(frozen=True)
class Running:
    """A running meeting and what its restart would be decided by."""

    row: Any  # tier, minutes, recorded, started_at, reserved_at
    spent: timedelta
    """what the ended meetings of its sitting have used"""
    use: Use
    newer_rooms: int
    share: Share | None = None
    """of the room's host, if the meeting is recorded for an organisation"""


def may_be_raised(standing: Standing, row: Any) -> bool:
    """Whether the meeting may have begun under other terms: only then is anything else looked up."""
    if row.state != MeetingState.RUNNING or row.minutes is None:
        return False
    changed_at = standing.tier_changed_at
    return (
        row.tier != standing.tier_key
        or LimitName.MEETING_MINUTES in standing.overrides
        or (changed_at is not None and changed_at > row.reserved_at)
    )


def sentence(standing: Standing, running: Running) -> str | None:
    """What the host is told if ending the meeting now and starting again made it longer; else None.

    The rule of starting says so, with the sitting as it would be then: it shares its time.
    """
    now, row, end = clock.now(), running.row, ends_at(running.row)
    minutes = _minutes_after_restart(standing, running, now)
    if end is None or minutes == 0:
        return None
    until = None if minutes is None else now + minutes * MINUTE
    if until is not None and until <= end + MINUTE:
        return None
    return _words(standing, row, end, until)


def _minutes_after_restart(standing: Standing, running: Running, now: datetime) -> int | None:
    """What a meeting is granted that starts when this one has ended now; 0: it is refused."""
    row, policy, use = running.row, standing.policy, running.use
    began = row.started_at or row.reserved_at
    before = Sitting(used=running.spent, last_ended_at=began) if running.spent else None
    sitting = after(
        before, Span(started_at=began, ended_at=now, continues_sitting=before is not None), policy
    )
    reserved, share = use.reserved_bytes, running.share
    if row.recorded:
        # Its recording takes what it lasted, and no longer what it might have.
        freed = reservation(row.minutes, policy) - estimated_bytes(-(-(now - began) // MINUTE), policy)
        reserved -= freed
        share = share and replace(share, reserved_bytes=max(0, share.reserved_bytes - freed))
    decision = may_start_meeting(
        standing.limits,
        policy,
        now=now,
        at_once=max(0, use.at_once - 1),
        sitting=sitting,
        record=row.recorded,
        stored_bytes=use.stored_bytes,
        reserved_bytes=max(0, reserved),
        share=share,
        newer_rooms=running.newer_rooms,
    )
    return 0 if isinstance(decision, Refused) else decision.terms.minutes


def _words(standing: Standing, row: Any, end: datetime, until: datetime | None) -> str:
    at, limit = wording.clock_time(end), standing.limits.meeting_minutes
    if until is None or limit is None:
        return _(
            "Meetings of this room have no end now. This one keeps its terms and ends at %(time)s; the longer time "
            "holds from the next start. End it and start again to have it now.",
            time=at,
        )
    values = {"length": wording.minutes(limit), "time": at, "until": wording.clock_time(until)}
    if row.tier == standing.tier_key:
        return _(
            "Meetings of this room may last %(length)s now. This one keeps its terms and ends at %(time)s; the "
            "longer time holds from the next start. End it and start again to go on until %(until)s.",
            **values,
        )
    return _(
        "The new tier “%(tier)s” has meetings of %(length)s. This one keeps its terms and ends at %(time)s; the "
        "longer time holds from the next start. End it and start again to go on until %(until)s.",
        tier=_(standing.tier_name),
        **values,
    )


async def of_room(session: AsyncSession, standing: Standing, row: Any) -> str | None:
    """The sentence for the page of one room; `row` is one of `queries.room_at`."""
    if not may_be_raised(standing, row):
        return None
    last_used = select(Room.last_used_at).where(Room.id == row.room_id).scalar_subquery()
    newer = await session.scalar(
        select(func.count()).where(Room.holder_id == row.holder_id, Room.last_used_at > last_used)
    )
    spent = await _spent(session, [row.sitting_id])
    use = await use_of(session, row.holder_id)
    of_host = await share_of(session, standing, row.host_id) if row.recorded else None
    running = Running(
        row,
        spent.get(row.sitting_id, timedelta()),
        use,
        newer_rooms=newer or 0,
        share=of_host.share if of_host else None,
    )
    return sentence(standing, running)


async def of_rooms(
    session: AsyncSession, standings: dict[int, Standing], rows: Sequence[Any], at_once: dict[int, int]
) -> dict[int, str]:
    """The same for a page of rooms, the newest used first, by room. One statement at most, for the sittings.

    Meetings that are recorded are left to their own page: there the storage is looked at too.
    """
    chosen = [row for row in rows if not row.recorded and may_be_raised(standings[row.holder_id], row)]
    if not chosen:
        return {}
    spent = await _spent(session, [row.sitting_id for row in chosen])
    nothing = Use(at_once=0, earliest_end=None, stored_bytes=0, reserved_bytes=0)
    found: dict[int, str] = {}
    for row in chosen:
        newer = sum(each.holder_id == row.holder_id for each in rows[: rows.index(row)])
        use = replace(nothing, at_once=at_once.get(row.holder_id, 0))
        running = Running(row, spent.get(row.sitting_id, timedelta()), use, newer_rooms=newer)
        said = sentence(standings[row.holder_id], running)
        if said:
            found[row.room_id] = said
    return found


async def _spent(session: AsyncSession, sittings: Sequence[str]) -> dict[str, timedelta]:
    """What the ended meetings of these sittings have used."""
    found = await session.execute(
        select(Meeting.sitting_id, func.sum(Meeting.ended_at - Meeting.started_at).label("used"))
        .where(Meeting.sitting_id.in_(sittings), Meeting.state == MeetingState.ENDED)
        .group_by(Meeting.sitting_id)
    )
    return {row.sitting_id: row.used for row in found}
