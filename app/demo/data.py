"""Demo data for an empty database, and the one meeting that runs when the demo starts."""

import contextlib
from datetime import timedelta

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import passwords
from app.accounts.models import User
from app.accounts.service import create_account
from app.db import Database
from app.demo.imports import fill_imports
from app.demo.joining import fill_joining
from app.demo.lasting import fill_lasting
from app.demo.ledger import fill_ledger
from app.demo.organising import fill_organising
from app.demo.people import ORGANISATIONS, PASSWORD, PEOPLE, ROOMS, DemoRoom, Person
from app.demo.tiering import fill_tiers
from app.meetings import wire
from app.meetings.joining import Participant, admit
from app.meetings.models import Meeting
from app.meetings.reservation import Start
from app.meetings.starting import start_meeting
from app.memberships.models import Holder, HolderKind, Membership, Tier
from app.organisations.models import Organisation, OrganisationHost
from app.rooms import addresses
from app.rooms.models import Room
from app.servers.pool import Servers
from app.settings import DatabaseSettings, Settings

RUNNING = "open-house"
VISITORS = ("Inês", "Tomasz", "Wren", "Yara", "Li Na")
AGO = timedelta(days=40)


async def fill(settings: DatabaseSettings) -> bool:
    """Fill an empty database; False if there are people in it already."""
    database = Database(settings)
    async with database.transaction() as session:
        if await session.scalar(select(User.id).limit(1)) is not None:
            await database.close()
            return False
        await _fill(session)
    await database.close()
    return True


async def _fill(session: AsyncSession) -> None:
    tiers = {tier.key: tier for tier in await session.scalars(select(Tier))}
    organisations = {
        slug: await _organisation(session, slug, name, tiers[tier]) for slug, name, tier in ORGANISATIONS
    }
    password_hash = await passwords.hash_password(PASSWORD)
    people = {
        person.email: await _person(session, person, tiers, organisations, password_hash) for person in PEOPLE
    }
    for number, room in enumerate(ROOMS):
        await _room(session, room, people[room.host], organisations, number)
    await fill_joining(session, people, organisations)
    await fill_ledger(session)
    await fill_imports(session)
    await fill_organising(session, people, organisations)
    await fill_tiers(session)
    await fill_lasting(session, password_hash)


async def _organisation(session: AsyncSession, slug: str, name: str, tier: Tier) -> Organisation:
    now = clock.now()
    holder = Holder(kind=HolderKind.ORGANISATION, name=name, created_at=now)
    session.add(holder)
    await session.flush()
    await _member(session, holder.id, tier)
    organisation = Organisation(holder_id=holder.id, slug=slug, created_at=now)
    session.add(organisation)
    await session.flush()
    return organisation


async def _person(
    session: AsyncSession,
    person: Person,
    tiers: dict[str, Tier],
    organisations: dict[str, Organisation],
    password_hash: str,
) -> User:
    user = await create_account(
        session,
        email=person.email,
        name=person.name,
        password_hash=password_hash,
        language=person.language,
        time_zone="Europe/Madrid",
        verified=True,
    )
    user.is_operator, user.is_bookkeeper = person.is_operator, person.is_bookkeeper
    if person.tier:
        await _member(session, user.holder_id, tiers[person.tier])
    if person.organisation:
        session.add(
            OrganisationHost(
                organisation_id=organisations[person.organisation].id,
                user_id=user.id,
                role=person.role,
                joined_at=clock.now(),
            )
        )
    await session.flush()
    return user


async def _member(session: AsyncSession, holder_id: int, tier: Tier) -> None:
    starts = clock.now() - AGO
    session.add(
        Membership(
            holder_id=holder_id,
            tier_id=tier.id,
            starts_at=starts,
            ends_at=starts + timedelta(days=365),
            reason="Demo",
            granted_by="Demo",
        )
    )
    await session.flush()


async def _room(
    session: AsyncSession, demo: DemoRoom, host: User, organisations: dict[str, Organisation], number: int
) -> None:
    holder_id = organisations[demo.organisation].holder_id if demo.organisation else host.holder_id
    made = clock.now() - AGO + timedelta(hours=number)
    room = Room(
        holder_id=holder_id,
        host_id=host.id,
        name=demo.name,
        description=demo.description,
        slug=demo.slug,
        access_code=demo.code,
        lobby=demo.lobby,
        who_may_start=demo.who_may_start,
        record=demo.record,
        created_at=made,
        last_used_at=made,
    )
    session.add(room)
    await session.flush()
    if not await addresses.take(session, demo.slug, holder_id):
        raise AssertionError("two demo rooms with one address")
    await addresses.lead_to(session, demo.slug, room.id)


async def begin_meeting(settings: Settings, simulator: str) -> None:
    """Let the demo's one running meeting run, with a few visitors in it; what cannot start is left alone."""
    database, servers = Database(settings), Servers(settings)
    async with servers.connected():
        async with database.transaction() as session:
            room = await session.scalar(select(Room).where(Room.slug == RUNNING))
        if room is not None:
            with contextlib.suppress(Exception):
                await _begin(settings, database, servers, room, simulator)
    await database.close()


async def _begin(
    settings: Settings, database: Database, servers: Servers, room: Room, simulator: str
) -> None:
    site = settings.public_url
    patterns = wire.Addresses(
        room=f"{site}/r/{room.slug}",
        ended=f"{site}/callbacks/meetings/{{meeting}}/{{token}}/ended",
        recording=f"{site}/callbacks/meetings/{{meeting}}/{{token}}/recording",
        analytics=f"{site}/callbacks/meetings/{{meeting}}/{{token}}/analytics",
        keep_events=settings.bbb_keep_events,
        site_name=settings.site_name,
    )
    meeting_id = await start_meeting(database, servers, Start(room_id=room.id, started_by=None), patterns)
    async with database.transaction() as session:
        external_id = await session.scalar(select(Meeting.external_id).where(Meeting.id == meeting_id))
        for number, name in enumerate(VISITORS):
            await admit(
                session, meeting_id, Participant(f"g-demo-{number}", name, is_host=False, agrees=True)
            )
    async with httpx.AsyncClient() as client:
        for number, name in enumerate(VISITORS):
            body = {"meetingID": external_id, "name": name, "userID": f"g-demo-{number}"}
            await client.post(f"{simulator}/sim/connect", json=body)
