"""What a page says of a holder's storage for recordings when it runs out: at 80, 95 and 100 %."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.i18n import gettext as _
from app.memberships.limits import Standing
from app.memberships.models import Holder, PolicyRow, Removal
from quotas import periods
from quotas.storage import excess_bytes, warning_step

FULL = 100


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


async def removal_and_excess(session: AsyncSession, holder_id: int) -> tuple[str, datetime | None]:
    """The policy, and since when the holder stores more than its limit (None: it does not)."""
    found = select(PolicyRow.recording_removal, Holder.over_since).join(Holder, Holder.id == holder_id)
    row = (await session.execute(found.where(PolicyRow.id == 1))).one()
    return row.recording_removal, row.over_since
