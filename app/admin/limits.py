"""Reading a holder's limits: what holds, where it comes from, what is used, kept free and decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.admin.limits_words import COUNTED, LABELS, amount, origin, used_of
from app.errors import NotFoundError
from app.i18n import gettext as _
from app.meetings.deciding import large_sessions_used
from app.meetings.models import UNFINISHED, Meeting
from app.meetings.queries import Use, use_of
from app.memberships.limits import Override, Standing, standing_of, standings
from app.memberships.models import Holder, HolderKind, LoggedDecision
from app.memberships.overrides import Past, overrides_of
from app.organisations.models import Organisation
from app.rooms.models import Room
from app.rooms.service import count_rooms
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.limits import LimitName
from quotas.meters import (
    Level,
    Meter,
    at_once_meter,
    hosts_meter,
    large_sessions_meter,
    rooms_meter,
    storage_meter,
)

DECISIONS = 20
RESERVING = 50
HUNDRED = 100


@dataclass(frozen=True)
class Line:
    """One holder in the list."""

    row: Any
    standing: Standing


@dataclass(frozen=True)
class LimitLine:
    """One limit: its value, where it comes from, what is used of it. `share`: percent, None without a meter."""

    name: LimitName
    label: str
    value: str
    origin: str
    override: Override | None
    used: str
    share: int | None
    is_measured: bool


@dataclass(frozen=True)
class HeldNow:
    """All that decides for a holder at this moment, and all that its page shows of it."""

    holder: Any  # a row of `_holders`
    standing: Standing
    use: Use
    rooms: int
    large_sessions: int

    @property
    def name(self) -> str:
        """The holder's name as people know it."""
        return str(self.holder.user_name or self.holder.name)

    @property
    def names(self) -> list[LimitName]:
        """The limits that this kind of holder has."""
        is_person = self.holder.kind == HolderKind.PERSON
        return [name for name in LimitName if not (is_person and name is LimitName.HOSTS)]


async def list_holders(session: AsyncSession, *, search: str, number: int) -> Page[Line]:
    """People and organisations by name."""
    found = _holders(search)
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = found.order_by(func.lower(Holder.name), Holder.id).limit(PAGE_SIZE).offset(offset_of(number))
    rows = (await session.execute(page)).all()
    known = await standings(session, [row.holder_id for row in rows])
    return Page([Line(row, known[row.holder_id]) for row in rows], number, total)


def _holders(search: str) -> Select[*tuple[Any, ...]]:
    """Holders that somebody stands behind: what is left of a deleted account is not one."""
    found = (
        select(
            Holder.id.label("holder_id"),
            Holder.kind,
            Holder.name,
            User.id.label("user_id"),
            User.name.label("user_name"),
            User.email,
            Organisation.id.label("organisation_id"),
        )
        .outerjoin(User, User.holder_id == Holder.id)
        .outerjoin(Organisation, Organisation.holder_id == Holder.id)
        .where(or_(User.id.is_not(None), Organisation.id.is_not(None)))
    )
    if search:
        matches = like(search)
        found = found.where(
            or_(Holder.name.ilike(matches), User.name.ilike(matches), User.email.ilike(matches))
        )
    return found


async def held_now(session: AsyncSession, holder_id: int) -> HeldNow:
    """The holder with its limits and use, from the functions that enforce. Raises NotFoundError."""
    holder = (await session.execute(_holders("").where(Holder.id == holder_id))).one_or_none()
    if holder is None:
        raise NotFoundError
    standing = await standing_of(session, holder_id)
    return HeldNow(
        holder=holder,
        standing=standing,
        use=await use_of(session, holder_id),
        rooms=await count_rooms(session, holder_id),
        large_sessions=await large_sessions_used(session, standing, clock.now()),
    )


def limit_lines(held: HeldNow) -> list[LimitLine]:
    """Every limit of the holder, in the order of the rules."""
    meters = _meters(held)
    return [_line(held, name, meters.get(name)) for name in held.names]


