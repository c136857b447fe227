"""Which of a holder's refusals another limit would have let pass: the rule that refused is asked again."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.admin.limits import HeldNow
from app.admin.limits_words import REASONS
from app.memberships.decision_log import KEPT
from app.memberships.models import LoggedDecision
from quotas.decisions import Decision, Granted, Reason
from quotas.limits import Limits, is_more
from quotas.rules import (
    is_read_only,
    may_add_host,
    may_create_room,
    may_gather,
    may_join,
    may_start_meeting,
)
from quotas.sittings import Sitting
from quotas.storage import headroom

# Refusals with the same figures are one; nobody has so many different ones.
MOST_REFUSALS = 1000


@dataclass(frozen=True)
class Refusals:
    """The last 30 days' refusals for one reason: how many, how many the limit would have let pass, or may have."""

    reason: str
    times: int
    granted: int
    untold: int


async def refusals_under(session: AsyncSession, held: HeldNow, after: Limits) -> list[Refusals]:
    """The refusals of the days that the log is kept, the newest reason first, under these limits."""
    row = LoggedDecision
    figures = (row.reason, row.limit_value, row.used, row.asked)
    found = await session.execute(
        select(*figures, func.sum(row.times).label("times"))
        .where(
            row.holder_id == held.standing.holder_id,
            row.granted.is_(False),
            row.at > clock.now() - KEPT,
        )
        .group_by(*figures)
        .order_by(func.max(row.at).desc())
        .limit(MOST_REFUSALS)
    )
    by_reason: dict[str, list[tuple[int, bool | None]]] = defaultdict(list)
    for each in found:
        by_reason[each.reason].append((int(each.times), would_be_granted(held, each, after)))
    return [
        Refusals(
            reason=str(REASONS.get(reason, reason)),
            times=sum(times for times, _verdict in verdicts),
            granted=sum(times for times, verdict in verdicts if verdict),
            untold=sum(times for times, verdict in verdicts if verdict is None),
        )
        for reason, verdicts in by_reason.items()
    ]


def would_be_granted(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """Whether the limit that refused would have let it pass, by the rule itself; None: its figures do not tell.

    Another limit might still have refused: what it would have found then is not known.
    """
    if row.reason not in _ASK:
        return False if row.reason in set(Reason) else None
    return _ASK[row.reason](held, row, after)


def _is_granted(decision: Decision[Any]) -> bool:
    return isinstance(decision, Granted)


def _at_once(held: HeldNow, row: Any, after: Limits) -> bool:
    only = after.overridden(rooms=None, meeting_minutes=None, group_size=None)
    now, policy = clock.now(), held.standing.policy
    return _is_granted(may_start_meeting(only, policy, now=now, at_once=row.used, sitting=None))


def _sitting(held: HeldNow, row: Any, after: Limits) -> bool:
    only = after.overridden(rooms=None, at_once=None, group_size=None)
    now = clock.now()
    sitting = Sitting(used=timedelta(minutes=row.used), last_ended_at=now)
    return _is_granted(may_start_meeting(only, held.standing.policy, now=now, at_once=0, sitting=sitting))


def _gathering(held: HeldNow, row: Any, after: Limits) -> bool | None:
    del held
    if not _is_granted(may_gather(after, people=row.asked)):
        return False
    # As a large session it would have drawn on the month's number, of which the refusal says nothing.
    return None if is_more(row.asked, after.group_size) else True


def _large_sessions(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """For how many people it was is not in the figures: the most that may be have to be granted."""
    most = held.standing.limits.large_session_people
    size = after.group_size
    if size is None or (most is not None and most <= size):
        return True
    decision = may_gather(after, people=most or size + 1, large_sessions=row.used)
    if isinstance(decision, Granted):
        return True
    return False if decision.reason is Reason.LARGE_SESSIONS else None


def _storage(held: HeldNow, row: Any, after: Limits) -> bool:
    del held
    free = headroom(after.storage_bytes, row.used, 0)
    return after.storage_bytes != 0 and not is_more(row.asked, free)


def _group(held: HeldNow, row: Any, after: Limits) -> bool | None:
    """A meeting for fewer people than may be, or a large session, would have been just as full."""
    if row.limit_value != held.standing.limits.group_size:
        return None
    return _is_granted(may_join(after.group_size, present=row.used, hosts_present=0, is_host=False))


# By reason, the rule that refused; a ban is no limit.
_ASK: Mapping[str, Callable[[HeldNow, Any, Limits], bool | None]] = {
    Reason.ROOMS: lambda _held, row, after: _is_granted(may_create_room(after, row.used)),
    Reason.ROOM_READ_ONLY: lambda _held, row, after: not is_read_only(after, row.used),
    Reason.HOSTS: lambda _held, row, after: _is_granted(may_add_host(after, row.used)),
    Reason.AT_ONCE: _at_once,
    Reason.SITTING_SPENT: _sitting,
    Reason.GROUP_SIZE: _gathering,
    Reason.LARGE_SESSION_PEOPLE: _gathering,
    Reason.LARGE_SESSIONS: _large_sessions,
    Reason.STORAGE_FULL: _storage,
    Reason.RECORDING_OFF: _storage,
    Reason.GROUP_FULL: _group,
}
