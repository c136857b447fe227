"""How full a holder's storage is: said on the page, and by mail once at 80, 95 and 100 %."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.memberships.limits import HeldLimits, Standing
from app.memberships.models import Holder, HolderKind, Removal
from app.recordings.warnings import Post, readers_of, send
from quotas import periods
from quotas.storage import excess_bytes, warning_step

FULL = 100

log = structlog.get_logger()


@dataclass(frozen=True)
class StorageNotice:
    """What a page says of storage that runs out; `step` is 80, 95 or 100."""

    step: int
    title: str
    text: str


def storage_notice(
    standing: Standing, removal: str, *, stored_bytes: int, over_since: datetime | None
) -> StorageNotice | None:
    """The notice for a holder; None while there is space. `removal` is the operator's policy."""
    limit = standing.limits.storage_bytes
    step = warning_step(limit, stored_bytes)
    if limit is None or not step:
        return None
    figures = {"used": wording.size(stored_bytes), "limit": wording.size(limit)}
    if excess_bytes(limit, stored_bytes):
        return StorageNotice(
            step, _("More is stored than the tier has"), _over(standing, removal, over_since, figures)
        )
    if step == FULL:
        return StorageNotice(
            step,
            _("The space for recordings is full"),
            _(
                "%(used)s of %(limit)s are used. No meeting is recorded until there is space again.",
                **figures,
            ),
        )
    return StorageNotice(
        step,
        _("The space for recordings is nearly full"),
        _("%(used)s of %(limit)s are used. Delete recordings that nobody needs any more.", **figures),
    )


def _over(standing: Standing, removal: str, over_since: datetime | None, figures: dict[str, str]) -> str:
    if over_since is None:  # the next round writes it
        return _("%(used)s are stored, the tier has %(limit)s. No meeting is recorded meanwhile.", **figures)
    figures["date"] = wording.day(periods.kept_until(over_since, standing.policy))
    if removal == Removal.DELETE:
        return _(
            "%(used)s are stored, the tier has %(limit)s. No meeting is recorded meanwhile. From %(date)s on the "
            "oldest recordings are deleted, as many as are too much. You get a mail 14 and 3 days before.",
            **figures,
        )
    return _(
        "%(used)s are stored, the tier has %(limit)s. No meeting is recorded meanwhile. From %(date)s on the "
        "oldest recordings are unpublished, as many as are too much. You get a mail 14 and 3 days before.",
        **figures,
    )


async def warn_of_storage(session: AsyncSession, post: Post, held: HeldLimits) -> None:
    """Write the mail of a step that was reached; a step that was left can be reached again. Holder held."""
    holder = await session.get_one(Holder, held.holder_id, populate_existing=True)
    step = warning_step(held.limits.storage_bytes, holder.stored_bytes)
    if step == holder.storage_warned:
        return
    if step > holder.storage_warned:
        is_over = excess_bytes(held.limits.storage_bytes, holder.stored_bytes) > 0
        stays_until = periods.kept_until(holder.over_since or clock.now(), held.policy)
        log.info("recording.storage_warned", holder=held.holder_id, step=step)
        for reader in await readers_of(session, held.holder_id, set()):
            await send(
                session,
                post,
                reader,
                "recording_storage",
                organisation=holder.name if holder.kind == HolderKind.ORGANISATION else None,
                step=step,
                used=holder.stored_bytes,
                limit=held.limits.storage_bytes,
                is_over=is_over,
                stays_until=stays_until,
            )
    await session.execute(update(Holder).where(Holder.id == held.holder_id).values(storage_warned=step))
