"""Seats in the operators' forms, and what a full organisation says."""

import pytest
from sqlalchemy import select

from app.memberships.models import LoggedDecision, Membership
from tests.app.admin.conftest import history
from tests.factories import a_person, an_organisation


async def give(olu, holder_id, **typed):
    await olu.open(f"/admin/holders/{holder_id}/membership/give")
    await olu.submit("/membership/give", tier="consumer", **typed)


@pytest.mark.slow
async def test_an_organisation_is_put_on_a_tier_with_seats_and_refuses_a_host_above_them(olu, ada, database):
    await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/organisations/{made.id}")
    assert "seat" not in olu.words
    await give(olu, made.holder_id, seats="1", reason="Their first year")
    await olu.open(f"/admin/holders/{made.holder_id}/membership/give")
    assert olu.form("/membership/give").fields["seats"] == "1"
    await olu.open(f"/admin/organisations/{made.id}")
    assert "1 of 1 seat is taken." in olu.words
    await olu.submit("/hosts/add", email="bea@example.org", role="host")
    assert olu.page.status_code == 409
    assert "Riverside Housing has a seat for one host." in olu.words
    assert f"/admin/limits/{made.holder_id}" in olu.page.text
    async with database.transaction() as session:
        logged = [
            (row.question, row.granted, row.times) for row in await session.scalars(select(LoggedDecision))
        ]
    assert logged == [("add_host", False, 1)]
    await give(olu, made.holder_id, seats="", reason="They grow")
    await olu.open(f"/admin/organisations/{made.id}")
    await olu.submit("/hosts/add", email="bea@example.org", role="host")
    assert "Bea hosts for it." in olu.words
    assert [each.seats for _tier, each in await history(database, made.holder_id)] == [None, 1, None]


async def test_seats_are_a_number_and_a_person_has_none(olu, ada, database):
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    for seats in ("-1", "many", "10001", "9" * 5000):
        await give(olu, made.holder_id, seats=seats, reason="a test")
        assert olu.page.status_code == 422
    assert len(await history(database, made.holder_id)) == 1
    address = f"/admin/holders/{ada.holder_id}/membership/give"
    await olu.open(address)
    form = olu.form("/membership/give")
    assert "seats" not in form.names
    data = form.fields | {"tier": "session-organiser", "seats": "3", "reason": "a test"}
    await olu.client.post(address, data=data)
    async with database.transaction() as session:
        found = await session.scalars(select(Membership.seats).where(Membership.holder_id == ada.holder_id))
        assert list(found) == [None]
