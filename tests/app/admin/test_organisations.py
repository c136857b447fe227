"""Organisations: made, with hosts, and no room left to nobody."""

import pytest
from sqlalchemy import select

from app import clock
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room
from tests.factories import a_person, a_room, an_organisation


async def hosts(database):
    async with database.transaction() as session:
        rows = await session.execute(select(OrganisationHost.user_id, OrganisationHost.role))
        return {row.user_id: row.role for row in rows}


async def test_an_operator_makes_an_organisation_and_adds_its_first_admin(olu, ada, database):
    await olu.open("/admin/organisations")
    assert "No organisations yet" in olu.words
    await olu.open("/admin/organisations/new")
    await olu.submit("/new", name="Riverside Housing")
    assert "Add its first admin." in olu.words
    assert "riverside-housing" in olu.words
    await olu.submit("/hosts/add", email="ADA@example.org", role="admin")
    assert "Ada Okafor hosts for it." in olu.words
    assert await hosts(database) == {ada.id: "admin"}
    await olu.open("/admin/organisations")
    assert "Riverside Housing riverside-housing Free until further notice 1 0" in olu.words
    await olu.open("/admin/organisations?search=nothing")
    assert "No organisation like this" in olu.words


async def test_two_organisations_cannot_have_one_address(olu, database):
    for _ in range(2):
        await olu.open("/admin/organisations/new")
        await olu.submit("/new", name="Riverside Housing", address="riverside")
    assert olu.page.status_code == 422
    assert "Another organisation has this address." in olu.words
    assert olu.form("/new").fields["name"] == "Riverside Housing"
    async with database.transaction() as session:
        assert len(list(await session.scalars(select(Organisation.id)))) == 1


async def test_an_address_without_account_is_kept_in_the_form(olu, ada, database):
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/organisations/{made.id}")
    page = await olu.submit("/hosts/add", email="nobody@example.org", role="host")
    assert page.status_code == 422
    assert "Nobody has an account under this address." in olu.words
    assert olu.form("/hosts/add").fields["email"] == "nobody@example.org"
    assert await hosts(database) == {ada.id: "admin"}


@pytest.mark.parametrize(
    "columns", [{"verified": False}, {"banned_at": clock.now()}], ids=["unverified", "banned"]
)
async def test_an_account_that_may_be_anybody_s_is_not_made_a_host(olu, ada, database, columns):
    await a_person(database, "mallory@example.org", **columns)
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/organisations/{made.id}")
    page = await olu.submit("/hosts/add", email="mallory@example.org", role="admin")
    assert page.status_code == 422
    assert "This address is not verified, or its account is banned. Send an invitation." in olu.words
    assert await hosts(database) == {ada.id: "admin"}


async def test_rooms_of_a_host_who_is_removed_go_to_the_longest_serving_admin(olu, ada, database):
    bea = await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="host", bea="admin")
    room = await a_room(database, ada, holder_id=made.holder_id)
    own = await a_room(database, ada, "Her own")
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit(f"/hosts/{ada.id}/remove")
    assert "Removed. One room went to its longest-serving admin." in olu.words
    assert await hosts(database) == {bea.id: "admin"}
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).host_id == bea.id
        assert (await session.get_one(Room, own.id)).host_id == ada.id


async def test_the_only_admin_stays_while_there_are_others_or_rooms(olu, ada, database):
    bea = await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin", bea="host")
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit(f"/hosts/{ada.id}/remove")
    assert "They are its only admin." in olu.words
    page = await olu.submit("/hosts/add", email=ada.email, role="host")
    assert page.status_code == 422
    assert await hosts(database) == {ada.id: "admin", bea.id: "host"}
    await olu.submit(f"/hosts/{bea.id}/remove")
    await a_room(database, ada, holder_id=made.holder_id)
    await olu.submit(f"/hosts/{ada.id}/remove")
    assert "They are its only admin." in olu.words
    assert await hosts(database) == {ada.id: "admin"}
