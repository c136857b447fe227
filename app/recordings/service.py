"""What a host does with a recording: change it, put it into the trash, take it out again."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy, ngettext
from app.memberships.limits import HeldLimits, Standing, hold
from app.memberships.models import Holder
from app.recordings.models import Recording, RecordingFormat, RecordingState, Wanted
from app.recordings.telling import wish_anew, wish_deletion, wish_of
from app.rooms.models import Visibility
from quotas import periods, retention

TRASH = timedelta(days=7)

log = structlog.get_logger()


class KeptTooLongError(ConflictError):
    """The host wants to keep it for longer than the tier does; `most` is the tier's number of days."""

    code = "kept_too_long"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            ngettext(
                "Your tier keeps recordings for %(num)s day. Choose at most that, or leave it empty.",
                "Your tier keeps recordings for %(num)s days. Choose at most that, or leave it empty.",
                most,
            )
        )


class InTrashError(ConflictError):
    """It is in the trash: nothing else can be done with it."""

    code = "recording_in_trash"
    title = lazy("This recording is in the trash")
    message = lazy("This recording is in the trash. Restore it first.")


class NotInTrashError(ConflictError):
    """Somebody else has restored it, or it never was in the trash."""

    code = "recording_not_in_trash"
    title = lazy("This recording is not in the trash")
    message = lazy("This recording is not in the trash: it is among your recordings.")


class DeletedError(ConflictError):
    """It is being deleted, or BBB has it no longer."""

    code = "recording_deleted"
    title = lazy("This recording is gone")
    message = lazy("This recording is deleted on the server. Nothing can be done with it any more.")


class TimeOverError(ConflictError):
    """Its time is over: to be seen again it must be kept for longer."""

    code = "recording_time_over"
    title = lazy("The time of this recording is over")
    message = lazy("The time of this recording is over. Choose to keep it for longer, then publish it again.")


class NoSpaceAgainError(ConflictError):
    """It was taken back because more is stored than the tier has, and that is still so."""

    code = "recording_no_space"
    title = lazy("There is no space for this recording")
    message = lazy(
        "More is stored than your tier has, so this recording does not fit. Delete others first, then publish "
        "it again."
    )


async def change_recording(
    session: AsyncSession,
    recording: Recording,
    *,
    name: str,
    visibility: Visibility,
    keep_days: int | None,
    hidden: set[str],
) -> None:
    """Change what a host may set: `hidden` names the formats that nobody is shown.

    One whose time was over is published again when another time was chosen that is not over. Raises
    KeptTooLongError, InTrashError, DeletedError, NoSpaceAgainError, NotFoundError.
    """
    held = await _held(session, recording)
    if recording.trashed_at:
        raise InTrashError
    before = wish_of(recording)
    if keep_days != recording.keep_days:
        await _keep_for(session, held, recording, keep_days)
    recording.name = name
    recording.visibility = visibility
    await session.execute(
        update(RecordingFormat)
        .where(RecordingFormat.recording_id == recording.id, RecordingFormat.url != "")
        .values(hidden=RecordingFormat.type.in_(hidden))
    )
    await wish_anew(session, recording, before)
    await session.flush()


async def publish_again(session: AsyncSession, recording: Recording) -> None:
    """Let it be seen again after its time was over, if there is time and space for it now.

    Raises TimeOverError, NoSpaceAgainError, InTrashError, DeletedError, NotFoundError.
    """
    held = await _held(session, recording)
    if recording.trashed_at:
        raise InTrashError
    before = wish_of(recording)
    if _is_over(kept_until(held, recording)):
        raise TimeOverError
    if recording.expired_at:
        await _show_again(session, held, recording)
    await wish_anew(session, recording, before)


async def trash_recording(session: AsyncSession, recording: Recording) -> None:
    """Put it into the trash for 7 days: nobody can play it, its bytes still count.

    Raises InTrashError when somebody else was faster, DeletedError, NotFoundError.
    """
    await _held(session, recording)
    if recording.trashed_at:
        raise InTrashError(lazy("Somebody else has just put this recording into the trash."))
    before = wish_of(recording)
    recording.trashed_at = clock.now()
    log.info("recording.trashed", recording=recording.id)
    await wish_anew(session, recording, before)


async def restore_recording(session: AsyncSession, recording: Recording) -> None:
    """Take it out of the trash: it is seen again by whom it was before.

    Raises NotInTrashError when somebody else was faster, DeletedError, NotFoundError.
    """
    await _held(session, recording)
    if not recording.trashed_at:
        raise NotInTrashError
    before = wish_of(recording)
    recording.trashed_at = None
    log.info("recording.restored", recording=recording.id)
    await wish_anew(session, recording, before)


async def delete_recording(session: AsyncSession, recording: Recording) -> None:
    """Delete for good what is in the trash, without waiting for the 7 days: makes room.

    Raises NotInTrashError, DeletedError, NotFoundError.
    """
    await _held(session, recording)
    if not recording.trashed_at:
        raise NotInTrashError
    log.info("recording.deletion_wanted", recording=recording.id)
    await wish_deletion(session, recording)


def kept_until(standing: Standing, recording: Recording) -> datetime | None:
    """Till when the holder's tier and the host's choice keep it; None: for ever."""
    return retention.kept_until(recording.recorded_at, standing.limits.recording_days, recording.keep_days)


def is_shown(recording: Recording) -> bool:
    """Whether anyone but its hosts may play it: published at BBB, and to stay so."""
    return (
        recording.state == RecordingState.PUBLISHED
        and recording.wanted in {None, Wanted.PUBLISHED}
        and wish_of(recording) == Wanted.PUBLISHED
    )


async def _held(session: AsyncSession, recording: Recording) -> HeldLimits:
    """The holder's limits, with its row locked and the recording read anew under the lock."""
    held = await hold(session, recording.holder_id)
    here = select(Recording).where(Recording.id == recording.id).execution_options(populate_existing=True)
    if await session.scalar(here) is None:
        raise NotFoundError
    if recording.state == RecordingState.GONE or recording.wanted == Wanted.DELETED:
        raise DeletedError
    return held


async def _keep_for(session: AsyncSession, held: HeldLimits, recording: Recording, days: int | None) -> None:
    """Another time to keep it. Nothing is changed yet when this raises: a form can show what was typed."""
    most = held.limits.recording_days
    if days is not None and most is not None and days > most:
        raise KeptTooLongError(most)
    until = retention.kept_until(recording.recorded_at, most, days)
    if recording.expired_at and not _is_over(until):
        await _show_again(session, held, recording)
    recording.keep_days, recording.kept_until = days, until


def _is_over(until: datetime | None) -> bool:
    return until is not None and until <= clock.now()


async def _show_again(session: AsyncSession, held: HeldLimits, recording: Recording) -> None:
    """Forget that its time was over, unless what is shown would not fit any more after a downgrade."""
    over_since = await session.scalar(select(Holder.over_since).where(Holder.id == held.holder_id))
    limit = held.limits.storage_bytes
    if over_since and limit is not None and periods.kept_until(over_since, held.policy) <= clock.now():
        shown = select(func.coalesce(func.sum(Recording.bytes), 0)).where(
            Recording.holder_id == held.holder_id,
            Recording.expired_at.is_(None),
            Recording.trashed_at.is_(None),
        )
        if (await session.scalar(shown) or 0) + recording.bytes > limit:
            raise NoSpaceAgainError
    recording.expired_at = recording.first_warned_at = recording.last_warned_at = None
