"""People, organisations and rooms for tests, made the way the site makes them."""

from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from app import clock
from app.accounts import sessions
from app.accounts.access import Viewer
from app.accounts.models import User
from app.accounts.service import create_account
from app.db import Database
from app.joining.models import Interest, Task
from app.meetings import wire
from app.meetings.models import Meeting
from app.meetings.reservation import Start
from app.meetings.starting import start_meeting
from app.memberships.models import Holder, HolderKind, Membership, Tier
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room
from app.rooms.schemas import RoomInput
from app.rooms.service import create_room
from tests.conftest import new_person

# Nobody signs in with it: people of these tests are signed in by a session of their own.
NO_PASSWORD = "!"


async def a_person(
    database: Database, email: str = "ada@example.org", *, tier: str | None = None, **columns
) -> User:
    """A verified account, on a tier if one is named."""
    async with database.transaction() as session:
        user = await create_account(
            session,
            email=email,
            name=columns.pop("name", email.partition("@")[0].title()),
            password_hash=NO_PASSWORD,
            verified=columns.pop("verified", True),
        )
        for name, value in columns.items():
            setattr(user, name, value)
        await session.flush()
    if tier:
        await put_on_tier(database, user.holder_id, tier)
    return user


async def put_on_tier(database: Database, holder_id: int, key: str) -> None:
    """A membership from a moment ago, without an end."""
    async with database.transaction() as session:
        tier = await session.scalar(select(Tier).where(Tier.key == key))
        session.add(
            Membership(
                holder_id=holder_id,
                tier_id=tier.id,
                starts_at=clock.now() - timedelta(seconds=1),
                ends_at=None,
                reason="a test",
                granted_by="a test",
            )
        )


async def an_organisation(database: Database, name: str, tier: str, **hosts: str) -> Organisation:
    """An organisation on a tier; hosts by e-mail's first part: `ada="admin"`."""
    async with database.transaction() as session:
        holder = Holder(kind=HolderKind.ORGANISATION, name=name, created_at=clock.now())
        session.add(holder)
        await session.flush()
        made = Organisation(holder_id=holder.id, slug=name.lower().replace(" ", "-"), created_at=clock.now())
        session.add(made)
        await session.flush()
        for first, role in hosts.items():
            user_id = await session.scalar(select(User.id).where(User.email == f"{first}@example.org"))
            session.add(
                OrganisationHost(organisation_id=made.id, user_id=user_id, role=role, joined_at=clock.now())
            )
    await put_on_tier(database, made.holder_id, tier)
    return made


async def an_interest(database: Database, name: str = "Harbour Radio", **columns) -> Interest:
    """A confirmed expression of interest; the token of its link is its name."""
    said = dict.fromkeys(("website", "offers_people", "offers_servers", "offers_other", "comments"), "") | {
        "contact_name": "Rosa Vidal",
        "email": "rosa@example.org",
        "needs": "A weekly round.",
        "language": "en",
    }
    said |= {"as_producer": False, "is_public": True, "state": "new", "confirmed_at": clock.now()} | columns
    async with database.transaction() as session:
        made = Interest(name=name, token_hash=sessions.hash_of(name), created_at=clock.now(), **said)
        session.add(made)
        await session.flush()
    return made


async def a_task(database: Database, title: str = "Translate the guide", **columns) -> Task:
    """An open task of five hours."""
    said = {
        "state": "open",
        "description": "Into Catalan.",
        "profile": "Reads both.",
        "minutes": 300,
    } | columns
    async with database.transaction() as session:
        made = Task(title=title, created_at=clock.now(), **said)
        session.add(made)
        await session.flush()
    return made


def viewer(user: User) -> Viewer:
    """The person as access rules see them."""
    return Viewer(
        id=user.id,
        holder_id=user.holder_id,
        name=user.name,
        email=user.email,
        language=user.language,
        time_zone=user.time_zone,
        is_operator=user.is_operator,
        is_bookkeeper=user.is_bookkeeper,
        is_verified=user.verified_at is not None,
        session_id=None,
    )


async def a_room(database: Database, host: User, name: str = "Weekly assembly", **settings) -> Room:
    """A room by the service that makes rooms, within the host's limits."""
    async with database.transaction() as session:
        return await create_room(session, viewer(host), RoomInput(name=name, **settings))


ADDRESSES = wire.Addresses(
    room="http://127.0.0.1:8000/r/somewhere",
    ended="http://127.0.0.1:8000/callbacks/meetings/{meeting}/{token}/ended",
    recording="http://127.0.0.1:8000/callbacks/meetings/{meeting}/{token}/recording",
    site_name="Guildhall",
    analytics="http://127.0.0.1:8000/callbacks/meetings/{meeting}/{token}/analytics",
)


async def start(site: FastAPI, room: Room, by: User | None = None, **wish) -> Meeting:
    """Start the room's meeting by the service; the meeting as it is in the database afterwards."""
    meeting_id = await start_meeting(
        site.state.database,
        site.state.servers,
        Start(room_id=room.id, started_by=by.id if by else None, **wish),
        ADDRESSES,
    )
    return await meeting_by(site.state.database, meeting_id)


async def meeting_by(database: Database, meeting_id: int) -> Meeting:
    """A meeting as it is in the database now."""
    async with database.transaction() as session:
        return await session.get_one(Meeting, meeting_id)


@asynccontextmanager
async def signed_in(site: FastAPI, user: User):
    """A browser on which this person is signed in."""
    async with site.state.database.transaction() as session:
        token = await sessions.open_session(session, user.id, "Mozilla/5.0 (X11; Linux) Firefox/150.0")
    async with new_person(site) as person:
        person.client.cookies.set("session", token, domain="127.0.0.1", path="/")
        yield person
