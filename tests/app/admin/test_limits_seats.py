"""Seats in the operators' forms, and what a full organisation says."""

from sqlalchemy import select

from app.memberships.models import LoggedDecision, Membership
from tests.app.admin.conftest import history
from tests.factories import a_person, an_organisation


async def test_an_organisation_is_put_on_a_tier_with_seats_and_refuses_a_host_above_them(olu, ada, database):
    await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/organisations/{made.id}")
    assert "seat" not in olu.words.replace("Seats (optional)", "")
    await olu.submit("/tier", tier="consumer", seats="1", reason="Their first year")
    assert "1 of one seat is taken." in olu.words
    assert olu.form("/tier").fields["seats"] == "1"
    await olu.submit("/hosts/add", email="bea@example.org", role="host")
    assert olu.page.status_code == 409
    assert "Riverside Housing has a seat for one host." in olu.words
    assert f"/admin/limits/{made.holder_id}" in olu.page.text
    async with database.transaction() as session:
        logged = [
            (row.question, row.granted, row.times) for row in await session.scalars(select(LoggedDecision))
        ]
    assert logged == [("add_host", False, 1)]
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit("/tier", tier="consumer", seats="", reason="They grow")
    await olu.submit("/hosts/add", email="bea@example.org", role="host")
    assert "Bea hosts for it." in olu.words
    assert [each.seats for _tier, each in await history(database, made.holder_id)] == [None, 1, None]


async def test_seats_are_a_number_and_a_person_has_none(olu, ada, database):
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    for seats in ("-1", "many", "10001", "9" * 5000):
        await olu.open(f"/admin/organisations/{made.id}")
        await olu.submit("/tier", tier="consumer", seats=seats, reason="a test")
        assert olu.page.status_code == 422
    assert len(await history(database, made.holder_id)) == 1
    await olu.open(f"/admin/people/{ada.id}")
    assert "seats" not in olu.form("/tier").names
    token = olu.form("/tier").fields["form_token"]
    data = {"form_token": token, "tier": "session-organiser", "seats": "3", "reason": "a test"}
    await olu.client.post(f"/admin/people/{ada.id}/tier", data=data)
    async with database.transaction() as session:
        found = await session.scalars(select(Membership.seats).where(Membership.holder_id == ada.holder_id))
        assert list(found) == [None]
