"""The dashboard: 50 rooms a page with their live state, and what is left of every limit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.home.left import Left, what_is_left
from app.i18n import gettext as _
from app.meetings import raised
from app.meetings.hosted import Wanted, hosted_rooms
from app.meetings.live_state import Live, LiveState, live_state
from app.meetings.queries import running_of
from app.memberships.limits import Standing, standings
from app.rooms.access import ActsFor, acts_for
from app.web.pagination import Page
from quotas.meters import Level, at_once_meter


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
    note: str | None


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows: `holders` are the tabs of whose limits are shown, `holder` is the one shown."""

    rooms: Page[Card]
    left: Left
    holders: list[ActsFor]
    holder: int


async def dashboard(
    session: AsyncSession, viewer: Viewer, *, number: int, search: str, holder: int | None
) -> Dashboard:
    """The viewer's rooms and limits: a fixed number of statements, however many rooms there are."""
    mine = await acts_for(session, viewer)
    found = await hosted_rooms(session, viewer, mine, Wanted(number, search))
    shown = _whose(holder or viewer.acting_holder_id, mine, found.items)
    known = await standings(session, [shown, *{row.holder_id for row in found.items}])
    running = await running_of(session, list(known))
    longer = await raised.of_rooms(session, known, found.items, running)
    full = {one.holder_id for one in known.values() if _is_full(one, running.get(one.holder_id, 0))}
    return Dashboard(
        rooms=Page(
            [_card(row, viewer, full, longer) for row in found.items],
            found.number,
            found.total,
        ),
        left=await what_is_left(session, known[shown], found.items),
        holders=mine,
        holder=shown,
    )


def _whose(asked: int | None, mine: list[ActsFor], rows: Sequence[Row[Any]]) -> int:
    """Whose limits are shown: as asked or chosen before, else those of the room used last, else the viewer's own."""
    allowed = [holder.holder_id for holder in mine]
    for wanted in (asked, *(row.holder_id for row in rows[:1])):
        if wanted in allowed:
            return int(wanted)
    return allowed[0]


def _is_full(standing: Standing, at_once: int) -> bool:
    """Whether the holder has as many meetings at once as it may have."""
    meter = at_once_meter(standing.limits, standing.policy, now=clock.now(), at_once=at_once)
    return meter.level is Level.FULL


def _card(row: Row[Any], viewer: Viewer, full: Collection[int], longer: Mapping[int, str]) -> Card:
    live = live_state(row)
    can, why_not = _can(live, is_full=row.holder_id in full)
    return Card(
        name=row.name,
        slug=row.slug,
        state=str(live.state),
        people=live.people,
        seconds_left=live.seconds_left,
        holder_name=None if row.holder_id == viewer.holder_id else row.holder_name,
        can=can,
        note=longer.get(row.room_id, why_not),
    )


def _can(live: LiveState, *, is_full: bool) -> tuple[str | None, str | None]:
    """What the card's button does. A start that is refused explains itself where it is pressed."""
    if live.state is Live.BANNED:
        return None, None
    if live.is_running or live.state is Live.STARTING:
        return "join", None
    if is_full:
        return None, _("Another meeting is running.")
    return "start", None
