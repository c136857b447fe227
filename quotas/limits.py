"""Limits: what a tier says, what one holder may use now, and the numbers of the rules that are data."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self

GIGABYTE = 1_000_000_000


class LimitName(StrEnum):
    """The limits by name; the values are the fields of `Limits`."""

    MEETING_MINUTES = "meeting_minutes"
    GROUP_SIZE = "group_size"
    ROOMS = "rooms"
    AT_ONCE = "at_once"
    STORAGE_BYTES = "storage_bytes"
    LARGE_SESSIONS_PER_MONTH = "large_sessions_per_month"
    LARGE_SESSION_PEOPLE = "large_session_people"
    HOSTS = "hosts"
    RECORDING_DAYS = "recording_days"


class _NotNegative:
    """A dataclass of figures of which none may be below zero: a slip of the keyboard stops here."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # only dataclasses inherit it
            value = getattr(self, field.name)
            if value is not None and value < 0:
                raise ValueError(f"{field.name} is {value}: a limit is 0 or more, or None for unlimited")


@dataclass(frozen=True, kw_only=True)
class TierLimits(_NotNegative):
    """What a tier says (the table of DOMAIN.md), per host where the table says per host; None = unlimited."""

    meeting_minutes: int | None
    """minutes of one sitting"""
    group_size: int | None
    """people in one meeting at one time, hosts included"""
    rooms_per_host: int | None
    at_once_per_host: int | None
    storage_first_host: int | None
    """bytes; 0 = recording off"""
    storage_further_host: int | None
    """bytes that each host after the first adds"""
    large_sessions_per_month: int | None
    """0 = none; of the holder, however many hosts"""
    large_session_people: int | None
    """people in one large session"""
    recording_days: int | None = None
    """how long a recording is kept at most"""


@dataclass(frozen=True, kw_only=True)
class Limits(_NotNegative):
    """What one holder may use now; None = unlimited, 0 = nothing of it."""

    meeting_minutes: int | None
    group_size: int | None
    rooms: int | None
    at_once: int | None
    storage_bytes: int | None
    large_sessions_per_month: int | None
    large_session_people: int | None
    hosts: int | None = None
    """hosts of an organisation: the seats of its membership"""
    recording_days: int | None = None

    def overridden(self, **limits: int | None) -> Self:
        """The same limits with an operator's override of any of them on top (None = unlimited)."""
        return replace(self, **limits)

    def of(self, name: LimitName) -> int | None:
        """The limit of that name; None = unlimited."""
        value: int | None = getattr(self, name)
        return value


@dataclass(frozen=True, kw_only=True)
class Policy(_NotNegative):
    """The numbers of the rules; every one is data of the operator, these are the defaults that ship."""

    sitting_gap_minutes: int = 10
    """rule 1: meetings with less than this between them are one sitting"""
    large_session_above: int = 50
    """a meeting whose group size cap is above this is a large session"""
    recording_bytes_per_hour: int = 500_000_000
    """rule 4: the estimate of what a recorded hour takes"""
    recording_least_minutes: int = 15
    """a recording whose host named no length starts only if at least this much of it fits"""
    endless_reserves_minutes: int = 24 * 60
    """what a recorded meeting without an end reserves (possible only with unlimited storage)"""
    count_raw_recordings: bool = False
    """whether the raw data that a server still keeps counts too (BBB_API.md 3.3)"""
    warn_at_percent: int = 80
    """a meter warns from here on"""
    membership_grace_days: int = 14
    retention_grace_days: int = 90

    def __post_init__(self) -> None:
        """No figure below zero, and an estimate of nothing would promise the same byte for ever."""
        super().__post_init__()
        if not self.recording_bytes_per_hour:
            raise ValueError("recording_bytes_per_hour is 0: a recording always takes some bytes")


def _per_host(limit: int | None, hosts: int) -> int | None:
    return None if limit is None else limit * hosts


def _storage(tier: TierLimits, hosts: int) -> int | None:
    """Bytes: the first host's share, and one more share for each further host."""
    if hosts == 0 and tier.storage_first_host is not None:
        return 0
    if tier.storage_first_host is None or (tier.storage_further_host is None and hosts > 1):
        return None
    return tier.storage_first_host + (tier.storage_further_host or 0) * (hosts - 1)


def limits_of(tier: TierLimits, hosts: int = 1, *, seats: int | None = None) -> Limits:
    """What a holder with that many hosts may use; a person is a holder with one host.

    `seats` are the hosts that an organisation may have, None = as many as it likes.

    Without a host nothing that is counted per host is left; what is unlimited stays unlimited.
    Raises ValueError for less than none.
    """
    if hosts < 0:
        raise ValueError(f"{hosts} hosts")
    return Limits(
        meeting_minutes=tier.meeting_minutes,
        group_size=tier.group_size,
        rooms=_per_host(tier.rooms_per_host, hosts),
        at_once=_per_host(tier.at_once_per_host, hosts),
        storage_bytes=_storage(tier, hosts),
        large_sessions_per_month=tier.large_sessions_per_month,
        large_session_people=tier.large_session_people,
        hosts=seats,
        recording_days=tier.recording_days,
    )


def is_more(offered: int | None, than: int | None) -> bool:
    """Whether one limit is above another; None, unlimited, is above every number."""
    return than is not None and (offered is None or offered > than)


def tiers_with_more(name: LimitName, limits: Limits, offers: Mapping[str, Limits]) -> list[str]:
    """The tiers, in the order offered, that have more of a limit than the holder has now (rule 6)."""
    return [tier for tier, offered in offers.items() if is_more(offered.of(name), limits.of(name))]
