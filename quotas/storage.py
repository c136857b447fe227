"""Recording storage: true sizes where the server tells them, estimates where it does not (rule 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from quotas.limits import Policy

HOUR_MINUTES = 60
MINUTE = timedelta(minutes=1)
HUNDRED = 100
WARNING_STEPS = (100, 95, 80)


def estimated_bytes(minutes: int, policy: Policy) -> int:
    """Bytes that a recording of so many minutes may take, rounded up."""
    return -(-minutes * policy.recording_bytes_per_hour // HOUR_MINUTES)


def reservation(minutes: int | None, policy: Policy) -> int:
    """Bytes to keep free for a recorded meeting of that length; one without an end reserves the policy's."""
    return estimated_bytes(policy.endless_reserves_minutes if minutes is None else minutes, policy)


def headroom(storage_bytes: int | None, stored_bytes: int, reserved_bytes: int) -> int | None:
    """Bytes that are neither stored nor promised to a running meeting, never below 0; None = unlimited."""
    return None if storage_bytes is None else max(0, storage_bytes - stored_bytes - reserved_bytes)


@dataclass(frozen=True, kw_only=True)
class Share:
    """One host's part of an organisation's storage, and what that host uses of it, in bytes."""

    limit: int | None
    """None = as much as the organisation has"""
    stored_bytes: int = 0
    reserved_bytes: int = 0

    @property
    def free_bytes(self) -> int | None:
        """What is left of it, never below 0; None = unlimited."""
        return headroom(self.limit, self.stored_bytes, self.reserved_bytes)


def share_of_host(
    first_host: int | None, further_host: int | None, given: int | None, *, is_first: bool
) -> int | None:
    """The share of one host: what was `given` to them, else what the tier says; `is_first`: they host for longest.

    None = unlimited; of what an admin gives 0 is nothing.
    """
    if given is not None:
        return given
    return first_host if is_first else further_host


def recordable_minutes(free_bytes: int | None, policy: Policy) -> int | None:
    """Whole minutes of recording that fit into so many bytes, rounded down; None = no end."""
    return None if free_bytes is None else free_bytes * HOUR_MINUTES // policy.recording_bytes_per_hour


def excess_bytes(storage_bytes: int | None, stored_bytes: int) -> int:
    """Bytes stored above the limit (after a downgrade, or an estimate that was too low); 0 within it."""
    return 0 if storage_bytes is None else max(0, stored_bytes - storage_bytes)


def warning_step(storage_bytes: int | None, stored_bytes: int) -> int:
    """Of which percentage of the storage its holder is to be warned: 80, 95 or 100; 0 = of none.

    Who has no storage and stores nothing is not warned, and who has storage without limit is not either.
    """
    if storage_bytes is None or stored_bytes == 0:
        return 0
    return next((step for step in WARNING_STEPS if stored_bytes * HUNDRED >= storage_bytes * step), 0)


@dataclass(frozen=True, kw_only=True)
class RecordingSizes:
    """What a server says about one recording (BBB_API.md 3.3); in bytes, None or 0 = it does not say."""

    formats: Sequence[int | None] = ()
    size: int | None = None
    raw_size: int | None = None
    length: timedelta = timedelta()
    """of the recording; rounded up to minutes for an estimate"""


@dataclass(frozen=True, kw_only=True)
class ChargedBytes:
    """What a recording is charged, and whether that is an estimate until the server tells."""

    bytes: int
    estimated: bool


def charged_bytes(sizes: RecordingSizes, policy: Policy) -> ChargedBytes:
    """The bytes of one recording that exists on the server, published or not, processed or not.

    The sum of its formats when all are known; else the recording's own size when that says more than the
    known formats (some versions leave the unknown ones out of it); else an estimate by its length.
    """
    known = sum(size for size in sizes.formats if size and size > 0)
    complete = bool(sizes.formats) and all(size and size > 0 for size in sizes.formats)
    raw = (sizes.raw_size or 0) if policy.count_raw_recordings else 0
    if complete:
        return ChargedBytes(bytes=known + raw, estimated=False)
    if sizes.size and sizes.size > known:
        return ChargedBytes(bytes=sizes.size + raw, estimated=False)
    estimate = estimated_bytes(max(1, -(-sizes.length // MINUTE)), policy)
    return ChargedBytes(bytes=max(known, estimate) + raw, estimated=True)
