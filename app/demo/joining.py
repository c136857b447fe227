"""The demo's expressions of interest and tasks, in every state that one would want to look at."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.accounts.sessions import hash_of
from app.joining.models import Interest, InterestRemark, Task
from app.memberships.models import Tier
from app.organisations.models import Organisation

OPERATOR = "Olu Marsh"
INTERESTS: tuple[dict[str, Any], ...] = (
    {
        "name": "Harbour Radio",
        "state": "new",
        "as_producer": False,
        "contact_name": "Rosa Vidal",
        "email": "rosa@harbour-radio.example",
        "website": "https://harbour-radio.example",
        "needs": "An editorial round every Monday, twelve people, an hour. Once a quarter all sixty volunteers.",
        "meetings_per_month": 6,
        "usual_people": 12,
        "largest_people": 60,
        "hosts": 3,
        "offers_cents": 50_000,
        "is_public": True,
    },
    {
        "name": "Repair Café Network",
        "state": "talking",
        "as_producer": True,
        "contact_name": "Tomasz Nowak",
        "email": "tomasz@repair-cafes.example",
        "website": "",
        "needs": "Regional meetings of twenty, and one assembly a year with a hundred.",
        "meetings_per_month": 12,
        "usual_people": 20,
        "largest_people": 100,
        "hosts": 8,
        "offers_people": "Two of us look after servers for a living.",
        "offers_hours": 30,
        "offers_servers": "A machine with 16 cores in a rented rack, ours until 2029.",
        "is_public": True,
    },
    {
        "name": "Riverside Housing",
        "state": "accepted",
        "as_producer": False,
        "contact_name": "Dolors Puig",
        "email": "dolors@example.org",
        "website": "",
        "needs": "The weekly assembly of our neighbours, and the repairs desk.",
        "usual_people": 25,
        "hosts": 2,
        "offers_cents": 60_000,
        "is_public": True,
        "answer": "Welcome, neighbours.",
    },
)
TASKS: tuple[dict[str, Any], ...] = (
    {
        "title": "Translate the guide for hosts into Catalan",
        "state": "open",
        "description": "Twelve pages about rooms, recordings and good manners. Plain words, short sentences.",
        "profile": "Reads English and writes Catalan well.",
        "minutes": 300,
        "tier": "session-organiser",
    },
    {
        "title": "Write down how our backups are checked",
        "state": "open",
        "description": "Sit with an operator for an hour, then write the steps so that anyone can follow them.",
        "profile": "Writes clearly; need not know servers.",
        "minutes": 180,
    },
    {
        "title": "Test the rooms with a screen reader",
        "state": "taken",
        "description": "Make a room, start a meeting, join as a guest. Note every place where you were lost.",
        "profile": "Uses a screen reader every day.",
        "minutes": 240,
        "taken_by": "ada@example.org",
    },
    {
        "title": "Draw three pictures for the front page",
        "state": "handed_in",
        "description": "People who meet: in a kitchen, in a workshop, on a boat. As SVG, in two colours.",
        "profile": "Draws.",
        "minutes": 360,
        "taken_by": "bela@example.org",
        "report": "They lie in the shared folder, with the sketches.",
    },
    {
        "title": "A song for the waiting room",
        "state": "suggested",
        "description": "Half a minute, friendly, ours.",
        "profile": "",
        "minutes": 120,
        "suggested_by": "bela@example.org",
    },
)


async def fill_joining(
    session: AsyncSession, people: Mapping[str, User], organisations: Mapping[str, Organisation]
) -> None:
    """Add them to an empty database that has people and organisations."""
    tiers = {tier.key: tier.id for tier in await session.scalars(select(Tier))}
    for number, said in enumerate(INTERESTS):
        session.add(_interest(said, organisations, number))
    await session.flush()
    talked = await session.scalar(select(Interest.id).where(Interest.state == "talking"))
    words = "I know their rack: it is fine. Who calls them?"
    session.add(InterestRemark(interest_id=talked, at=clock.now(), by=OPERATOR, words=words))
    for said in TASKS:
        session.add(_task(said, people, tiers))
    await session.flush()


def _interest(said: dict[str, Any], organisations: Mapping[str, Organisation], number: int) -> Interest:
    texts = dict.fromkeys(("offers_people", "offers_servers", "offers_other", "comments"), "")
    at = clock.now() - timedelta(days=3 * number + 1)
    found = Interest(
        token_hash=hash_of(secrets.token_urlsafe(32)),
        created_at=at,
        confirmed_at=at,
        language="en",
        **(texts | said),
    )
    if said["state"] == "accepted":
        found.organisation_id = organisations["riverside-housing"].id
        found.decided_at, found.decided_by = at, OPERATOR
    return found


def _task(said: dict[str, Any], people: Mapping[str, User], tiers: Mapping[str, int]) -> Task:
    plain = {key: value for key, value in said.items() if key not in {"tier", "taken_by", "suggested_by"}}
    found = Task(created_at=clock.now() - timedelta(days=9), tier_id=tiers.get(said.get("tier", "")), **plain)
    for name in ("taken_by", "suggested_by"):
        if name in said:
            setattr(found, name, people[said[name]].id)
    if found.taken_by is not None:
        found.taken_at = clock.now() - timedelta(days=4)
    if said["state"] == "handed_in":
        found.handed_in_at = clock.now()
    return found
