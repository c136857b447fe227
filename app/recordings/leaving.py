"""What becomes of recordings when an account goes, what its owner is told before, what an export says of them."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.deletion import goes_with_account, warns_before_deletion
from app.accounts.export import exports
from app.accounts.models import User
from app.i18n import Text, ngettext
from app.memberships.limits import hold
from app.organisations.conditions import heir
from app.organisations.leaving import Leaving, goes_with_host
from app.recordings import totals
from app.recordings.models import Recording, RecordingFormat, RecordingState, Wanted
from app.rooms.models import Room, Visibility

THERE = and_(
    Recording.state != RecordingState.GONE,
    or_(Recording.wanted.is_(None), Recording.wanted != Wanted.DELETED),
)


def _goes_with(user_id: int) -> ColumnElement[bool]:
    """What nobody is left for: the person's own holder's, and theirs of an organisation without anyone else."""
    own = Recording.holder_id == select(User.holder_id).where(User.id == user_id).scalar_subquery()
    return or_(own, and_(Recording.host_id == user_id, heir(user_id, Recording.holder_id).is_(None)))


@goes_with_account
async def recordings_go(session: AsyncSession, user_id: int) -> None:
    """A person's own recordings are deleted at BBB; an organisation's go to its longest-serving admin or host.

    The worker's next round tells BBB. Until it has agreed the row stays, without a name, and opens to nobody.
    """
    theirs = or_(_goes_with(user_id) & THERE, Recording.host_id == user_id)
    holders = sorted(await session.scalars(select(Recording.holder_id).where(theirs).distinct()))
    for holder_id in holders:
        await hold(session, holder_id)
    await session.execute(
        update(Recording)
        .where(_goes_with(user_id), THERE)
        .values(
            name="",
            visibility=Visibility.NOBODY,
            wanted=Wanted.DELETED,
            trashed_at=func.coalesce(Recording.trashed_at, clock.now()),
        )
        .execution_options(synchronize_session=False)
    )
    next_host = heir(user_id, Recording.holder_id)
    await session.execute(
        update(Recording)
        .where(Recording.host_id == user_id, next_host.is_not(None))
        .values(host_id=next_host)
        .execution_options(synchronize_session=False)
    )
    await totals.count_hosts(session, holders)


@goes_with_host
async def recordings_stay(session: AsyncSession, leaving: Leaving) -> None:
    """An organisation's recordings go with its rooms to whoever is chosen, and count against their share."""
    await session.execute(
        update(Recording)
        .where(Recording.holder_id == leaving.holder_id, Recording.host_id == leaving.user_id)
        .values(host_id=leaving.heir_id)
        .execution_options(synchronize_session=False)
    )
    await totals.count_hosts(session, [leaving.holder_id])


@warns_before_deletion
async def recordings_would_go(session: AsyncSession, user_id: int) -> Text | None:
    """How many recordings, and how many bytes, go with the account."""
    counted = select(func.count().label("number"), func.coalesce(func.sum(Recording.bytes), 0).label("size"))
    found = (await session.execute(counted.where(_goes_with(user_id), THERE))).one()
    if not found.number:
        return None
    return ngettext(
        "One recording is deleted for good (%(size)s). Keep a copy first if you need one.",
        "%(num)s recordings are deleted for good (%(size)s). Keep copies first if you need them.",
        found.number,
        size=wording.size(int(found.size)),
    )


@exports
async def recordings_of(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """The recordings that are the person's: no addresses at BBB, which are keys that others hold too."""
    holder_id = select(User.holder_id).where(User.id == user_id).scalar_subquery()
    mine = or_(Recording.host_id == user_id, Recording.holder_id == holder_id)
    found = (
        select(Recording, Room.name.label("room"), _formats())
        .join(Room, Room.id == Recording.room_id, isouter=True)
        .where(mine)
        .order_by(Recording.id)
    )
    return {
        "recordings": [
            {
                "name": row.Recording.name,
                "room": row.room,
                "address": f"/recordings/{row.Recording.key}",
                "formats": row.formats or [],
                **{name: getattr(row.Recording, name) for name in _EXPORTED},
            }
            for row in await session.execute(found)
        ]
    }


_EXPORTED = (
    *("state", "visibility", "bytes", "estimated", "minutes"),
    *("recorded_at", "keep_days", "kept_until", "trashed_at"),
)


def _formats() -> ColumnElement[Any]:
    return (
        select(func.array_agg(RecordingFormat.type))
        .where(RecordingFormat.recording_id == Recording.id, RecordingFormat.url != "")
        .scalar_subquery()
        .label("formats")
    )
