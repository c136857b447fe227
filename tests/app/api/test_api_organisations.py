"""The hosts of an organisation by API: for its admins alone, by the rules of the pages."""

import pytest
from sqlalchemy import select, update

from app.mail import OutgoingMail
from app.memberships.models import Membership
from app.organisations.models import OrganisationHost
from app.rooms.models import Room
from tests.app.api.conftest import error, program, token_of
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, a_room, an_organisation

HOSTS = "/organisations/riverside-housing/hosts"
INVITATIONS = "/organisations/riverside-housing/invitations"
GIGABYTE = 1_000_000_000


@pytest.fixture
async def bea(database):
    """A host of Riverside Housing."""
    return await a_person(database, "bea@example.org", name="Bea Lindqvist")


@pytest.fixture
async def riverside(database, ada_user, bea):
    """6 GB, of which Ada, its admin, has 5 and Bea 1; three seats."""
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin", bea="host")
    async with database.transaction() as session:
        await session.execute(
            update(Membership).where(Membership.holder_id == made.holder_id).values(seats=3)
        )
    return made


async def test_the_hosts_are_listed_with_what_they_use(ada, database, bea, riverside):
    await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    answer = (await ada.get(HOSTS)).json()
    assert (answer["page"], answer["pages"], answer["total"]) == (1, 1, 2)
    hers = answer["items"][1]
    assert (hers["id"], hers["email"], hers["role"], hers["rooms"]) == (bea.id, bea.email, "host", 1)
    assert (hers["share_bytes"], hers["share_is_given"], hers["suspended"]) == (GIGABYTE, False, False)
    assert [one["id"] for one in (await ada.get(f"{HOSTS}?search=LINDQ")).json()["items"]] == [bea.id]


async def test_of_each_address_it_is_said_what_became_of_it(ada, database, riverside):
    emails = ["bea@example.org", "nobody", "cora@example.org", "CORA@example.org", "dan@example.org"]
    outcomes = ["hosts", "invalid", "invited", "twice", "no_seat"]
    checked = (await ada.post(HOSTS, {"emails": emails, "check_only": True})).json()
    assert (checked["sent"], [one["outcome"] for one in checked["items"]]) == (False, outcomes)
    assert await mails(database) == []
    sent = (await ada.post(HOSTS, {"emails": emails})).json()
    assert (sent["sent"], [one["outcome"] for one in sent["items"]]) == (True, outcomes)
    assert await mails(database) == ["cora@example.org"]
    error(await ada.post(HOSTS, {"emails": []}), 422, "invalid")
    error(await ada.post(HOSTS, {"emails": ["x"] * 1001}), 422, "invalid")


async def test_open_invitations_are_listed_sent_again_and_withdrawn(
    ada, database, bea, riverside, move_clock
):
    await ada.post(HOSTS, {"emails": ["cora@example.org"], "role": "admin"})
    answer = (await ada.get(INVITATIONS)).json()
    assert (answer["total"], answer["items"][0]["email"], answer["items"][0]["role"]) == (
        1,
        "cora@example.org",
        "admin",
    )
    assert answer["items"][0]["holds"] is True
    assert "token" not in str(answer)
    hers = f"{INVITATIONS}/{answer['items'][0]['id']}"
    for _time in range(3):
        assert (await ada.post(f"{hers}/resend")).status_code == 204
    error(await ada.post(f"{hers}/resend"), 429, "too_many_requests")
    assert await mails(database) == ["cora@example.org"] * 4
    await move_clock(days=14, minutes=1)
    assert (await ada.get(INVITATIONS)).json()["items"][0]["holds"] is False
    # Its seat, the last one, is somebody else's by now.
    await ada.post(HOSTS, {"emails": ["dan@example.org"]})
    error(await ada.post(f"{hers}/resend"), 409, "no_seat")
    assert (await ada.call("DELETE", hers)).status_code == 204
    error(await ada.call("DELETE", hers), 404, "not_found")
    error(await ada.post(f"{hers}/resend"), 404, "not_found")
    assert [one["email"] for one in (await ada.get(INVITATIONS)).json()["items"]] == ["dan@example.org"]


