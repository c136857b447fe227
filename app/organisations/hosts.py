"""Reading an organisation's hosts and figures, in a fixed number of statements however many there are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.i18n import gettext as _
from app.memberships.limits import Standing
from app.organisations.models import HostRole, Organisation, OrganisationHost
from app.organisations.service import still_open
from app.organisations.shares import OF_ALL, values_of
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.periods import month_starts
from quotas.storage import share_of_host

CHOICES = 100  # people in a list that one chooses from

# Rooms and meetings stand further right: asked by the tables' names. The admins first, then by name.
_HOSTS = text("""
    SELECT oh.*, r.rooms, r.last_used_at, m.meetings, m.peak FROM (
        SELECT oh.user_id, u.name, u.email, u.banned_at, oh.role, oh.joined_at, oh.suspended_at,
               oh.storage_share, oh.stored_bytes, oh.user_id = (
                   SELECT user_id FROM organisation_hosts WHERE organisation_id = :organisation
                   ORDER BY joined_at, user_id LIMIT 1
               ) AS is_first
        FROM organisation_hosts oh JOIN users u ON u.id = oh.user_id
        WHERE oh.organisation_id = :organisation AND (:search = '' OR u.name ILIKE :pattern OR u.email ILIKE :pattern)
          AND (CAST(:only AS bigint) IS NULL OR oh.user_id = :only)
        ORDER BY oh.role, lower(u.name), u.id LIMIT :size OFFSET :offset
    ) oh
    LEFT JOIN LATERAL (
        SELECT count(*) AS rooms, max(last_used_at) AS last_used_at FROM rooms
        WHERE host_id = oh.user_id AND holder_id = :holder
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS meetings, coalesce(max(m.peak_people), 0) AS peak
        FROM meetings m JOIN rooms mr ON mr.id = m.room_id
        WHERE mr.host_id = oh.user_id AND m.holder_id = :holder AND m.reserved_at >= :month
          AND m.state <> 'failed'
    ) m ON true
    ORDER BY oh.role, lower(oh.name), oh.user_id
""")

_FIGURES = text("""
    SELECT (SELECT count(*) FROM rooms WHERE holder_id = :holder) AS rooms,
           (SELECT max(last_used_at) FROM rooms WHERE holder_id = :holder) AS last_used_at,
           count(*) AS meetings,
           coalesce(sum(people_now) FILTER (WHERE state IN ('starting', 'running')), 0) AS people_now,
           coalesce(max(peak_people), 0) AS most_people,
           count(*) FILTER (WHERE large_session) AS large_sessions,
           (SELECT stored_bytes FROM holders WHERE id = :holder) AS stored_bytes
    FROM meetings WHERE holder_id = :holder AND reserved_at >= :month AND state <> 'failed'
""")

_WITH_SPACE = text(f"""
    SELECT oh.user_id, u.name, oh.share - oh.stored_bytes AS free FROM ({OF_ALL}) oh
    JOIN users u ON u.id = oh.user_id
    WHERE oh.user_id <> :user AND oh.share > 0
    ORDER BY oh.share - oh.stored_bytes DESC, u.id LIMIT :most
