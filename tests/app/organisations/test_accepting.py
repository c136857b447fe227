"""Accepting an invitation: by its link, once, with an account that is new or there, while there is a seat."""

import asyncio

import pytest
from sqlalchemy import select, update

from app import clock
from app.accounts.models import User
from app.memberships.refusals import RefusedError
from app.organisations.accepting import InvitationOverError, OtherAddressError, accept
from app.organisations.invitations import withdraw
from app.organisations.models import Invitation, OrganisationHost
from app.organisations.service import find_organisation
from tests.app.organisations.inviting import PAGE, hosts, invited, link_to, seats
from tests.conftest import new_person
from tests.factories import a_person, signed_in

PASSWORD = "correct horse battery"


async def hosting(database, riverside, person, **columns) -> None:
    """They host for it meanwhile: an operator has added them."""
    columns = {"role": "host", "joined_at": clock.now()} | columns
    async with database.transaction() as session:
        session.add(OrganisationHost(organisation_id=riverside.id, user_id=person.id, **columns))


async def host_of(database, riverside, person) -> OrganisationHost:
    async with database.transaction() as session:
        return await session.get_one(OrganisationHost, (riverside.id, person.id))


async def invitation_of(database, email) -> Invitation:
    async with database.transaction() as session:
        return await session.scalar(select(Invitation).where(Invitation.email == email))


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


async def test_an_invitation_that_verifies_the_address_signs_out_every_other_browser(
    at_ada_s, site, database, riverside
):
    dan = await a_person(database, "dan@example.org", verified=False)
    await invited(at_ada_s, "dan@example.org")
    path = await link_to(database, "dan@example.org")
    async with signed_in(site, dan) as other, signed_in(site, dan) as person:
        await person.open(path)
        await person.submit(path)
        assert "You host for Riverside Housing now." in person.words
        assert (await other.open("/account", follow=False)).status_code == 303


async def test_who_hosts_already_keeps_their_role(at_ada_s, site, database, riverside):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "dan@example.org")
    path = await link_to(database, "dan@example.org")
    await hosting(database, riverside, dan, role="admin")
    async with signed_in(site, dan) as person:
        await person.open(path)
        await person.submit(path)
        assert "In figures" in person.words
    assert (await host_of(database, riverside, dan)).role == "admin"


@pytest.mark.parametrize("role", ["host", "admin"])
async def test_a_link_that_was_passed_on_opens_nothing_for_another_address(
    at_ada_s, site, database, riverside, role
):
    eve = await a_person(database, "eve@example.org")
    await invited(at_ada_s, "cora@example.org", role=role)
    path = await link_to(database, "cora@example.org")
    async with signed_in(site, eve) as person:
        await person.open(path)
        assert "is accepted with that address only. You are signed in with eve@example.org." in person.words
        assert "ask who invited you" in person.words
        token = person.form("/sign-out").fields["form_token"]
        answer = await person.client.post(path, data={"form_token": token})
        assert answer.status_code == 403
        assert "is accepted with that address only" in answer.text
    assert "eve@example.org" not in await hosts(database)


async def test_who_has_taken_on_another_address_meanwhile_accepts_with_that_one(
    at_ada_s, site, database, riverside
):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "dan.work@example.org")
    token = (await link_to(database, "dan.work@example.org")).rpartition("/")[2]
    with pytest.raises(OtherAddressError):
        async with database.transaction() as session:
            await accept(session, token, dan.id)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == dan.id).values(email="Dan.Work@example.org"))
    async with database.transaction() as session:
        await accept(session, token, dan.id)
    assert (await host_of(database, riverside, dan)).role == "host"


async def removed(database, riverside, ada):
    async with database.transaction() as session:
        await session.delete(await session.get_one(OrganisationHost, (riverside.id, ada.id)))


async def suspended(database, riverside, ada):
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (riverside.id, ada.id))
        host.suspended_at = clock.now()


async def demoted(database, riverside, ada):
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, ada.id))).role = "host"


async def banned(database, riverside, ada):
    async with database.transaction() as session:
        (await session.get_one(User, ada.id)).banned_at = clock.now()


@pytest.mark.parametrize("ends", [removed, suspended, demoted, banned])
async def test_who_is_no_admin_any_more_has_made_nobody_an_admin(
    at_ada_s, olu, site, database, riverside, ada, ends
):
    ada2 = await a_person(database, "ada.private@example.org")
    await invited(at_ada_s, "ada.private@example.org", role="admin")
    await invited(at_ada_s, "cora@example.org")
    path = await link_to(database, "ada.private@example.org")
    await ends(database, riverside, ada)
    async with signed_in(site, ada2) as person:
        assert (await person.open(path)).status_code == 410
        # Whom they have asked to host hosts: the others see it, and can take it back.
        assert (await person.open(await link_to(database, "cora@example.org"))).status_code == 200
        await olu.open(PAGE)
        assert "It no longer works. Send it again." in olu.words
        row = await invitation_of(database, "ada.private@example.org")
        await olu.submit(f"/{row.id}/resend")
        again = await link_to(database, "ada.private@example.org")
        await person.open(again)
        await person.submit(again)
    assert (await host_of(database, riverside, ada2)).role == "admin"


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
    cora = await a_person(database, "cora@example.org")

    async def take():
        async with database.transaction() as session:
            await accept(session, token, cora.id)

    found = await asyncio.gather(*(take() for _window in range(3)), return_exceptions=True)
    assert sum(one is None for one in found) == 1
    assert sum(isinstance(one, InvitationOverError) for one in found) == 2
    assert len(await hosts(database)) == 3


@pytest.mark.slow
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
        token = person.form("/sign-out").fields["form_token"]
        assert (await person.client.post(stolen, data={"form_token": token})).status_code == 403
        own = await link_to(database, "mallory@example.org")
        await person.open(own)
        await person.submit(own)
        assert "Your share" in person.words
    assert "mallory@example.org" in await hosts(database)


async def test_a_suspended_host_does_not_come_back_by_an_invitation_nor_gets_another_role(
    at_ada_s, site, database, riverside
):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "dan@example.org", role="admin")
    path = await link_to(database, "dan@example.org")
    await hosting(database, riverside, dan, suspended_at=clock.now())
    async with signed_in(site, dan) as person:
        await person.open(path)
        assert (await person.submit(path)).status_code == 403
        assert "has suspended you" in person.words
        assert (await person.open("/organisations/riverside-housing/hosts")).status_code == 403
    host = await host_of(database, riverside, dan)
    assert (host.role, host.suspended_at is None) == ("host", False)
    assert (await invitation_of(database, "dan@example.org")).accepted_at is None
