"""What an admin does with hosts, at a browser; what a host sees; leaving."""

import pytest
from sqlalchemy import select

from app.memberships.models import Membership
from app.organisations.models import OrganisationHost
from app.rooms.models import Room
from tests.app.recordings.rows import a_recording
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, signed_in, start

HOME = "/organisations/riverside-housing"


async def role_of(database, riverside, person) -> str | None:
    async with database.transaction() as session:
        found = await session.get(OrganisationHost, (riverside.id, person.id))
        return found.role if found else None


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
    assert "Of 6 GB for recordings, 6 GB are shared out" in at_ada_s.words
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
    await at_ada_s.submit("/remove")
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
    await at_ada_s.open(f"{HOME}/hosts/{bea.id}")
    token = at_ada_s.form("/remove").fields["form_token"]
    answer = await at_ada_s.client.post(
        f"{HOME}/hosts/{bea.id}/remove", data={"form_token": token, "heir": str(eve.id)}
    )
    assert answer.status_code == 422
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
    await olu.open(at_hers)
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


# Every route, with whom it is for: its hosts, its admins (and operators), or everyone with the link.
HOSTS, ADMINS, SIGNED_IN, LINK, LOOK, DOOR = "hosts", "admins", "signed in", "link", "look", "door"
ADDRESSES = {
    ("organisations.index", "GET"): ("/organisations", SIGNED_IN),
    ("organisations.show", "GET"): (HOME, HOSTS),
    ("organisations.hosts_file", "GET"): (f"{HOME}/hosts.csv", ADMINS),
    ("organisations.figures_file", "GET"): (f"{HOME}/figures.csv", ADMINS),
    ("organisations.leave", "GET"): (f"{HOME}/leave", HOSTS),
    ("organisations.left", "POST"): (f"{HOME}/leave", HOSTS),
    ("organisations.hosts", "GET"): (f"{HOME}/hosts", ADMINS),
    ("organisations.host", "GET"): (HOME + "/hosts/{bea}", ADMINS),
    ("organisations.change_role", "POST"): (HOME + "/hosts/{bea}/role", ADMINS),
    ("organisations.change_share", "POST"): (HOME + "/hosts/{bea}/share", ADMINS),
    ("organisations.suspend", "POST"): (HOME + "/hosts/{bea}/suspend", ADMINS),
    ("organisations.resume", "POST"): (HOME + "/hosts/{bea}/resume", ADMINS),
    ("organisations.remove_host", "POST"): (HOME + "/hosts/{bea}/remove", ADMINS),
    ("organisations.invitations", "GET"): (f"{HOME}/invitations", ADMINS),
    ("organisations.look_at_invitations", "POST"): (f"{HOME}/invitations", ADMINS),
    ("organisations.invite", "POST"): (f"{HOME}/invitations/send", ADMINS),
    ("organisations.resend_invitation", "POST"): (HOME + "/invitations/1/resend", ADMINS),
    ("organisations.withdraw_invitation", "POST"): (HOME + "/invitations/1/withdraw", ADMINS),
    ("organisations.profile", "GET"): (f"{HOME}/profile", ADMINS),
    ("organisations.change_profile", "POST"): (f"{HOME}/profile", ADMINS),
    ("organisations.change_logo", "POST"): (f"{HOME}/logo", ADMINS),
    ("organisations.sign_in", "GET"): (f"{HOME}/sign-in", ADMINS),
    ("organisations.change_sign_in", "POST"): (f"{HOME}/sign-in", ADMINS),
    ("organisations.try_sign_in", "GET"): (f"{HOME}/sign-in/try", ADMINS),
    ("organisations.require_sign_in", "POST"): (f"{HOME}/sign-in/require", ADMINS),
    ("organisations.confirm_domain", "POST"): (f"{HOME}/sign-in/domains", ADMINS),
    ("organisations.remove_sign_in", "POST"): (f"{HOME}/sign-in/remove", ADMINS),
    # The door itself is for everyone; this organisation has none of its own.
    ("sign_in.find", "GET"): ("/sign-in/through", DOOR),
    ("sign_in.found", "POST"): ("/sign-in/through", DOOR),
    ("sign_in.begin", "GET"): ("/sign-in/with/riverside-housing", LOOK),
    ("sign_in.returned", "GET"): ("/sign-in/with/riverside-housing/return", LOOK),
    ("sign_in.link", "POST"): ("/sign-in/with/riverside-housing/link", LOOK),
    # For everyone who sees its rooms; there is none here.
    ("organisations.logo", "GET"): (f"{HOME}/logo/none", LOOK),
    ("organisations.colour", "GET"): (f"{HOME}/colour/123456.css", LOOK),
    ("invitations.show", "GET"): ("/invitations/forged", LINK),
    ("invitations.accept", "POST"): ("/invitations/forged", LINK),
    ("invitations.sign_up", "POST"): ("/invitations/forged/sign-up", LINK),
}