""")  # noqa: S608  nothing of it was typed

# What a membership costs, and what has come in for it, is the ledger's to say; it stands further right.
Owing = Callable[[AsyncSession, int], Awaitable[Any | None]]
tellers: list[Owing] = []


def tells_what_is_owed(teller: Owing) -> Owing:
    """`async (session, holder_id)` returns an object with price, paid and due in cents; None: there is no price."""
    if teller not in tellers:
        tellers.append(teller)
    return teller


@dataclass(frozen=True)
class Host:
    """One host in the list; `share` is in bytes, None: as much as there is."""

    row: Any
    share: int | None

    @property
    def is_over(self) -> bool:
        """Whether more is stored than the share has."""
        return self.share is not None and self.row.stored_bytes > self.share


async def list_hosts(
    session: AsyncSession,
    organisation: Organisation,
    standing: Standing,
    *,
    search: str = "",
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Host]:
    """One page of the hosts."""
    pattern = like(search)
    found = (
        select(func.count())
        .select_from(OrganisationHost)
        .join(User, User.id == OrganisationHost.user_id)
        .where(OrganisationHost.organisation_id == organisation.id)
    )
    if search:
        found = found.where(or_(User.name.ilike(pattern), User.email.ilike(pattern)))
    total = await session.scalar(found) or 0
    offset = offset_of(number, size)
    rows = await _rows(
        session, organisation, standing, search=search, pattern=pattern, size=size, offset=offset
    )
    return Page(rows, number, total, size)


async def find_host(
    session: AsyncSession, organisation: Organisation, standing: Standing, user_id: int
) -> Host | None:
    """One host; None if the person hosts for another organisation, or none."""
    rows = await _rows(session, organisation, standing, only=user_id)
    return rows[0] if rows else None


async def _rows(
    session: AsyncSession, organisation: Organisation, standing: Standing, **values: Any
) -> list[Host]:
    asked = {"search": "", "pattern": "", "only": None, "size": 1, "offset": 0} | values
    asked |= {"organisation": organisation.id, "holder": organisation.holder_id}
    found = await session.execute(_HOSTS, asked | {"month": month_of(standing)})
    tier = standing.tier
    of = (tier.storage_first_host, tier.storage_further_host)
    return [Host(row, share_of_host(*of, row.storage_share, is_first=row.is_first)) for row in found]


async def others(
    session: AsyncSession, organisation: Organisation, user_id: int, *, most: int = CHOICES
) -> list[tuple[str, str]]:
    """Who else hosts for it and may get rooms: the longest-serving admins first; those behind `most` by address."""
    found = await session.execute(
        select(User.id, User.name, User.email)
        .join(OrganisationHost, OrganisationHost.user_id == User.id)
        .where(
            OrganisationHost.organisation_id == organisation.id,
            OrganisationHost.user_id != user_id,
            OrganisationHost.suspended_at.is_(None),
        )
        .order_by(OrganisationHost.role != HostRole.ADMIN, OrganisationHost.joined_at, User.id)
        .limit(most)
    )
    return [(str(row.id), f"{row.name} ({row.email})") for row in found]


async def with_space(session: AsyncSession, standing: Standing, user_id: int) -> list[tuple[str, str]]:
    """Who else could give of their share: those with the most space left."""
    found = await session.execute(_WITH_SPACE, values_of(standing) | {"user": user_id, "most": CHOICES})
    return [
        (str(row.user_id), _("%(name)s, %(size)s free", name=row.name, size=wording.size(max(0, row.free))))
        for row in found
    ]


async def admins_of(session: AsyncSession, organisation: Organisation) -> list[Any]:
    """The admins by name: whom a host asks."""
    found = await session.execute(
        select(User.name, User.email)
        .join(OrganisationHost, OrganisationHost.user_id == User.id)
        .where(
            OrganisationHost.organisation_id == organisation.id,
            OrganisationHost.role == HostRole.ADMIN,
            OrganisationHost.suspended_at.is_(None),
        )
        .order_by(OrganisationHost.joined_at, User.id)
        .limit(20)
    )
    return list(found)


async def open_invitations(session: AsyncSession, organisation_id: int) -> int:
    """How many seats are promised to people who have not answered yet."""
    found = select(func.count()).where(*still_open(organisation_id))
    return await session.scalar(found) or 0


@dataclass(frozen=True)
class Figures:
    """What an organisation uses, and what it owes: None where there is no price. `month`: since when is counted."""

    use: Any
    owed: Any | None
    month: datetime


async def figures(session: AsyncSession, standing: Standing) -> Figures:
    """The figures of this month and what is owed: two statements."""
    month = month_of(standing)
    use = (await session.execute(_FIGURES, {"holder": standing.holder_id, "month": month})).one()
    owed = [await tell(session, standing.holder_id) for tell in tellers]
    return Figures(use, next((one for one in owed if one is not None), None), month)


def month_of(standing: Standing) -> datetime:
    """When this month began where the service counts its months."""
    return month_starts(clock.now(), standing.zone)
