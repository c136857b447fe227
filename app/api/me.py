"""GET /me: whose token it is, for whom they act, what the limits are and how much is used."""

from datetime import datetime
from enum import StrEnum

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import TokenInUse
from app.accounts.scopes import Scope
from app.api.answers import Holder
from app.api.gate import Caller, GuardedRoute, needs
from app.db import Session
from app.i18n import gettext
from app.i18n import marked as _
from app.meetings.queries import use_of
from app.memberships.limits import Standing, standings
from app.memberships.models import HolderKind
from app.rooms.access import ActsFor, acts_for
from app.rooms.service import count_rooms
from quotas.meters import Level, at_once_meter, rooms_meter, storage_meter
from quotas.meters import Meter as Measured

router = APIRouter(route_class=GuardedRoute, tags=[_("You")])


class Role(StrEnum):
    """What you may do for a holder: a host makes rooms, an admin also hosts everyone else's."""

    OWN = "own"
    ADMIN = "admin"
    HOST = "host"


class Meter(BaseModel):
    """How much of one limit is used."""

    used: int = Field(description=_("How much is used now."))
    limit: int | None = Field(description=_("How much there is; null: no limit."))
    left: int | None = Field(description=_("How much is left, never below 0; null: no limit."))
    level: Level = Field(description=_("Full: the next one is refused. Off: the tier has nothing of it."))

    @classmethod
    def of(cls, meter: Measured) -> "Meter":
        """From the meter that the pages show."""
        return cls(used=meter.used, limit=meter.limit, left=meter.left, level=meter.level)


class Meters(BaseModel):
    """What is used of the limits that fill up."""

    rooms: Meter = Field(description=_("Rooms."))
    at_once: Meter = Field(description=_("Meetings that are starting or running."))
    storage_bytes: Meter = Field(
        description=_("Bytes of recordings, with what running recorded meetings may still take.")
    )


class Limits(BaseModel):
    """What the holder may use now; null: no limit, 0: nothing of it."""

    meeting_minutes: int | None = Field(description=_("Minutes of one sitting."))
    group_size: int | None = Field(description=_("People in one meeting at one time, hosts included."))
    rooms: int | None = Field(description=_("Rooms."))
    at_once: int | None = Field(description=_("Meetings at once."))
    storage_bytes: int | None = Field(description=_("Bytes of recordings; 0: recording is off."))
    large_sessions_per_month: int | None = Field(description=_("Large sessions a month."))
    large_session_people: int | None = Field(description=_("People in one large session."))
    hosts: int | None = Field(description=_("Hosts: the seats of an organisation; a person is one."))
    recording_days: int | None = Field(description=_("Days a recording is kept at most."))


class ActingFor(Holder):
    """A holder that you may make rooms for, with its limits."""

    kind: HolderKind = Field(description=_("A person or an organisation."))
    role: Role = Field(description=_("What you may do for it."))
    tier: str = Field(description=_("The key of its tier."))
    tier_name: str = Field(description=_("The name of its tier, for people."))
    membership_ends_at: datetime | None = Field(
        description=_("When its membership ends (a time of grace follows); null: no end, or no membership.")
    )
    limits: Limits = Field(description=_("What it may use."))
    meters: Meters = Field(description=_("How much of that is used."))


class Token(BaseModel):
    """The token that this call was made with."""

    name: str = Field(description=_("What its owner calls it."))
    scopes: list[Scope] = Field(description=_("What it may do."))
    expires_at: datetime | None = Field(description=_("When it ends; null: when it is revoked."))


class Me(BaseModel):
    """The person behind the token."""

    id: int = Field(description=_("Your number. It never changes."))
    name: str = Field(description=_("Your name, as others see it in a meeting."))
    email: str = Field(description=_("Your e-mail address."))
    language: str = Field(description=_("The language that errors speak to you: a code like “en”."))
    time_zone: str = Field(description=_("The time zone of your pages: an IANA name."))
    token: Token = Field(description=_("The token that you have sent."))
    holders: list[ActingFor] = Field(description=_("Yourself, then the organisations you host for."))


@router.get(
    "/me",
    name="api.show_me",
    dependencies=needs(Scope.READ),
    summary=_("Who you are and what is left"),
    description=_("You, the organisations you host for, and what each may use and has used."),
    response_description=_("You."),
)
async def show_me(request: Request, session: Session, caller: Caller) -> Me:
    """The person, with every holder they act for."""
    mine = await acts_for(session, caller)
    known = await standings(session, [holder.holder_id for holder in mine])
    names = ("id", "name", "email", "language", "time_zone")
    sent: TokenInUse = request.state.token
    return Me(
        token=Token(
            name=sent.name,
            scopes=[scope for scope in Scope if scope in sent.scopes],
            expires_at=sent.expires_at,
        ),
        holders=[await _acting_for(session, holder, known[holder.holder_id]) for holder in mine],
        **{name: getattr(caller, name) for name in names},
    )


async def _acting_for(session: AsyncSession, holder: ActsFor, standing: Standing) -> ActingFor:
    return ActingFor(
        id=holder.holder_id,
        name=holder.name,
        kind=HolderKind.PERSON if holder.is_own else HolderKind.ORGANISATION,
        role=Role.OWN if holder.is_own else Role.ADMIN if holder.is_admin else Role.HOST,
        tier=standing.tier_key,
        tier_name=gettext(standing.tier_name),
        membership_ends_at=standing.membership_ends_at,
        limits=Limits(**vars(standing.limits) | ({"hosts": 1} if holder.is_own else {})),
        meters=await _meters(session, standing),
    )


async def _meters(session: AsyncSession, standing: Standing) -> Meters:
    """By the same rules that enforce the limits and draw the meters of the dashboard."""
    use = await use_of(session, standing.holder_id)
    rooms = await count_rooms(session, standing.holder_id)
    of = (standing.limits, standing.policy)
    return Meters(
        rooms=Meter.of(rooms_meter(*of, used=rooms)),
        at_once=Meter.of(at_once_meter(*of, now=clock.now(), at_once=use.at_once)),
        storage_bytes=Meter.of(
            storage_meter(*of, stored_bytes=use.stored_bytes, reserved_bytes=use.reserved_bytes)
        ),
    )
