"""Accepting an invitation: by its link, once, with an account that is new or there, while there is a seat."""

import asyncio

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.memberships.refusals import RefusedError
from app.organisations.accepting import InvitationOverError, accept
from app.organisations.invitations import withdraw
from app.organisations.models import Invitation, OrganisationHost
from app.organisations.service import find_organisation
from tests.app.organisations.inviting import hosts, invited, link_to, seats
from tests.conftest import new_person
from tests.factories import a_person, signed_in

PASSWORD = "correct horse battery"


async def test_someone_new_signs_up_by_the_link_and_hosts_at_once(at_ada_s, site, database):
    await invited(at_ada_s, "cora@example.org")
    path = await link_to(database, "cora@example.org")
    async with new_person(site) as cora:
        await cora.open(path)
        assert "cora@example.org" in cora.words
        # Whatever address is sent along: the one that was invited is the account's.
        fields = cora.form("/sign-up").fields | {"name": "Cora Ruiz", "password": PASSWORD}
        await cora.client.post(f"{path}/sign-up", data=fields | {"email": "mallory@example.org"})
        await cora.open("/organisations/riverside-housing")
        assert "Your share" in cora.words
        assert (await cora.open(path)).status_code == 410
    assert "cora@example.org" in await hosts(database)
    async with database.transaction() as session:
        made = await session.scalar(select(User).where(User.email == "cora@example.org"))
        assert made.verified_at is not None


async def test_someone_with_an_account_signs_in_and_accepts(at_ada_s, site, database):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "dan@example.org", role="admin")
    path = await link_to(database, "dan@example.org")
    async with new_person(site) as guest:
        await guest.open(path)
        assert "There is an account with the address dan@example.org." in guest.words
    async with signed_in(site, dan) as person:
        await person.open(path)
        await person.submit(path)
        assert "In figures" in person.words


async def test_who_hosts_already_keeps_their_role(at_ada_s, site, database, riverside, ada, bea):
    async with database.transaction() as session:  # else the only admin would stay one anyway
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).role = "admin"
    await invited(at_ada_s, "ada.private@example.org")
    path = await link_to(database, "ada.private@example.org")
    await at_ada_s.open(path)
    assert "The invitation was sent to ada.private@example.org." in at_ada_s.words
    await at_ada_s.submit(path)
    assert "In figures" in at_ada_s.words
    async with database.transaction() as session:
        assert (await session.get_one(OrganisationHost, (riverside.id, ada.id))).role == "admin"


@pytest.mark.slow
async def test_fifty_at_once_end_at_the_seats(at_ada_s, site, database, riverside):
    people = [await a_person(database, f"p{number}@example.org") for number in range(50)]
    await seats(database, riverside, None)
    await invited(at_ada_s, *(one.email for one in people))
    tokens = [(await link_to(database, one.email)).rpartition("/")[2] for one in people]
    await seats(database, riverside, 12)

    async def take(token, person):
        async with database.transaction() as session:
            await accept(session, token, person.id)

    found = await asyncio.gather(
        *(take(token, one) for token, one in zip(tokens, people, strict=True)), return_exceptions=True
    )
    assert sum(one is None for one in found) == 10
    assert all(isinstance(one, RefusedError) for one in found if one is not None)
    assert len(await hosts(database)) == 12


async def test_a_link_that_is_used_twice_at_once_lets_one_in(at_ada_s, site, database, riverside):
    await invited(at_ada_s, "cora@example.org")
    token = (await link_to(database, "cora@example.org")).rpartition("/")[2]
    people = [await a_person(database, f"{name}@example.org") for name in ("cora", "dan", "eve")]

    async def take(person):
        async with database.transaction() as session:
            await accept(session, token, person.id)

    found = await asyncio.gather(*(take(one) for one in people), return_exceptions=True)
    assert sum(one is None for one in found) == 1
    assert sum(isinstance(one, InvitationOverError) for one in found) == 2
    assert len(await hosts(database)) == 3


async def test_a_link_that_is_withdrawn_at_this_moment_lets_nobody_in(at_ada_s, database, riverside):
    cora = await a_person(database, "cora@example.org")
    await invited(at_ada_s, "cora@example.org")
    token = (await link_to(database, "cora@example.org")).rpartition("/")[2]

    async def take() -> None:
        async with database.transaction() as session:
            await accept(session, token, cora.id)

    async with database.transaction() as session:
        found = await session.scalar(select(Invitation.id))
        await withdraw(session, await find_organisation(session, riverside.id), found)
        taking = asyncio.create_task(take())
        await asyncio.sleep(0.3)
        assert not taking.done()
    with pytest.raises(InvitationOverError):
        await taking
    assert await hosts(database) == {"ada@example.org", "bea@example.org"}


async def test_an_unverified_account_accepts_only_what_was_sent_to_its_own_address(at_ada_s, site, database):
    mallory = await a_person(database, "mallory@example.org", verified=False)
    await invited(at_ada_s, "cora@example.org", "mallory@example.org")
    async with signed_in(site, mallory) as person:
        stolen = await link_to(database, "cora@example.org")
        await person.open(stolen)
        assert (await person.submit(stolen)).status_code == 403
        own = await link_to(database, "mallory@example.org")
        await person.open(own)
        await person.submit(own)
        assert "Your share" in person.words
    assert "mallory@example.org" in await hosts(database)


async def test_a_suspended_host_does_not_come_back_by_an_invitation(at_ada_s, site, database, riverside, bea):
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (riverside.id, bea.id))
        host.suspended_at = clock.now()
    await invited(at_ada_s, "bea.private@example.org", role="admin")
    path = await link_to(database, "bea.private@example.org")
    async with signed_in(site, bea) as person:
        await person.open(path)
        await person.submit(path)
        assert "An admin has suspended you" in person.words
        assert (await person.open("/organisations/riverside-housing/hosts")).status_code == 403
