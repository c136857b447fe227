"""Reading recordings: one with its formats and who looks at it, a page of a holder's, how many there are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, ColumnElement, Row, Select, case, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.models import User
from app.memberships.models import Holder
from app.recordings.access import Format, is_web_address, managed_by, theirs
from app.recordings.models import Recording, RecordingFormat, RecordingState, Wanted
from app.rooms.access import ActsFor, hosted_by
from app.rooms.models import Room
from app.servers.models import Server
from app.servers.reasons import FOREIGN, NOT_SET_UP
from app.web.pagination import Page, offset_of

PAGE_SIZE = 100
# BBB's words for formats. What is written otherwise has no place in an address of ours, and is not offered.
FORMAT = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Sort(StrEnum):
    """The orders of the list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"


class Shown(StrEnum):
    """Which of a holder's recordings: those that are kept, by their state, or those in the trash."""

    KEPT = "kept"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    PROCESSING = "processing"
    GONE = "gone"
    TRASH = "trash"


@dataclass(frozen=True)
class WantedPage:
    """Which page of which list. `holder_id` None: of every holder whose recordings one manages."""

    holder_id: int | None = None
    number: int = 1
    search: str = ""
    sort: Sort = Sort.NEWEST
    shown: Shown = Shown.KEPT
    size: int = PAGE_SIZE


@dataclass(frozen=True)
class Held:
    """What one may manage of one holder's recordings: how many, and what those in the trash would free."""

    holder_id: int
    name: str
    kept: int
    trashed: int
    trashed_bytes: int
    estimated: int


_FORMATS = (
    select(
        func.json_agg(
            func.json_build_array(
                RecordingFormat.type,
                RecordingFormat.url,
                RecordingFormat.size,
                RecordingFormat.minutes,
                RecordingFormat.hidden,
            ),
            type_=JSON,
        )
    )
    .where(RecordingFormat.recording_id == Recording.id, RecordingFormat.url != "")
    .scalar_subquery()
    .label("found_formats")
)
_COLUMNS = (
    *Recording.__table__.columns,
    Room.slug.label("room_slug"),
    Room.name.label("room_name"),
    func.coalesce(Room.access_code, "").label("access_code"),
    Holder.name.label("holder_name"),
    User.name.label("host_name"),
    User.banned_at,
    Server.failing_since,
    Server.failure,
    _FORMATS,
)


def _rows() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(Recording)
        .join(Holder, Holder.id == Recording.holder_id)
        .join(Server, Server.id == Recording.server_id)
        .join(Room, Room.id == Recording.room_id, isouter=True)
        .join(User, User.id == Recording.host_id, isouter=True)
    )


async def recording_at(session: AsyncSession, key: str, viewer: Viewer | None) -> Any | None:
    """The recording with this key, and how the viewer stands to it (`manages`, `hosts_room`), in one statement."""
    whose: tuple[ColumnElement[bool], ColumnElement[bool]] = (false(), false())
    if viewer is not None:
        whose = managed_by(viewer), Room.id.is_not(None) & hosted_by(viewer)
    found = _rows().add_columns(whose[0].label("manages"), whose[1].label("hosts_room"))
    row = (await session.execute(found.where(Recording.key == key))).one_or_none()
    return None if row is None else _with_formats(row)


async def held_by(session: AsyncSession, viewer: Viewer, mine: Sequence[ActsFor]) -> dict[int, Held]:
    """What the viewer may manage, by holder: theirs first, then those they act for, then those they once did."""
    kept, trashed = Recording.trashed_at.is_(None), Recording.trashed_at.is_not(None)
    counted = (
        select(
            Holder.id,
            Holder.name,
            func.count(case((kept, 1))).label("kept"),
            func.count(case((trashed, 1))).label("trashed"),
            func.coalesce(func.sum(case((trashed, Recording.bytes))), 0).label("trashed_bytes"),
            func.count(case((Recording.estimated, 1))).label("estimated"),
        )
        .join(Holder, Holder.id == Recording.holder_id)
        .where(_managed(viewer, mine))
        .group_by(Holder.id)
        .order_by(Holder.name)
    )
    found = {
        row.id: Held(row.id, row.name, row.kept, row.trashed, int(row.trashed_bytes), row.estimated)
        for row in await session.execute(counted)
    }
    known = {one.holder_id: Held(one.holder_id, one.name, 0, 0, 0, 0) for one in mine}
    return {**known, **found}


