"""What a provider says of someone's role, and the seat that they take."""

import pytest
from sqlalchemy import func, select, update

from app.accounts.models import User
from app.memberships.models import LoggedDecision
from app.organisations.models import Invitation
from tests.app.organisations.inviting import seats
from tests.app.organisations.providers import change, host_of, one_more, through
from tests.conftest import new_person
from tests.factories import a_person

HOME = "/organisations/riverside-housing"


@pytest.mark.slow
async def test_the_role_follows_the_claim_at_each_sign_in(site, database, riverside, signs_in, provider):
    await change(database, signs_in, role_claim="groups", admin_values=["chairs"], host_values=["hosts"])
    for groups, role in (
        (["staff", "chairs"], "admin"),
        ("hosts", "host"),
        (["chairs"], "admin"),
        ([], "host"),
    ):
        provider.person["groups"] = groups
        await one_more(site)
        assert (await host_of(database, riverside, "dov@riverside.example")).role == role, groups


async def test_a_claim_of_claims_is_found_and_none_makes_an_operator(
    site, database, riverside, signs_in, provider
):
    await change(database, signs_in, role_claim="realm_access.roles", admin_values=["chairs"])
    provider.person |= {
        "realm_access": {"roles": ["chairs", "operator"]},
        "is_operator": True,
        "role": "operator",
    }
    await one_more(site)
    assert (await host_of(database, riverside, "dov@riverside.example")).role == "admin"
    async with database.transaction() as session:
        assert not await session.scalar(select(func.count()).where(User.is_operator))


async def test_a_role_that_vanishes_is_taken_and_comes_back_and_an_admins_suspension_does_not(
    site, someone, database, riverside, signs_in, provider
):
    await change(database, signs_in, role_claim="groups", host_values=["hosts"], default_role="")
    provider.person["groups"] = ["hosts"]
    await one_more(site)
    provider.person["groups"] = []
    await through(someone)
    assert "gives you no role as a host any more" in someone.words
    assert (await host_of(database, riverside, "dov@riverside.example")).suspended_at is not None
    provider.person["groups"] = ["hosts"]
    await one_more(site)
    dov = await host_of(database, riverside, "dov@riverside.example")
    assert dov.suspended_at is None
    async with database.transaction() as session:
        (await session.merge(dov)).suspended_at = dov.joined_at
    await one_more(site)
    assert (await host_of(database, riverside, "dov@riverside.example")).suspended_at == dov.joined_at


async def test_the_last_admin_stays_whatever_the_claim_says(
    site, someone, database, ada, riverside, signs_in, provider
):
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == ada.id).values(email="ada@riverside.example"))
    await change(database, signs_in, role_claim="groups", admin_values=["chairs"], default_role="")
    provider.person |= {"sub": "ada", "email": "Ada@Riverside.example"}
    await through(someone)
    assert "You stay an admin of Riverside Housing, since you are its only one" in someone.words
    found = await host_of(database, riverside, "ada@riverside.example")
    assert (found.role, found.suspended_at) == ("admin", None)
    await change(database, signs_in, default_role="host")
    await one_more(site)
    assert (await host_of(database, riverside, "ada@riverside.example")).role == "admin"


async def test_without_a_role_nothing_is_made(someone, database, signs_in):
    await change(database, signs_in, role_claim="groups", admin_values=["chairs"], default_role="")
    await through(someone)
    assert someone.page.status_code == 403
    assert "There is no role for you yet" in someone.words
    async with database.transaction() as session:
        assert await session.scalar(select(User).where(User.email == "dov@riverside.example")) is None


async def test_without_a_seat_someone_new_is_told_kindly_and_someone_known_comes_in(
    site, someone, database, riverside, signs_in
):
    await seats(database, riverside, 2)
    await through(someone)
    assert someone.page.status_code == 409
    assert "Add a host to Riverside Housing" in someone.words
    async with database.transaction() as session:
        assert await session.scalar(select(User).where(User.email == "dov@riverside.example")) is None
        assert await session.scalar(select(func.count()).select_from(LoggedDecision)) == 1
    await a_person(database, "dov@riverside.example")
    async with new_person(site) as dov:
        await through(dov)
        assert "has no seat left, so you do not host for it" in dov.words
    assert await host_of(database, riverside, "dov@riverside.example") is None


async def test_an_invitation_to_the_address_keeps_its_seat_and_its_role(
    at_ada_s, someone, database, riverside, signs_in
):
    await at_ada_s.open(f"{HOME}/invitations")
    await at_ada_s.submit("/invitations", emails="dov@riverside.example", role="admin")
    await at_ada_s.submit("/send")
    await seats(database, riverside, 3)
    await through(someone)
    assert (await host_of(database, riverside, "dov@riverside.example")).role == "admin"
    async with database.transaction() as session:
        assert (await session.scalar(select(Invitation))).accepted_at is not None
