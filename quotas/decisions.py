"""Decisions: granted with its terms, or refused with a reason and the figures that explain it (rule 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from quotas.limits import LimitName
from quotas.moments import utc

T_co = TypeVar("T_co", covariant=True)


class Reason(StrEnum):
    """Why something was refused, in the templates' words; in brackets the unit of limit, used and asked."""

    ROOMS = "rooms"
    """no further room [rooms]"""
    ROOM_READ_ONLY = "room_read_only"
    """the room is above the cap after a downgrade [rooms; used: rooms of the holder used more recently]"""
    AT_ONCE = "at_once"
    """as many meetings are starting or running as may be [meetings]"""
    SITTING_SPENT = "sitting_spent"
    """under one minute of the sitting's budget is left [minutes; used is rounded up, asked is 1]"""
    GROUP_SIZE = "group_size"
    """a meeting for more people than the tier has was asked for [people; used is 0]"""
    GROUP_FULL = "group_full"
    """the meeting is full, or its last place is the host's: then used is limit - 1 [people]"""
    HOSTS = "hosts"
    """all seats of the organisation are taken [hosts]"""
    LARGE_SESSIONS = "large_sessions"
    """the month's large sessions are used up [large sessions]"""
    LARGE_SESSION_PEOPLE = "large_session_people"
    """more people than a large session may have were asked for [people; used is 0]"""
    RECORDING_OFF = "recording_off"
    """the holder has no recording storage at all [bytes]"""
    STORAGE_FULL = "storage_full"
    """the recording may grow larger than what is left [bytes; asked is the estimate]"""
    SHARE_FULL = "share_full"
    """the same within one host's share of an organisation's storage [bytes; asked is the estimate]"""
    HOLDER_BANNED = "holder_banned"
    """the holder is banned: no figure explains it [limit, used and asked are 0, 0 and 1]"""

    @property
    def limit_name(self) -> LimitName | None:
        """The limit that refused; None when no limit did."""
        return _LIMIT_OF_REASON.get(self)


_LIMIT_OF_REASON = {
    Reason.ROOMS: LimitName.ROOMS,
    Reason.ROOM_READ_ONLY: LimitName.ROOMS,
    Reason.AT_ONCE: LimitName.AT_ONCE,
    Reason.SITTING_SPENT: LimitName.MEETING_MINUTES,
    Reason.GROUP_SIZE: LimitName.GROUP_SIZE,
    Reason.GROUP_FULL: LimitName.GROUP_SIZE,
    Reason.HOSTS: LimitName.HOSTS,
    Reason.LARGE_SESSIONS: LimitName.LARGE_SESSIONS_PER_MONTH,
    Reason.LARGE_SESSION_PEOPLE: LimitName.LARGE_SESSION_PEOPLE,
    Reason.RECORDING_OFF: LimitName.STORAGE_BYTES,
    Reason.STORAGE_FULL: LimitName.STORAGE_BYTES,
    Reason.SHARE_FULL: LimitName.STORAGE_BYTES,
}


@dataclass(frozen=True, kw_only=True)
class Refused:
    """No, and why: the limit, what is used of it, what was asked for (units: `Reason`), and when it frees up.

    `frees_at` is aware; None when nobody can know, or when only somebody's action frees it.
    """

    reason: Reason
    limit: int | None
    used: int
    asked: int
    frees_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.frees_at is not None:
            object.__setattr__(self, "frees_at", utc(self.frees_at))


@dataclass(frozen=True)
class Granted(Generic[T_co]):
    """Yes, under these terms."""

    terms: T_co


Decision = Granted[T_co] | Refused


def _never_zero(number: int | None) -> None:
    if number is not None and number < 1:
        raise ValueError(f"terms of {number}: BigBlueButton reads 0 as unlimited")


@dataclass(frozen=True, kw_only=True)
class RecordingTerms:
    """How long a meeting may be recorded, and the bytes kept free for it."""

    minutes: int | None
    """None = no end, possible only with unlimited storage"""
    reserved_bytes: int

    def __post_init__(self) -> None:
        _never_zero(self.minutes)


@dataclass(frozen=True, kw_only=True)
class MeetingTerms:
    """What a meeting starts with and keeps to its end (rule 7)."""

    minutes: int | None
    """from the moment BBB created the meeting; None = no end"""
    people: int | None
    """in the meeting at one time, hosts included; None = no cap"""
    recorded: bool
    continues_sitting: bool
    """whether it draws on the budget of the sitting before it; keep it, and give it to `Span`"""
    reserved_bytes: int
    """for the recording, until the server tells its size; 0 when not recorded"""
    large_session: bool = False
    """above the policy's size: the calendar's capacity is to be asked"""
    above_group_size: bool = False
    """one of the month's large sessions is used for it"""

    def __post_init__(self) -> None:
        _never_zero(self.minutes)
        _never_zero(self.people)

    def ends_at(self, created_at: datetime) -> datetime | None:
        """When BBB ends a meeting that it created at that moment, in UTC; None = never by itself."""
        return None if self.minutes is None else utc(created_at) + timedelta(minutes=self.minutes)