async def test_an_invitation_of_another_organisation_is_not_there(ada, database, riverside):
    await an_organisation(database, "Commons Cloud", "consumer", ada="admin")
    await ada.post(HOSTS, {"emails": ["cora@example.org"]})
    number = (await ada.get(INVITATIONS)).json()["items"][0]["id"]
    other = f"/organisations/commons-cloud/invitations/{number}"
    error(await ada.call("DELETE", other), 404, "not_found")
    error(await ada.post(f"{other}/resend"), 404, "not_found")


async def mails(database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(OutgoingMail.to).order_by(OutgoingMail.id)))


async def test_what_is_sent_is_changed_all_of_it_or_nothing(ada, ada_user, database, bea, riverside):
    hers = f"{HOSTS}/{bea.id}"
    refused = error(
        await ada.call("PATCH", hers, {"role": "admin", "share_bytes": 2 * GIGABYTE}), 409, "share_refused"
    )
    assert "there are 6 GB" in refused["message"]
    assert (await ada.get(HOSTS)).json()["items"][1]["role"] == "host"
    changed = await ada.call(
        "PATCH", hers, {"role": "admin", "share_bytes": 2 * GIGABYTE, "share_from": ada_user.id}
    )
    assert (changed.json()["role"], changed.json()["share_bytes"]) == ("admin", 2 * GIGABYTE)
    async with database.transaction() as session:
        assert (
            await session.get_one(OrganisationHost, (riverside.id, ada_user.id))
        ).storage_share == 4 * GIGABYTE
    assert (await ada.call("PATCH", hers, {"suspended": True})).json()["suspended"]
    error(await ada.call("PATCH", f"{HOSTS}/{ada_user.id}", {"role": "host"}), 409, "last_admin")
    assert not (await ada.call("PATCH", hers, {"suspended": False})).json()["suspended"]


async def test_a_share_below_what_is_used_wants_to_be_meant(ada, database, bea, riverside):
    recording = await a_recording(database, bea, holder_id=riverside.holder_id, bytes=900_000_000)
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).stored_bytes = recording.bytes
    hers = f"{HOSTS}/{bea.id}"
    refused = error(await ada.call("PATCH", hers, {"share_bytes": 1}), 409, "share_refused")
    assert "Bea Lindqvist uses 900 MB" in refused["message"]
    assert (await ada.call("PATCH", hers, {"share_bytes": 1, "below_use": True})).status_code == 200


async def test_a_host_is_removed_and_the_rooms_go_to_the_heir(ada, ada_user, database, bea, riverside):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    error(await ada.call("DELETE", f"{HOSTS}/{bea.id}?heir=999999"), 409, "heir_needed")
    assert (await ada.call("DELETE", f"{HOSTS}/{bea.id}?heir={ada_user.id}")).status_code == 204
    error(await ada.call("DELETE", f"{HOSTS}/{bea.id}"), 404, "no_host")
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).host_id == ada_user.id


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("host", (403, "not_an_admin")),
        ("suspended", (403, "suspended")),
        ("operator", (404, "not_found")),
        ("bookkeeper", (404, "not_found")),
    ],
)
async def test_it_is_for_its_admins_alone(site, database, ada, bea, riverside, who, refusal):
    person = await a_person(
        database, "who@example.org", is_operator=who == "operator", is_bookkeeper=who == "bookkeeper"
    )
    async with database.transaction() as session:
        if who in {"host", "suspended"}:
            made = OrganisationHost(
                organisation_id=riverside.id,
                user_id=person.id,
                role="host" if who == "host" else "admin",
                joined_at=person.created_at,
                suspended_at=person.created_at if who == "suspended" else None,
            )
            session.add(made)
    async with program(site, await token_of(database, person)) as running:
        for method, path, body in (
            ("GET", HOSTS, None),
            ("POST", HOSTS, {"emails": ["cora@example.org"]}),
            ("PATCH", f"{HOSTS}/{bea.id}", {"role": "admin"}),
            ("DELETE", f"{HOSTS}/{bea.id}", None),
        ):
            error(await running.call(method, path, body), *refusal)
    items = (await ada.get(HOSTS)).json()["items"]
    assert "host" in [one["role"] for one in items if one["id"] == bea.id]
