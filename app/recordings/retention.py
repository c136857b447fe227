"""How long a holder's recordings are kept: what is due about them now, and doing it under the holder's lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.limits import HeldLimits, Standing
from app.memberships.models import Holder, PolicyRow, Removal
from app.recordings.models import Recording, RecordingState, Wanted
from app.recordings.telling import wish_anew, wish_deletion, wish_of
from quotas import periods, retention
from quotas.retention import TOGETHER, Step, Stored, Warned
from quotas.storage import excess_bytes

log = structlog.get_logger()

COLUMNS = (
    *(Recording.id, Recording.holder_id, Recording.host_id, Recording.name, Recording.bytes, Recording.state),
    *(Recording.recorded_at, Recording.keep_days, Recording.kept_until, Recording.wanted),
    *(Recording.trashed_at, Recording.expired_at, Recording.first_warned_at, Recording.last_warned_at),
)


@dataclass(frozen=True)
class Kept:
    """What follows for one recording from the limits of today."""

    row: Any
    """its columns, as in COLUMNS"""
    by_time: datetime | None
    """till when the tier and the host's choice keep it; None: for ever"""
    until: datetime | None
    """the same, or till when it may stay although there is too little space"""
    warned: Warned
    """the warnings that still hold"""
    step: Step
    soon: Step
    """the step of tomorrow: it goes into the same mail"""

    @property
    def is_for_space(self) -> bool:
        """Whether it goes because more is stored than the tier has, not because its time is over."""
        return self.until != self.by_time

    @property
    def is_other_than_written(self) -> bool:
        """Whether its row says something else."""
        row = self.row
        return (row.kept_until, row.first_warned_at, row.last_warned_at) != (
            self.until,
            self.warned.first,
            self.warned.last,
        )


@dataclass(frozen=True)
class Due:
    """What is due about a holder's recordings now."""

    removal: str
    """what the operator's policy does at the end"""
    over_since: datetime | None
    """since when more is stored than the tier has; None: it has not"""
    recordings: list[Kept] = field(default_factory=list)

    def of(self, step: Step) -> list[Kept]:
        """The recordings of a step; for a warning with those of tomorrow, if any is due today."""
        now = [kept for kept in self.recordings if kept.step is step]
        if step is Step.REMOVE or not now:
            return now
        return [kept for kept in self.recordings if kept.soon is step]

    @property
    def is_nothing(self) -> bool:
        """Whether every row is as it is to be."""
        return all(kept.step is Step.NOTHING and not kept.is_other_than_written for kept in self.recordings)


async def recordings_of(session: AsyncSession, holder_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The recordings that BBB has, by holder; in one statement and without the ORM, since a round reads them all."""
    found: dict[int, list[Any]] = {holder_id: [] for holder_id in holder_ids}
    there = select(*COLUMNS).where(
        Recording.holder_id.in_(holder_ids), Recording.state != RecordingState.GONE
    )
    for row in await session.execute(there):
        found[row.holder_id].append(row)
    return found


def what_is_due(
    standing: Standing,
    removal: str,
    *,
    stored_bytes: int,
    over_since: datetime | None,
    rows: Iterable[Any],
) -> Due:
    """What follows for a holder from the limits, the policy and the time of now."""
    now, rows = clock.now(), [row for row in rows if row.wanted != Wanted.DELETED]
    if excess_bytes(standing.limits.storage_bytes, stored_bytes):
        over_since = over_since or now
        stays_until = periods.kept_until(over_since, standing.policy)
        goes = retention.in_excess(standing.limits.storage_bytes, _taking_space(rows, removal))
    else:
        over_since, stays_until, goes = None, None, set[int]()
    due = Due(removal, over_since)
    for row in rows:
        by_time = retention.kept_until(row.recorded_at, standing.limits.recording_days, row.keep_days)
        until = _earlier(by_time, stays_until) if row.id in goes else by_time
        warned = retention.still_warned(now, until, Warned(row.first_warned_at, row.last_warned_at))
        # What is in the trash, or was unpublished already, has its own end.
        is_over = row.trashed_at is not None or (row.expired_at is not None and removal == Removal.UNPUBLISH)
        steps = [
            Step.NOTHING if is_over else retention.next_step(at, until, warned.first, warned.last)
            for at in (now, now + TOGETHER)
        ]
        due.recordings.append(Kept(row, by_time, until, warned, *steps))
    return due


async def due_of(session: AsyncSession, held: HeldLimits) -> Due:
    """What is due for a holder, read under its lock."""
    holder = await session.get_one(Holder, held.holder_id, populate_existing=True)
    removal = await session.scalar(select(PolicyRow.recording_removal)) or Removal.UNPUBLISH
    rows = await recordings_of(session, [held.holder_id])
    return what_is_due(
        held,
        removal,
        stored_bytes=holder.stored_bytes,
        over_since=holder.over_since,
        rows=rows[held.holder_id],
    )


async def write_down(session: AsyncSession, held: HeldLimits, due: Due) -> None:
    """Keep what the recordings' rows and the holder's are to say, and forget warnings that hold no more."""
    await session.execute(update(Holder).where(Holder.id == held.holder_id).values(over_since=due.over_since))
    changed = [
        {
            "id": kept.row.id,
            "kept_until": kept.until,
            "first_warned_at": kept.warned.first,
            "last_warned_at": kept.warned.last,
        }
        for kept in due.recordings
        if kept.is_other_than_written
    ]
    if changed:  # in one go: a tier that is changed changes all of them
        await session.execute(update(Recording), changed)


async def remove(session: AsyncSession, kept: Kept, removal: str) -> None:
    """Take a recording back by the operator's policy: unpublished, it stays and counts; deleted, it goes."""
    recording = await session.get_one(Recording, kept.row.id, populate_existing=True)
    before = wish_of(recording)
    log.info("recording.time_over", recording=recording.id, removal=removal, for_space=kept.is_for_space)
    if removal == Removal.DELETE:
        await wish_deletion(session, recording)
        return
    recording.expired_at = clock.now()
    recording.kept_until = kept.by_time
    recording.first_warned_at = recording.last_warned_at = None
    await wish_anew(session, recording, before)


async def forget_warnings(session: AsyncSession) -> None:
    """Warn everyone anew: what was said of removals is not what the operator's policy does from now on."""
    await session.execute(
        update(Recording)
        .where(Recording.first_warned_at.is_not(None))
        .values(first_warned_at=None, last_warned_at=None)
    )


def _taking_space(rows: Iterable[Any], removal: str) -> list[Stored[int]]:
    """What can be taken back to make the rest fit: deleting frees what was unpublished before, too."""
    return [
        Stored(key=row.id, bytes=row.bytes, recorded_at=row.recorded_at)
        for row in rows
        if row.trashed_at is None and (row.expired_at is None or removal == Removal.DELETE)
    ]


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
