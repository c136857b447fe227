"""What an admin does with hosts, at a browser; what a host sees; leaving."""

import asyncio

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.memberships.models import Membership
from app.organisations.models import HostRole, OrganisationHost
from app.organisations.service import change_role, suspend_host
from app.rooms.models import Room
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, a_room, an_organisation, signed_in, start

HOME = "/organisations/riverside-housing"


async def role_of(database, riverside, person) -> str | None:
    async with database.transaction() as session:
        found = await session.get(OrganisationHost, (riverside.id, person.id))
        return found.role if found else None


@pytest.fixture
async def solo(database):
    """An organisation that has one host, its admin."""
    cora = await a_person(database, "cora@example.org", name="Cora Ruiz")
    return await an_organisation(database, "Allotments", "consumer", cora="admin"), cora


@pytest.fixture
async def at_own_s(site, solo):
    """The browser of the one who is alone."""
    async with signed_in(site, solo[1]) as person:
        yield person


async def demote(database, organisation, user):
    async with database.transaction() as session:
        await change_role(session, organisation, user.id, HostRole.HOST)


async def suspend(database, organisation, user):
    async with database.transaction() as session:
        await suspend_host(session, organisation, user.id)


async def test_the_admin_sees_the_figures_and_takes_them_along(at_ada_s, site, database, bea, riverside):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await start(site, room, bea)
    async with database.transaction() as session:
        membership = await session.scalar(
            select(Membership).where(Membership.holder_id == riverside.holder_id)
        )
        membership.cents, membership.seats = 50_000, 3
    await at_ada_s.open(HOME)
    assert "2 of 3 seats are taken." in at_ada_s.words
    assert "€500.00 are agreed for this period; €500.00 are still open." in at_ada_s.words
    assert "For 2 hosts that is €20.00 a month." in at_ada_s.words
    assert "All of the 6 GB for recordings is shared out; nothing is left to give." in at_ada_s.words
    file = await at_ada_s.client.get(f"{HOME}/hosts.csv")
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.text.splitlines()
    assert lines[0].startswith("name,email,role,")
    assert lines[2].startswith("Bea Lindqvist,bea@example.org,host,")
    assert lines[2].endswith(",1,1,0,0,1000000000")
    figures = (await at_ada_s.client.get(f"{HOME}/figures.csv")).text.splitlines()
    assert dict(zip(figures[0].split(","), figures[1].split(","), strict=True))["owed_eur"] == "500.00"


async def test_the_admin_gives_a_share_and_is_asked_before_it_is_less_than_is_used(
    at_ada_s, database, bea, riverside
):
    recording = await a_recording(database, bea, holder_id=riverside.holder_id, bytes=900_000_000)
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).stored_bytes = recording.bytes
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    await at_ada_s.submit("/share", share="1.5")
    assert "That would be 6.5 GB for all hosts together; there are 6 GB." in at_ada_s.words
    await at_ada_s.submit("/share", share="0,5")
    assert "Bea Lindqvist uses 900 MB, which is more." in at_ada_s.words
    await at_ada_s.submit("/share", sure="yes")
    assert "The share is saved." in at_ada_s.words
    assert "900 MB of 500 MB" in at_ada_s.words


async def test_who_is_suspended_hosts_nothing_for_it_and_keeps_room_and_recording(
    at_ada_s, at_bea_s, database, bea, riverside
):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await a_recording(database, bea, room, name="First workshop")
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    await at_ada_s.submit("/suspend")
    assert "Bea Lindqvist is suspended." in at_ada_s.words
    for path, words in (("/rooms", "Workshop"), ("/recordings", "First workshop")):
        await at_bea_s.open(path)
        assert words not in at_bea_s.words
    assert (await at_bea_s.open(f"/r/{room.slug}/settings")).status_code == 403
    await at_bea_s.open(f"/r/{room.slug}")
    assert "Settings of this room" not in at_bea_s.words
    await at_bea_s.open("/rooms/new")
    assert "Riverside Housing" not in at_bea_s.words
    await at_bea_s.open(HOME)
    assert "An admin has suspended you" in at_bea_s.words
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).host_id == bea.id
    await at_ada_s.submit("/resume")
    await at_bea_s.open("/rooms")
    assert "Workshop" in at_bea_s.words


async def test_the_last_admin_stays_whatever_is_tried(at_ada_s, database, ada, bea, riverside):
    at_own = f"{HOME}/hosts/{ada.id}"
    await at_ada_s.open(at_own)
    await at_ada_s.submit("/role", role="host")
    assert "They are its only admin." in at_ada_s.words
    await at_ada_s.submit("/suspend")
    assert "They are its only admin." in at_ada_s.words
    await at_ada_s.open(f"{at_own}/remove")
    await at_ada_s.submit("/remove")
    assert "They are its only admin." in at_ada_s.words
    assert await role_of(database, riverside, ada) == "admin"
    await at_ada_s.open(f"{HOME}/leave")
    await at_ada_s.submit("/leave")
    assert "You are its only admin." in at_ada_s.words
    # A suspended admin is none.
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    await at_ada_s.submit("/role", role="admin")
    await at_ada_s.submit("/suspend")
    await at_ada_s.open(at_own)
    await at_ada_s.submit("/role", role="host")
    assert await role_of(database, riverside, ada) == "admin"


@pytest.mark.parametrize("act", [("/role", {"role": "host"}), ("/suspend", {})])
async def test_an_admin_who_is_alone_stays_one(at_own_s, database, solo, act):
    action, typed = act
    organisation, admin = solo
    await at_own_s.open(f"/organisations/{organisation.slug}/hosts/{admin.id}")
    await at_own_s.submit(action, **typed)
    assert "They are its only admin." in at_own_s.words
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (organisation.id, admin.id))
    assert (host.role, host.suspended_at) == ("admin", None)


