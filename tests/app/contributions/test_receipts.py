"""What one sees of one's own contributions, and the receipts to print."""

import csv
import io
import json
from decimal import Decimal

import pytest

from app.accounts.models import User
from app.accounts.service import find_by_email, forget_unverified
from tests.app.contributions.books import gift, pledge, recorded, reversed_
from tests.factories import a_person, an_organisation, signed_in


@pytest.fixture
async def commons(database, ada):
    """An organisation of which Ada is an admin and Cy a host."""
    await a_person(database, "cy@example.org", name="Cy Brandt")
    return await an_organisation(database, "Commons Cloud", "co-producer", ada="admin", cy="host")


async def test_a_person_sees_what_they_gave_and_an_admin_what_the_organisation_gave(
    at_ada_s, ada, commons, database
):
    await recorded(database, gift(ada.holder_id, 12_000))
    await recorded(database, gift(commons.holder_id, 77_700))
    await at_ada_s.open("/contributions")
    assert "€120.00" in at_ada_s.words
    assert "€777.00" not in at_ada_s.words
    assert "Session organiser Granted" in at_ada_s.words
    assert "/ledger" not in at_ada_s.page.text
    await at_ada_s.open(f"/contributions?holder={commons.holder_id}")
    assert "€777.00" in at_ada_s.words
    rows = await at_ada_s.open(f"/contributions/entries.csv?holder={commons.holder_id}")
    assert [row["eur"] for row in csv.DictReader(io.StringIO(rows.text))] == ["777.00"]
    # Who keeps the books is nobody's data but theirs.
    assert "Bruna Keller" not in rows.text


async def test_an_entry_s_receipt_says_what_was_given_and_that_it_is_void_when_it_was_wrong(
    at_ada_s, ada, database
):
    entry = await recorded(
        database, gift(ada.holder_id, 5_000, what="hours", minutes=120, note="seen by nobody")
    )
    await at_ada_s.open(f"/contributions/receipts/{entry.id}")
    assert f"Receipt No. {entry.id}" in at_ada_s.words
    assert "Hours Value €50.00 2 h" in at_ada_s.words
    await reversed_(database, entry)
    await at_ada_s.open(f"/contributions/receipts/{entry.id}")
    assert "The receipt is void." in at_ada_s.words


async def test_a_year_s_receipt_adds_up_what_stands(at_ada_s, ada, database):
    first = await recorded(database, gift(ada.holder_id, 5_000))
    wrong = await recorded(database, gift(ada.holder_id, 900, booked_on=first.booked_on))
    await recorded(database, pledge(ada.holder_id, 99_900, booked_on=first.booked_on))
    await reversed_(database, wrong)
    year = first.booked_on.year
    await at_ada_s.open("/contributions")
    assert f"/contributions/{ada.holder_id}/{year}" in at_ada_s.page.text
    await at_ada_s.open(f"/contributions/{ada.holder_id}/{year}")
    assert "Together: €50.00" in at_ada_s.words
    assert "€999.00" not in at_ada_s.words
    await at_ada_s.open(f"/contributions/{ada.holder_id}/{year - 1}")
    assert "Together: €0.00" in at_ada_s.words


async def test_an_organisation_s_receipts_say_where_it_is_reached_by_post(at_ada_s, database, commons):
    entry = await recorded(database, gift(commons.holder_id, 5_000))
    await at_ada_s.open("/organisations/commons-cloud/profile")
    await at_ada_s.submit("/profile", address="Mill Lane 12\r\n<b>Riverside</b>")
    for path in (f"receipts/{entry.id}", f"{commons.holder_id}/{entry.booked_on.year}"):
        await at_ada_s.open(f"/contributions/{path}")
        assert "Commons Cloud Mill Lane 12 <b>Riverside</b>" in at_ada_s.words


async def test_nobody_else_sees_any_of_it(site, database, ada, commons, bruna):
    entry = await recorded(database, gift(ada.holder_id, 12_000))
    theirs = await recorded(database, gift(commons.holder_id, 77_700))
    promise = await recorded(database, pledge(ada.holder_id))
    year = entry.booked_on.year
    paths = [
        f"/contributions?holder={ada.holder_id}",
        f"/contributions?holder={commons.holder_id}",
        f"/contributions/entries.csv?holder={commons.holder_id}",
        f"/contributions/receipts/{entry.id}",
        f"/contributions/receipts/{theirs.id}",
        f"/contributions/{ada.holder_id}/{year}",
        f"/contributions/{commons.holder_id}/{year}",
    ]
    async with database.transaction() as session:
        cy = await find_by_email(session, "cy@example.org")
    async with signed_in(site, cy) as person:
        for path in paths:
            assert (await person.open(path)).status_code == 404, path
        await person.open("/contributions")
        assert "Nothing is recorded of you yet" in person.words
    # Bookkeepers see receipts, and the account in the ledger; of a promise there is none.
    for path in paths[3:]:
        assert (await bruna.open(path)).status_code == 200, path
    assert (await bruna.open(f"/contributions/receipts/{promise.id}")).status_code == 404
    assert (await bruna.open(f"/contributions/receipts/{entry.id + 1000}")).status_code == 404
    assert (await bruna.open(f"/contributions/{ada.holder_id + 1000}/{year}")).status_code == 404


async def test_one_s_contributions_are_in_one_s_own_data(at_ada_s, ada, database):
    await recorded(
        database, gift(ada.holder_id, 2_107, currency="CHF", currency_cents=2_000, rate=Decimal("1.0537"))
    )
    [entry] = json.loads((await at_ada_s.open("/account/data.json")).text)["contributions"]
    assert (entry["cents"], entry["rate"]) == (2_107, "1.05370000")


async def test_an_account_that_was_never_verified_stays_with_what_it_gave(database, move_clock):
    new = await a_person(database, "new@example.org", verified=False)
    other = await a_person(database, "other@example.org", verified=False)
    await recorded(database, gift(new.holder_id, 500))
    await move_clock(days=31)
    async with database.transaction() as session:
        await forget_unverified(session)
    async with database.transaction() as session:
        assert await session.get(User, new.id) is not None
        assert await session.get(User, other.id) is None
