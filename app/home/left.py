"""What is left of a holder's limits, by the rules that enforce them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.meetings.models import MeetingState
from app.meetings.queries import Use, sitting_of_room, use_of
from app.memberships.limits import Standing
from app.memberships.storage_notice import StorageNotice, storage_notice
from app.rooms.service import count_rooms
from quotas.limits import LimitName
from quotas.meters import Level, Meter, at_once_meter, rooms_meter, sitting_meter, storage_meter
from quotas.periods import works_until
from quotas.storage import headroom, recordable_minutes

MeterWords = tuple[str, str, int | None]  # label, sentence, percent used


@dataclass(frozen=True)
class Left:
    """What is left of every limit, and of which membership."""

    meters: list[MeterWords]
    membership: dict[str, Any]
    storage: StorageNotice | None
    """when the space for recordings runs out"""


async def what_is_left(session: AsyncSession, standing: Standing, rows: Sequence[Row[Any]]) -> Left:
    """The meters of one holder; `rows` are the rooms on the page, the newest used first."""
    use = await use_of(session, standing.holder_id)
    return Left(
        meters=await _meters(session, standing, use, rows),
        membership=_membership(standing),
        storage=storage_notice(
            standing, use.removal, stored_bytes=use.stored_bytes, over_since=use.over_since
        ),
    )


async def _meters(
    session: AsyncSession, standing: Standing, use: Use, rows: Sequence[Row[Any]]
) -> list[MeterWords]:
    limits, policy, now = standing.limits, standing.policy, clock.now()
    rooms = rooms_meter(limits, policy, used=await count_rooms(session, standing.holder_id))
    at_once = at_once_meter(limits, policy, now=now, at_once=use.at_once)
    storage = storage_meter(limits, policy, stored_bytes=use.stored_bytes, reserved_bytes=use.reserved_bytes)
    meters = [
        (_("Rooms"), _used(rooms), _share(rooms)),
        (_("Meetings at once"), _used(at_once), _share(at_once)),
        await _sitting_words(session, standing, rows),
        (_("Recordings"), _storage_words(storage, standing, use), _share(storage)),
    ]
    return [meter for meter in meters if meter is not None]


async def _sitting_words(
    session: AsyncSession, standing: Standing, rows: Sequence[Row[Any]]
) -> MeterWords | None:
    """The minutes of the sitting in the room that the holder meets in, or did last."""
    own = [row for row in rows if row.holder_id == standing.holder_id]
    if not own:
        return None
    row = max(own, key=_newest_sitting)
    found = await sitting_of_room(session, row.room_id, with_running=True)
    running_since = row.started_at if row.state == "running" else None
    meter = sitting_meter(
        standing.limits,
        standing.policy,
        now=clock.now(),
        sitting=found[1] if found else None,
        running_since=running_since,
        continues_sitting=found is not None if running_since else None,
    )
    if meter.limit is None:
        sentence = _("“%(room)s”: no limit.", room=row.name)
    else:
        sentence = _(
            "“%(room)s”: %(left)s of %(whole)s left.",
            room=row.name,
            left=wording.minutes(meter.left or 0),
            whole=wording.minutes(meter.limit),
        )
    return _("Time of this sitting"), sentence, _share(meter)


def _newest_sitting(row: Row[Any]) -> tuple[int, datetime]:
    """Rooms in order of their sittings: what runs is the newest, then what ended last; never met is the oldest."""
    if row.state is None:
        return 0, row.last_used_at
    if row.state == MeetingState.ENDED:
        return 1, row.ended_at
    return 2, row.reserved_at


def _storage_words(meter: Meter, standing: Standing, use: Use) -> str:
    if meter.level is Level.OFF:
        return _("Not part of the tier “%(tier)s”.", tier=_(standing.tier_name))
    if meter.limit is None:
        return _("%(used)s used. No limit.", used=wording.size(meter.used))
    free = headroom(meter.limit, use.stored_bytes, use.reserved_bytes)
    minutes = recordable_minutes(free, standing.policy)
    figures = {"used": wording.size(meter.used), "whole": wording.size(meter.limit)}
    if not minutes:
        return _("%(used)s of %(whole)s. Nothing more can be recorded.", **figures)
    return _(
        "%(used)s of %(whole)s. About %(left)s of recording left.", **figures, left=wording.minutes(minutes)
    )


def _used(meter: Meter) -> str:
    if meter.limit is None:
        return _("%(used)s used. No limit.", used=meter.used)
    return _("%(used)s of %(limit)s used.", used=meter.used, limit=meter.limit)


def _share(meter: Meter) -> int | None:
    """Percent used; None where there is no limit, or nothing to use."""
    if meter.limit is None or meter.level is Level.OFF:
        return None
    if meter.level is Level.FULL:
        return max(100, round(meter.fraction * 100))
    return min(99, round(meter.fraction * 100))


def _membership(standing: Standing) -> dict[str, Any]:
    ends = standing.membership_ends_at
    warning = None
    if standing.suspended_at is not None:
        sentence = _people(standing)
        warning = _("The membership is suspended: the limits of “%(tier)s” hold.", tier=_(standing.tier_name))
    elif ends is None:
        sentence = _people(standing)
    elif ends > clock.now():
        sentence = _("Until %(date)s.", date=wording.words(ends))
    else:
        last = works_until(ends, standing.policy)
        sentence = _(
            "Ended %(date)s. Everything works until %(last)s.",
            date=wording.words(ends),
            last=wording.words(last),
        )
        warning = _(
            "“%(tier)s” ended on %(date)s. Everything works until %(last)s.",
            tier=_(standing.tier_name),
            date=wording.day(ends),
            last=wording.day(last),
        )
    return {
        "name": _(standing.tier_name),
        "sentence": sentence,
        "warning": warning,
        "href": "/tiers",
        "action": _("Compare the tiers"),
    }


def _people(standing: Standing) -> str:
    size = standing.limits.of(LimitName.GROUP_SIZE)
    if size is None:
        return _("Any number of people in a meeting.")
    return _n("One person in a meeting.", "Up to %(num)s people in a meeting.", size)