def _meters(held: HeldNow) -> dict[LimitName, Meter]:
    of, use = (held.standing.limits, held.standing.policy), held.use
    meters = (
        rooms_meter(*of, used=held.rooms),
        at_once_meter(*of, now=clock.now(), at_once=use.at_once),
        storage_meter(*of, stored_bytes=use.stored_bytes, reserved_bytes=use.reserved_bytes),
        large_sessions_meter(*of, used=held.large_sessions),
        hosts_meter(*of, used=held.standing.hosts),
    )
    return {meter.limit_name: meter for meter in meters}


def _line(held: HeldNow, name: LimitName, meter: Meter | None) -> LimitLine:
    standing = held.standing
    return LimitLine(
        name=name,
        label=str(LABELS[name]),
        value=amount(name, standing.limits.of(name)),
        origin=origin(standing, name),
        override=standing.overrides.get(name),
        used=_used(held, meter) if meter else _counted(name, standing.limits.of(name)),
        share=None if meter is None else _share(meter),
        is_measured=meter is not None,
    )


def _counted(name: LimitName, limit: int | None) -> str:
    return _("none") if limit == 0 else str(COUNTED[name])


def _used(held: HeldNow, meter: Meter) -> str:
    name = meter.limit_name
    if name is LimitName.STORAGE_BYTES and held.use.reserved_bytes:
        return _(
            "%(stored)s stored, %(reserved)s kept free for meetings, of %(limit)s",
            stored=wording.size(held.use.stored_bytes),
            reserved=wording.size(held.use.reserved_bytes),
            limit=amount(name, meter.limit),
        )
    return used_of(name, meter.used, meter.limit)


def _share(meter: Meter) -> int | None:
    """Percent used; None where there is no limit, or nothing to use."""
    if meter.limit is None or meter.level is Level.OFF:
        return None
    if meter.level is Level.FULL:
        return max(HUNDRED, round(meter.fraction * HUNDRED))
    return min(HUNDRED - 1, round(meter.fraction * HUNDRED))


async def reserving(session: AsyncSession, holder_id: int) -> Sequence[Any]:
    """The meetings that count now, with their terms: those that run, and those that keep space free."""
    found = await session.execute(
        select(
            Meeting.id,
            Meeting.name,
            Room.slug,
            Meeting.state,
            Meeting.reserved_at,
            Meeting.minutes,
            Meeting.people,
            Meeting.recorded,
            Meeting.reserved_bytes,
            Meeting.large_session,
        )
        .outerjoin(Room, Room.id == Meeting.room_id)
        .where(Meeting.holder_id == holder_id, Meeting.state.in_(UNFINISHED) | (Meeting.reserved_bytes > 0))
        .order_by(Meeting.reserved_at.desc(), Meeting.id.desc())
        .limit(RESERVING)
    )
    return found.all()


async def decisions_of(session: AsyncSession, holder_id: int, number: int) -> Page[LoggedDecision]:
    """What was granted and refused of late, the latest first."""
    of_holder = LoggedDecision.holder_id == holder_id
    total = await session.scalar(select(func.count()).select_from(LoggedDecision).where(of_holder)) or 0
    rows = await session.scalars(
        select(LoggedDecision)
        .where(of_holder)
        .order_by(LoggedDecision.at.desc(), LoggedDecision.id.desc())
        .limit(DECISIONS)
        .offset(offset_of(number, DECISIONS))
    )
    return Page(list(rows), number, total, DECISIONS)


@dataclass(frozen=True)
class LimitsPage:
    """What the page shows besides what is tried on it."""

    held: HeldNow
    lines: list[LimitLine]
    meetings: Sequence[Any]
    overrides: list[Past]
    decisions: Page[LoggedDecision]


async def limits_page(session: AsyncSession, held: HeldNow, number: int) -> LimitsPage:
    """A fixed number of statements, however much there is to show."""
    holder_id = held.standing.holder_id
    return LimitsPage(
        held=held,
        lines=limit_lines(held),
        meetings=await reserving(session, holder_id),
        overrides=await overrides_of(session, holder_id),
        decisions=await decisions_of(session, holder_id, number),
    )