def test_every_route_is_in_the_table():
    from app.organisations.pages import _part, router  # noqa: F401
    from app.web.index import every_route

    found = {(route.name, method) for route in every_route(router.routes) for method in route.methods}
    assert found == set(ADDRESSES)


async def ask(person, key, bea) -> int:
    path = ADDRESSES[key][0].format(bea=bea.id)
    if key[1] == "GET":
        return (await person.client.get(path, follow_redirects=False)).status_code
    await person.open("/")
    data = {"form_token": person.form("/language").fields["form_token"], "heir": "x"}
    return (await person.client.post(path, data=data, follow_redirects=False)).status_code


EXPECTED = {
    "host": {HOSTS: 0, ADMINS: 403, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
    "suspended admin": {HOSTS: 0, ADMINS: 403, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
    "admin of another": {HOSTS: 404, ADMINS: 404, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
    "bookkeeper": {HOSTS: 404, ADMINS: 404, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
    "nobody's host": {HOSTS: 404, ADMINS: 404, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
    "unverified admin": {HOSTS: 0, ADMINS: 403, SIGNED_IN: 200, LINK: 410, LOOK: 404, DOOR: 0},
}


@pytest.mark.parametrize("role", EXPECTED)
async def test_every_address_from_the_wrong_side(site, database, ada, bea, riverside, role):
    new = await a_person(
        database, "cora@example.org", is_bookkeeper=role == "bookkeeper", verified=role != "unverified admin"
    )
    if role == "admin of another":
        await an_organisation(database, "Allotments", "consumer", cora="admin")
    async with database.transaction() as session:
        if role in {"host", "suspended admin", "unverified admin"}:
            session.add(
                OrganisationHost(
                    organisation_id=riverside.id,
                    user_id=new.id,
                    role="host" if role == "host" else "admin",
                    joined_at=new.created_at,
                    suspended_at=new.created_at if role.startswith("suspended") else None,
                )
            )
    async with signed_in(site, new) as person:
        for key, (_path, whose) in ADDRESSES.items():
            expected = EXPECTED[role][whose]
            found = await ask(person, key, bea)
            assert found == expected if expected else found in {200, 422}, (role, key, found)


async def test_a_guest_is_asked_to_sign_in(site, riverside, bea):
    async with new_person(site) as guest:
        for key, (_path, whose) in ADDRESSES.items():
            found = await ask(guest, key, bea)
            expected = {LINK: 410, LOOK: 404, DOOR: 200 if key[1] == "GET" else 422}.get(whose, 303)
            needs_an_account = key[0] in {"invitations.accept", "sign_in.link"}
            assert found == (303 if needs_an_account else expected), key


async def test_an_operator_manages_it_too(olu, bea, riverside):
    for key, (_path, whose) in ADDRESSES.items():
        found = await ask(olu, key, bea)
        outside = {404} if key[0] in {"organisations.leave", "organisations.left"} else {200, 303, 404, 422}
        assert found in ({410} if whose == LINK else outside), (key, found)
