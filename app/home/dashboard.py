"""The dashboard: 50 rooms a page with their live state, and what is left of every limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.access import Viewer
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.meetings.hosted import Wanted, hosted_rooms
from app.meetings.live_state import Live, LiveState, live_state
from app.meetings.queries import Use, sitting_of_room, use_of
from app.memberships.limits import Standing, standings
from app.rooms.access import acts_for
from app.rooms.service import count_rooms
from app.web.pagination import Page
from quotas.limits import LimitName
from quotas.meters import Level, Meter, at_once_meter, rooms_meter, sitting_meter, storage_meter
from quotas.storage import headroom, recordable_minutes

MeterWords = tuple[str, str, int | None]  # label, sentence, percent used


@dataclass(frozen=True)
class Card:
    """One room on the dashboard."""

    name: str
    slug: str
    state: str
    people: int
    seconds_left: int | None
    holder_name: str | None
    can: str | None
    why_not: str | None


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows."""

    rooms: Page[Card]
    meters: list[MeterWords]
    membership: dict[str, Any] | None


async def dashboard(session: AsyncSession, viewer: Viewer, *, number: int, search: str) -> Dashboard:
    """The viewer's rooms and limits: a fixed number of statements, however many rooms there are."""
    mine = await acts_for(session, viewer)
    found = await hosted_rooms(session, viewer, mine, Wanted(number, search))
    rows = found.items
    known = await standings(session, [viewer.holder_id, *{row.holder_id for row in rows}])
    use = await use_of(session, viewer.holder_id)
    return Dashboard(
        rooms=Page(
            [_card(row, known[row.holder_id], viewer, use) for row in rows], found.number, found.total
        ),
        meters=await _meters(session, known[viewer.holder_id], use, rows),
        membership=_membership(known[viewer.holder_id]),
    )


def _card(row: Row[Any], standing: Standing, viewer: Viewer, use: Use) -> Card:
    live = live_state(row)
    can, why_not = _can(row, live, standing, viewer, use)
    return Card(
        name=row.name,
        slug=row.slug,
        state=str(live.state),
        people=live.people,
        seconds_left=live.seconds_left,
        holder_name=None if row.holder_id == viewer.holder_id else row.holder_name,
        can=can,
        why_not=why_not,
    )


def _can(
    row: Row[Any], live: LiveState, standing: Standing, viewer: Viewer, use: Use
) -> tuple[str | None, str | None]:
    """What the card's button does. A start that is refused explains itself where it is pressed."""
    if live.state is Live.BANNED:
        return None, None
    if live.is_running or live.state is Live.STARTING:
        return "join", None
    at_once = at_once_meter(standing.limits, standing.policy, now=clock.now(), at_once=use.at_once)
    if row.holder_id == viewer.holder_id and at_once.level is Level.FULL:
        return None, _("Another meeting is running.")
    return "start", None


async def _meters(
    session: AsyncSession, standing: Standing, use: Use, rows: Sequence[Row[Any]]
) -> list[MeterWords]:
    """What is left of the viewer's own limits, by the rules that enforce them."""
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
    """The minutes of the sitting in the room that the holder used last."""
    own = [row for row in rows if row.holder_id == standing.holder_id]
    if not own:
        return None
    row = own[0]
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


def _storage_words(meter: Meter, standing: Standing, use: Use) -> str:
    if meter.level is Level.OFF:
        return _("Not part of the tier “%(tier)s”.", tier=_(standing.tier_name))
    if meter.limit is None:
        return _("%(used)s used. No limit.", used=wording.size(meter.used))
    free = headroom(meter.limit, use.stored_bytes, use.reserved_bytes)
    return _(
        "%(used)s of %(whole)s. About %(left)s of recording left.",
        used=wording.size(meter.used),
        whole=wording.size(meter.limit),
        left=wording.minutes(recordable_minutes(free, standing.policy) or 0),
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


def _membership(standing: Standing) -> dict[str, Any] | None:
    ends = standing.membership_ends_at
    if ends is None:
        sentence = _people(standing)
    elif ends > clock.now():
        sentence = _("Until %(date)s.", date=wording.words(ends))
    else:
        last = ends + timedelta(days=standing.policy.membership_grace_days)
        sentence = _(
            "Ended %(date)s. Everything works until %(last)s.",
            date=wording.words(ends),
            last=wording.words(last),
        )
    return {
        "name": _(standing.tier_name),
        "sentence": sentence,
        "href": "/#tiers",
        "action": _("Compare the tiers"),
    }


def _people(standing: Standing) -> str:
    size = standing.limits.of(LimitName.GROUP_SIZE)
    if size is None:
        return _("Any number of people in a meeting.")
    return _n("One person in a meeting.", "Up to %(num)s people in a meeting.", size)