async def managed_recordings(
    session: AsyncSession,
    viewer: Viewer,
    mine: Sequence[ActsFor],
    wanted: WantedPage,
    total: int | None = None,
) -> Page[Any]:
    """One page of the recordings that the viewer manages; `total` if it is known already."""
    conditions = [_managed(viewer, mine), _state(wanted.shown)]
    if wanted.holder_id is not None:
        conditions.append(Recording.holder_id == wanted.holder_id)
    if wanted.search:
        conditions.append(_like(wanted.search))
    if total is None:
        counted = select(func.count()).select_from(Recording)
        total = await session.scalar(
            counted.join(Room, Room.id == Recording.room_id, isouter=True).where(*conditions)
        )
    # The page's numbers first, by one index; names, rooms and formats are then read for these alone.
    page = (
        select(Recording.id)
        .join(Room, Room.id == Recording.room_id, isouter=True)
        .where(*conditions)
        .order_by(*_order(wanted.sort))
        .limit(wanted.size)
        .offset(offset_of(wanted.number, wanted.size))
    )
    found = _rows().where(Recording.id.in_(page.scalar_subquery())).order_by(*_order(wanted.sort))
    rows = [_with_formats(row) for row in await session.execute(found)]
    return Page(rows, wanted.number, total or 0, wanted.size)


def _managed(viewer: Viewer, mine: Sequence[ActsFor]) -> ColumnElement[bool]:
    """The same as `access.managed_by`, by the holders that are known already: two indexes answer it."""
    whole = [holder.holder_id for holder in mine if holder.is_admin]
    return or_(theirs(viewer), Recording.holder_id.in_(whole))


def _state(shown: Shown) -> ColumnElement[bool]:
    if shown is Shown.TRASH:
        return Recording.trashed_at.is_not(None)
    kept = Recording.trashed_at.is_(None)
    return kept if shown is Shown.KEPT else kept & (Recording.state == RecordingState(shown))


def _like(search: str) -> ColumnElement[bool]:
    # PostgreSQL has no place for a NUL in a text: no recording has one in its name.
    words = search.replace("\0", "\ufffd")
    return or_(Recording.name.icontains(words, autoescape=True), Room.name.icontains(words, autoescape=True))


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    match sort:
        case Sort.NEWEST:
            return Recording.recorded_at.desc(), Recording.id.desc()
        case Sort.OLDEST:
            return Recording.recorded_at.asc(), Recording.id.asc()
        case Sort.LARGEST:
            return Recording.bytes.desc(), Recording.id.desc()


def _with_formats(row: Row[Any]) -> Any:
    """The row with its formats as such, the ones that people see first."""
    fields: dict[str, Any] = row._asdict()
    formats = [Format(*each) for each in fields["found_formats"] or ()]
    known = [one for one in formats if FORMAT.fullmatch(one.type) and is_web_address(one.url)]
    return SimpleNamespace(
        **fields, formats=sorted(known, key=lambda one: (_PLACES.get(one.type, 9), one.type))
    )


_PLACES = {name: place for place, name in enumerate(("presentation", "video", "podcast", "screenshare"))}


def is_unknown(row: Any) -> bool:
    """Whether nobody can be asked about it: its server is not set up, or another one answers in its place."""
    return row.failing_since is not None and row.failure in {NOT_SET_UP, FOREIGN}


def is_being_deleted(row: Any) -> bool:
    """Whether it goes for good as soon as BBB has been told."""
    return bool(row.wanted == Wanted.DELETED)
