"""Meters: how much of a limit is used, with the rule itself saying when it is full."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quotas.decisions import Decision, Refused
from quotas.limits import LimitName, Limits, Policy
from quotas.rules import (
    may_add_host,
    may_create_room,
    may_gather,
    may_join,
    may_record,
    may_start_meeting,
)
from quotas.sittings import Sitting, Span, after, minutes_used

HUNDRED = 100


class Level(StrEnum):
    """How a meter looks."""

    OFF = "off"
    """the holder has nothing of it, and uses nothing"""
    OK = "ok"
    WARN = "warn"
    """from the policy's percentage on (80)"""
    FULL = "full"
    """the rule refuses the least that can be asked for: at 100 %, of storage a little before"""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """How much of one limit is used (units: `Reason`); limit None = unlimited."""

    limit_name: LimitName
    used: int
    limit: int | None
    fraction: float
    """used of limit, above 1.0 after a downgrade; 0.0 of unlimited, 1.0 of nothing"""
    level: Level

    @property
    def left(self) -> int | None:
        """What is left, never below 0; None = unlimited."""
        return None if self.limit is None else max(0, self.limit - self.used)


def _meter(name: LimitName, used: int, limit: int | None, policy: Policy, rule: Decision[object]) -> Meter:
    return Meter(
        limit_name=name,
        used=used,
        limit=limit,
        fraction=_fraction(used, limit),
        level=_level(used, limit, policy, full=isinstance(rule, Refused)),
    )


def _fraction(used: int, limit: int | None) -> float:
    if limit is None:
        return 0.0
    return used / limit if limit else 1.0


def _level(used: int, limit: int | None, policy: Policy, *, full: bool) -> Level:
    if limit is None:
        return Level.OK
    if limit == used == 0:
        return Level.OFF
    if full:
        return Level.FULL
    return Level.WARN if used * HUNDRED >= limit * policy.warn_at_percent else Level.OK


def rooms_meter(limits: Limits, policy: Policy, *, used: int) -> Meter:
    """The holder's rooms."""
    return _meter(LimitName.ROOMS, used, limits.rooms, policy, may_create_room(limits, used))


def hosts_meter(limits: Limits, policy: Policy, *, used: int) -> Meter:
    """The seats of an organisation."""
    return _meter(LimitName.HOSTS, used, limits.hosts, policy, may_add_host(limits, used))


def at_once_meter(limits: Limits, policy: Policy, *, now: datetime, at_once: int) -> Meter:
    """The holder's meetings that are starting or running, asked for a room that has not been used yet."""
    free = limits.overridden(rooms=None, meeting_minutes=None, group_size=None)
    rule = may_start_meeting(free, policy, now=now, at_once=at_once, sitting=None)
    return _meter(LimitName.AT_ONCE, at_once, limits.at_once, policy, rule)


def sitting_meter(
    limits: Limits,
    policy: Policy,
    *,
    now: datetime,
    sitting: Sitting | None,
    running_since: datetime | None = None,
    continues_sitting: bool | None = None,
) -> Meter:
    """The minutes of the room's sitting, rounded up, with what the running meeting has lasted till now.

    For a running meeting give the moment BBB created it, and what its terms said of the sitting.
    """
    if running_since is not None:
        span = Span(started_at=running_since, ended_at=now, continues_sitting=continues_sitting)
        sitting = after(sitting, span, policy)
    free = limits.overridden(rooms=None, at_once=None, group_size=None)
    rule = may_start_meeting(free, policy, now=now, at_once=0, sitting=sitting)
    used = minutes_used(sitting, policy, now)
    return _meter(LimitName.MEETING_MINUTES, used, limits.meeting_minutes, policy, rule)


def storage_meter(limits: Limits, policy: Policy, *, stored_bytes: int, reserved_bytes: int) -> Meter:
    """The holder's recording storage, with what running recorded meetings may still produce.

    It is full when not even one minute of recording fits.
    """
    rule = may_record(
        limits, policy, left=None, minutes=1, stored_bytes=stored_bytes, reserved_bytes=reserved_bytes
    )
    used = stored_bytes + reserved_bytes
    return _meter(LimitName.STORAGE_BYTES, used, limits.storage_bytes, policy, rule)


def group_meter(group_size: int | None, policy: Policy, *, present: int, hosts_present: int) -> Meter:
    """The people in one meeting, by the cap of its terms; it is full when the next guest is refused."""
    rule = may_join(group_size, present=present, hosts_present=hosts_present, is_host=False)
    return _meter(LimitName.GROUP_SIZE, present, group_size, policy, rule)


def large_sessions_meter(limits: Limits, policy: Policy, *, used: int) -> Meter:
    """The month's large sessions of the holder."""
    free = limits.overridden(group_size=1, large_session_people=None)
    rule = may_gather(free, people=2, large_sessions=used)
    return _meter(LimitName.LARGE_SESSIONS_PER_MONTH, used, limits.large_sessions_per_month, policy, rule)
