"""Seats: the hosts that an organisation's membership has."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.memberships.granting import put_on_tier
from app.memberships.models import LoggedDecision
from app.memberships.refusals import RefusedError
from app.organisations.models import HostRole, OrganisationHost
from app.organisations.service import put_host
from tests.factories import a_person, an_organisation


@pytest.fixture
async def organisation(database):
    await a_person(database)
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await seats(database, made, 2)
    return made


async def seats(database, organisation, number):
    async with database.transaction() as session:
        await put_on_tier(
            session, organisation.holder_id, "consumer", reason="a test", granted_by="Olu", seats=number
        )


async def put(database, organisation, user, role=HostRole.HOST):
    async with database.transaction() as session:
        await put_host(session, organisation, user.id, role)


async def number_of_hosts(database):
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(OrganisationHost))


async def test_a_new_host_above_the_seats_is_refused_and_a_role_is_no_new_host(database, organisation):
    bea, cem = [await a_person(database, f"{name}@example.org") for name in ("bea", "cem")]
    await put(database, organisation, bea)
    with pytest.raises(RefusedError) as refusal:
        await put(database, organisation, cem)
    explanation = refusal.value.explanation
    assert (explanation.title, explanation.limit, explanation.used) == (
        "All seats are taken",
        "Riverside Housing has seats for 2 hosts.",
        "2 are taken.",
    )
    await put(database, organisation, bea, HostRole.ADMIN)
    assert await number_of_hosts(database) == 2
    async with database.transaction() as session:
        rows = list(await session.scalars(select(LoggedDecision).order_by(LoggedDecision.id)))
    assert [(row.question, row.subject, row.granted) for row in rows] == [
        ("add_host", "Riverside Housing", True),
        ("add_host", "Riverside Housing", False),
    ]


async def test_fewer_seats_take_nobody_away_and_no_number_is_no_limit(database, organisation):
    bea, cem = [await a_person(database, f"{name}@example.org") for name in ("bea", "cem")]
    await put(database, organisation, bea)
    await seats(database, organisation, 1)
    await put(database, organisation, bea, HostRole.ADMIN)
    with pytest.raises(RefusedError):
        await put(database, organisation, cem)
    await seats(database, organisation, None)
    await put(database, organisation, cem)
    assert await number_of_hosts(database) == 3


async def test_the_last_seat_goes_to_one_of_two_at_the_same_moment(database, organisation):
    people = [await a_person(database, f"host{number}@example.org") for number in range(4)]
    answers = await asyncio.gather(
        *(put(database, organisation, user) for user in people), return_exceptions=True
    )
    assert sum(isinstance(answer, RefusedError) for answer in answers) == 3
    assert await number_of_hosts(database) == 2
