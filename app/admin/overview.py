"""What an operator sees first: what needs a look, what runs now, how many of everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.admin.meetings import Line, running_now
from app.alerts import Alert, open_alerts
from app.contributions.proposals import count_open
from app.heartbeats import is_silent, last_round
from app.mail import OutgoingMail
from app.meetings.models import UNFINISHED, Meeting, MeetingState
from app.memberships.models import Holder
from app.organisations.models import Organisation, SignInDomain, SignInProvider
from app.recordings.renaming import Belongings, belongings_of
from app.rooms.models import Room
from app.servers.models import Server
from app.servers.reasons import NOT_SET_UP
from app.settings import Settings

SHOWN = 50
NEWEST = 6
# Mail leaves within seconds; the first tries again come within minutes.
LATE = timedelta(minutes=10)
# The worker asks every five seconds.
UNWATCHED = timedelta(minutes=1)
# A recording is asked for anew at least this often.
LATELY = timedelta(days=8)

_FAILED_JOBS = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")


@dataclass(frozen=True)
class Elsewhere:
    """A server that this site is not connected to (any more), and what is on it: nobody knows anything of that."""

    url: str
    there: Belongings


@dataclass(frozen=True)
class Look:
    """What needs a look; nothing of it is the normal state."""

    silent: list[Server]
    """of the servers that this site is connected to"""
    not_set_up: list[Elsewhere]
    unread: list[Server]
    """servers that list what cannot be read"""
    unwatched: list[Server]
    worker_silent_since: datetime | None
    unknown: int
    failed_jobs: int
    late_mails: int
    refused_mails: int
    proposals: int
    alerts: Sequence[Alert]
    domains: Sequence[Row[str, str]]
    """of organisations' own sign-in that wait to be confirmed: name and slug of each organisation"""

    @property
    def is_calm(self) -> bool:
        """Whether nothing needs a look."""
        servers = (self.worker_silent_since, self.silent, self.not_set_up, self.unread, self.unwatched)
        troubles = (
            *servers,
            self.alerts,
            self.unknown,
            self.failed_jobs,
            self.late_mails,
            self.refused_mails,
        )
        return not (any(troubles) or self.proposals or self.domains)


@dataclass(frozen=True)
class Overview:
    """The start page."""

    look: Look
    running: list[Line]
    running_total: int
    people_now: int
    servers: list[Server]
    people: int
    rooms: int
    meetings_today: int
    newest: list[User]


async def overview(session: AsyncSession, settings: Settings) -> Overview:
    """The start page: a dozen small statements, none of which grows with the house but the three counts."""
    known = select(Server).where(Server.same_as.is_(None)).order_by(Server.id)
    servers = list(await session.scalars(known))
    running, people_now = await _running_counts(session)
    newest = select(User).order_by(User.id.desc()).limit(NEWEST)
    return Overview(
        look=await _look(session, settings, servers),
        running=await running_now(session, SHOWN),
        running_total=running,
        people_now=people_now,
        servers=[server for server in servers if server.failure != NOT_SET_UP],
        people=await session.scalar(select(func.count()).select_from(User)) or 0,
        rooms=await session.scalar(select(func.count()).select_from(Room)) or 0,
        meetings_today=await _today(session),
        newest=list(await session.scalars(newest)),
    )


async def _look(session: AsyncSession, settings: Settings, servers: list[Server]) -> Look:
    late_mails, refused_mails = await _mails(session, settings)
    last = await last_round(session)
    silent_since = last if is_silent(last) else None
    return Look(
        silent=[
            server for server in servers if server.failing_since is not None and server.failure != NOT_SET_UP
        ],
        not_set_up=await _elsewhere(session, servers),
        unread=[server for server in servers if unread_of(server)],
        unwatched=[server for server in servers if silent_since is None and _is_unwatched(server)],
        worker_silent_since=silent_since,
        unknown=await _unknown(session),
        failed_jobs=await session.scalar(_FAILED_JOBS) or 0,
        late_mails=late_mails,
        refused_mails=refused_mails,
        proposals=await count_open(session),
        alerts=await open_alerts(session),
        domains=await _with_waiting_domains(session),
    )


async def _with_waiting_domains(session: AsyncSession) -> Sequence[Row[str, str]]:
    """Whose sign-in has a domain that no operator has confirmed: an organisation each, by name."""
    found = (
        select(Holder.name, Organisation.slug)
        .join(Organisation, Organisation.holder_id == Holder.id)
        .join(SignInProvider, SignInProvider.organisation_id == Organisation.id)
        .join(SignInDomain, SignInDomain.provider_id == SignInProvider.id)
        .where(SignInDomain.proven_at.is_(None))
        .distinct()
        .order_by(Holder.name, Organisation.slug)
    )
    return (await session.execute(found.limit(SHOWN))).all()


async def _elsewhere(session: AsyncSession, servers: list[Server]) -> list[Elsewhere]:
    """The servers that the settings do not have, if anything is on them."""
    found = [
        Elsewhere(server.url, await belongings_of(session, server.id))
        for server in servers
        if server.failure == NOT_SET_UP
    ]
    return [each for each in found if each.there.meetings or each.there.recordings]


def unread_of(server: Server) -> bool:
    """Whether the server has lately listed something that cannot be read."""
    at = server.unread_recordings_at
    return bool(server.unread_meetings or (at is not None and at > clock.now() - LATELY))


def _is_unwatched(server: Server) -> bool:
    """Whether nobody has asked the server of late: then it is the worker that is silent."""
    seen = server.last_answer_at
    return server.failing_since is None and (seen is None or seen < clock.now() - UNWATCHED)


async def _unknown(session: AsyncSession) -> int:
    found = (
        select(func.count())
        .select_from(Meeting)
        .join(Server, Server.id == Meeting.server_id)
        .where(
            Meeting.state.in_(UNFINISHED),
            or_(Server.failing_since.is_not(None), Meeting.unknown_since.is_not(None)),
        )
    )
    return await session.scalar(found) or 0


async def _mails(session: AsyncSession, settings: Settings) -> tuple[int, int]:
    """Those that wait for long, and those that were refused for good."""
    if settings.demo and not settings.smtp_url.get_secret_value():
        return 0, 0  # they stay for the mailbox in the browser
    late = OutgoingMail.ended_at.is_(None) & (OutgoingMail.created_at < clock.now() - LATE)
    counts = select(func.count().filter(late), func.count().filter(OutgoingMail.ended_at.is_not(None)))
    waiting, refused = (await session.execute(counts.select_from(OutgoingMail))).one()
    return waiting, refused


async def _running_counts(session: AsyncSession) -> tuple[int, int]:
    """Meetings that are there now, and the people in them."""
    counts = select(func.count(), func.coalesce(func.sum(Meeting.people_now), 0))
    meetings, people = (await session.execute(counts.where(Meeting.state.in_(UNFINISHED)))).one()
    return meetings, int(people)


async def _today(session: AsyncSession) -> int:
    """Meetings that were started since midnight, by the operator's own clock."""
    found = select(func.count()).where(
        Meeting.reserved_at >= _midnight(), Meeting.state != MeetingState.FAILED
    )
    return await session.scalar(found) or 0


def _midnight() -> datetime:
    return clock.now().astimezone(wording.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