@pytest.mark.parametrize("act", [demote, suspend])
async def test_of_two_admins_who_step_down_at_the_same_moment_one_stays(database, ada, bea, riverside, act):
    async with database.transaction() as session:
        await change_role(session, riverside, bea.id, HostRole.ADMIN)
    ended = await asyncio.gather(
        *(act(database, riverside, user) for user in (ada, bea)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ended) == ["LastAdminError", "NoneType"]


async def test_removing_a_host_is_asked_about_first(at_ada_s, database, bea, riverside):
    await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    assert f"{HOME}/hosts/{bea.id}/remove" in at_ada_s.page.text
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}/remove")
    assert "Remove Bea Lindqvist?" in at_ada_s.words
    assert "One room stays." in at_ada_s.words
    assert await role_of(database, riverside, bea) == "host"
    await at_ada_s.submit("/remove")
    assert await role_of(database, riverside, bea) is None


async def test_a_host_leaves_by_themselves_and_chooses_who_gets_the_rooms(at_bea_s, database, bea, riverside):
    cora = await a_person(database, "cora@example.org", name="Cora Ruiz")
    async with database.transaction() as session:
        session.add(
            OrganisationHost(
                organisation_id=riverside.id, user_id=cora.id, role="host", joined_at=cora.created_at
            )
        )
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await at_bea_s.open(f"{HOME}/leave")
    assert "One room stays." in at_bea_s.words
    await at_bea_s.submit("/leave", heir=str(cora.id))
    assert "You no longer host for Riverside Housing." in at_bea_s.words
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).host_id == cora.id
    assert (await at_bea_s.open(HOME)).status_code == 404


async def test_what_is_left_goes_to_nobody_from_outside(at_ada_s, database, bea, riverside):
    eve = await a_person(database, "eve@example.org")
    await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}/remove")
    token = at_ada_s.form("/remove").fields["form_token"]
    answer = await at_ada_s.client.post(
        f"{HOME}/hosts/{bea.id}/remove", data={"form_token": token, "heir": str(eve.id)}
    )
    assert answer.status_code == 422
    assert await role_of(database, riverside, bea) == "host"


@pytest.mark.parametrize("email", ["eve@example.org", "nobody@example.org"])
async def test_an_heir_from_outside_is_refused_alike_whether_they_have_an_account_or_not(
    at_ada_s, database, bea, riverside, email
):
    await a_person(database, "eve@example.org")
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}/remove")
    token = at_ada_s.form("/remove").fields["form_token"]
    typed = {"form_token": token, "heir_email": email}
    answer = await at_ada_s.client.post(f"{HOME}/hosts/{bea.id}/remove", data=typed)
    assert answer.status_code == 422
    assert "Choose somebody who hosts for it" in answer.text
    assert await role_of(database, riverside, bea) == "host"


async def test_a_host_of_two_organisations_sees_each(site, database, bea, riverside):
    await an_organisation(database, "Allotments", "consumer", bea="admin")
    async with signed_in(site, bea) as person:
        await person.open("/organisations")
        assert "Allotments Role Admin" in person.words or "Allotments Admin" in person.words
        assert "Riverside Housing" in person.words


async def test_of_two_admins_who_change_a_host_the_second_is_told_and_loses_nothing_typed(
    at_ada_s, olu, bea, riverside
):
    at_hers = f"{HOME}/hosts/{bea.id}"
    await at_ada_s.open(at_hers)
    await olu.open(at_hers)
    await olu.submit("/share", share="0.5")
    await olu.submit("/role", role="admin")
    page = await at_ada_s.submit("/share", share="0.75")
    assert page.status_code == 409
    assert "Someone else changed this while you had it open." in at_ada_s.words
    assert "Gigabytes is now: 0.5" in at_ada_s.words
    assert at_ada_s.form("/share").fields["share"] == "0.75"
    await at_ada_s.submit("/share")
    assert "The share is saved." in at_ada_s.words
    await olu.submit("/role", role="host")
    page = await at_ada_s.submit("/role", role="admin")
    assert "Saved." in olu.words
    assert (page.status_code, at_ada_s.form("/role").fields["role"]) == (409, "admin")
    assert "Role is now: Host" in at_ada_s.words


async def test_who_comes_second_to_a_host_that_was_removed_is_told(at_ada_s, olu, bea, riverside):
    at_hers = f"{HOME}/hosts/{bea.id}"
    await at_ada_s.open(at_hers)
    await olu.open(f"{at_hers}/remove")
    await olu.submit("/remove")
    page = await at_ada_s.submit("/share", share="0.75")
    assert page.status_code == 404
    assert "They do not host for it" in at_ada_s.words


async def test_a_share_is_moved_in_one_step(at_ada_s, database, ada, bea, riverside):
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    assert "Ada Okafor, 5 GB free" in at_ada_s.words
    await at_ada_s.submit("/share", share="7", other=str(ada.id))
    assert "The other host has 5 GB to give." in at_ada_s.words
    assert at_ada_s.form("/share").fields["other"] == str(ada.id)
    await at_ada_s.submit("/share", share="2")
    assert "The share is saved." in at_ada_s.words
    await at_ada_s.open(f"{HOME}/hosts")
    assert "0 bytes of 4 GB" in at_ada_s.words


async def test_a_name_like_a_formula_is_harmless_in_the_files(at_ada_s, database, bea):
    async with database.transaction() as session:
        (await session.get_one(User, bea.id)).name = '=HYPERLINK("https://evil.example")'
    file = (await at_ada_s.client.get("/organisations/riverside-housing/hosts.csv")).text
    assert "\"'=HYPERLINK(" in file
