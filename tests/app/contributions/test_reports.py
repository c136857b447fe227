"""The reports add up, corrections included, and stay quick with a hundred thousand entries."""

import csv
import io
import json
import time
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, text, update

from app import clock
from app.contributions.entries import Filter, list_entries
from app.contributions.owed import dues, use_of_organisations
from app.contributions.reports import by_contributor, sums_by_quarter
from app.meetings.models import Meeting
from app.memberships.models import Membership, Tier
from tests.app.contributions.books import an_import, gift, pledge, recorded, reversed_
from tests.app.contributions.many import ENTRIES, many
from tests.factories import a_person, a_room, an_organisation, start
from tests.patience import quickest

SOON = 1.5  # seconds, at most: a list that grows with the house takes more


def rows_of(person):
    return list(csv.DictReader(io.StringIO(person.page.text)))


@pytest.fixture
async def commons(database):
    return await an_organisation(database, "Commons Cloud", "co-producer")


async def test_quarters_kinds_and_custodians_add_up(bruna, ada, commons, database):
    await recorded(database, pledge(ada.holder_id, 10_000))
    first = await recorded(database, gift(ada.holder_id, 3_000))
    await recorded(
        database, gift(ada.holder_id, 2_500, what="hours", minutes=60, custodian_id=commons.holder_id)
    )
    wrong = await recorded(database, gift(ada.holder_id, 900, ago=200))
    await reversed_(database, wrong)
    quarter = f"{first.booked_on.year}-Q{(first.booked_on.month + 2) // 3}"
    async with database.transaction() as session:
        sums = await sums_by_quarter(session)
    assert sums.quarters[-1] == quarter
    assert len(sums.quarters) == 8
    assert (sums.pledged(quarter), sums.confirmed(quarter), sums.confirmed(quarter, "hours")) == (
        10_000,
        5_500,
        2_500,
    )
    # What was wrong is gone from its own quarter, not from the one in which it was found.
    assert sum(sums.confirmed(each) for each in sums.quarters) == 5_500
    await bruna.open("/ledger/reports")
    assert "This quarter €100.00 are pledged and €55.00 confirmed." in bruna.words
    assert "The collective €30.00" in bruna.words
    assert "Commons Cloud €25.00" in bruna.words
    assert bruna.page.text.count("<svg viewBox") == 2
    await bruna.open("/ledger/reports/quarters.csv")
    found = {(row["quarter"], row["what"], row["custodian"]): row for row in rows_of(bruna)}
    assert found[quarter, "money", ""]["confirmed_eur"] == "30.00"
    assert found[quarter, "money", ""]["pledged_eur"] == "100.00"
    assert found[quarter, "hours", "Commons Cloud"]["confirmed_eur"] == "25.00"


async def test_contributors_of_a_year_stand_by_what_they_gave(bruna, ada, commons, database):
    entry = await recorded(database, gift(commons.holder_id, 70_000, what="server"))
    await recorded(database, gift(ada.holder_id, 500))
    await bruna.open("/ledger/reports/contributors")
    assert "Commons Cloud" in bruna.words
    assert "€700.00" in bruna.words
    assert "Ada Okafor" not in bruna.words
    await bruna.open(f"/ledger/reports/contributors?year={entry.booked_on.year}&kind=person")
    assert "Ada Okafor" in bruna.words
    await bruna.open(f"/ledger/reports/contributors?year={entry.booked_on.year - 1}")
    assert "Nothing is recorded for this year." in bruna.words
    await bruna.open("/ledger/reports/contributors.csv")
    assert [(row["name"], row["server_eur"]) for row in rows_of(bruna)] == [
        ("Commons Cloud", "700.00"),
        ("Ada Okafor", "0.00"),
    ]
    assert (await bruna.open("/ledger/reports/contributors?year=1")).status_code == 404


async def test_what_is_due_is_the_price_without_what_is_confirmed(bruna, commons, database):
    riverside = await an_organisation(database, "Riverside Housing", "consumer")
    arts = await an_organisation(database, "Awarded Arts", "consumer")
    async with database.transaction() as session:
        await session.execute(
            update(Tier).where(Tier.key == "consumer").values(yearly_cents=[50_000, 30_000])
        )
        award = "UPDATE memberships SET awarded = true WHERE holder_id = :holder"
        await session.execute(text(award), {"holder": arts.holder_id})
    await recorded(database, gift(riverside.holder_id, 20_000, ago=30))
    await recorded(database, gift(riverside.holder_id, 90_000, ago=400))
    await bruna.open("/ledger/reports/due")
    assert "One membership" in bruna.words
    assert "€500.00 €200.00 €300.00" in bruna.words
    # A price that was agreed for the period counts before the tier's.
    async with database.transaction() as session:
        agreed = update(Membership).where(Membership.holder_id == riverside.holder_id).values(cents=20_000)
        await session.execute(agreed)
    await bruna.open("/ledger/reports/due")
    assert "Nothing is due." in bruna.words
    await bruna.open("/ledger/reports/due.csv")
    assert [(row["name"], row["due_eur"]) for row in rows_of(bruna)] == [("Riverside Housing", "0.00")]


async def test_use_stands_beside_contribution(bruna, site, ada, database):
    riverside = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    meeting = await start(site, await a_room(database, ada, holder_id=riverside.holder_id))
    async with database.transaction() as session:
        await session.execute(update(Meeting).where(Meeting.id == meeting.id).values(person_seconds=7_200))
        year = clock.now().year
        since = clock.now().replace(month=1, day=1) - timedelta(days=400)
        await session.execute(text("UPDATE organisation_hosts SET joined_at = :since"), {"since": since})
    await recorded(database, gift(riverside.holder_id, 12_300))
    async with database.transaction() as session:
        [row] = (await use_of_organisations(session, year)).items
        [before] = (await use_of_organisations(session, year - 1)).items
    assert (row.hosts, row.meetings, int(row.person_minutes), int(row.given)) == (1, 1, 120, 12_300)
    assert float(before.host_months) == 12.0
    await bruna.open(f"/ledger/reports/use?year={year - 1}")
    assert "€120.00 €0.00" in bruna.words
    assert "A recommendation, not a bill" in bruna.words
    assert "12 months" in bruna.words
    await bruna.open("/ledger/reports/use.csv")
    assert rows_of(bruna)[0]["confirmed_eur"] == "123.00"


@pytest.mark.slow
async def test_a_page_takes_as_many_statements_for_much_as_for_little(bruna, ada, database):
    """Each list, report and file: with one line, and with a page full of people, grants, pledges and payments."""
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731  what SQLAlchemy calls
    engine = database.engine.sync_engine
    first = await recorded(database, gift(ada.holder_id))
    file, _line = await an_import(database)
    waiting, _none = await an_import(database, imported=False, name="june.csv")
    paths = (
        *("/ledger", "/ledger/contributors", f"/ledger/contributors/{ada.holder_id}", "/ledger/grants"),
        *("/ledger/rules", "/ledger/imports", f"/ledger/imports/{file}", f"/ledger/imports/{waiting}"),
        *(
            "/ledger/imports/unmatched",
            "/ledger/reports",
            "/ledger/reports/contributors",
            "/ledger/reports/due",
        ),
        *("/ledger/reports/use", "/ledger/entries.csv", f"/ledger/entries/{first.id}"),
        f"/contributions/{ada.holder_id}/{clock.now().year}",
    )

    async def statements():
        counts = {}
        for path in paths:
            event.listen(engine, "before_cursor_execute", listener)
            assert (await bruna.client.get(path)).status_code == 200
            event.remove(engine, "before_cursor_execute", listener)
            counts[path], seen[:] = len(seen), []
        return counts

    await statements()
    little = await statements()
    for number in range(12):
        person = await a_person(database, f"p{number}@example.org")
        riverside = await an_organisation(database, f"House {number}", "consumer")
        promised = await recorded(database, pledge(person.holder_id))
        await recorded(database, gift(person.holder_id, confirms_id=promised.id))
        await recorded(database, gift(riverside.holder_id, 60_000))
        await recorded(database, gift(ada.holder_id, 100))
        await an_import(database, name=f"{number}.csv")
    assert await statements() == little
    assert max(little.values()) <= 12, little


@pytest.mark.slow
async def test_a_hundred_thousand_entries_are_listed_and_added_up_quickly(bruna, database):
    await many(database)
    async with database.transaction() as session:
        holder = await session.scalar(text("SELECT min(contributor_id) FROM ledger_entries"))
        file = await session.scalar(text("SELECT min(id) FROM import_files"))
        line = await session.scalar(text("SELECT min(id) FROM import_lines WHERE state = 'unmatched'"))
    took = {}
    for path in (
        "/ledger",
        "/ledger?page=2000",
        f"/ledger?contributor={holder}",
        "/ledger?search=contributor+77",
        "/ledger?kind=pledge&what=hours&custodian=collective",
        "/ledger/contributors?search=tributor+12",
        f"/ledger/contributors/{holder}",
        f"/ledger/new?contributor={holder}",
        "/ledger/reports",
        "/ledger/reports/contributors?kind=person",
        "/ledger/reports/due",
        "/ledger/reports/use",
        "/ledger/reports/quarters.csv",
        "/ledger/reports/contributors.csv",
        "/ledger/grants",
        "/ledger/grants?page=200",
        "/ledger/imports",
        f"/ledger/imports/{file}",
        f"/ledger/imports/{file}?page=9&state=matched",
        "/ledger/imports/unmatched",
        "/ledger/imports/unmatched?search=payer+77",
        f"/ledger/imports/lines/{line}?search=tributor",
        f"/contributions/{holder}/{clock.now().year}",
    ):
        assert (await bruna.open(path)).status_code == 200
        took[path] = await quickest(SOON, partial(bruna.open, path))
    print(json.dumps({path: round(seconds * 1000) for path, seconds in took.items()}, indent=1))
    assert max(took.values()) < SOON, took
    began = time.perf_counter()
    table = await bruna.open("/ledger/entries.csv")
    assert table.text.count("\n") == ENTRIES + 1
    print(f"the whole file: {time.perf_counter() - began:.1f} s")


@pytest.mark.slow
async def test_what_is_asked_for_often_is_found_by_an_index(database):
    await many(database)
    plans = []
    async with database.transaction() as session:
        statements = []

        def note(_connection, _cursor, statement, parameters, _context, _many):
            statements.append((statement, parameters))

        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        holder = await session.scalar(text("SELECT min(contributor_id) FROM ledger_entries"))
        statements.clear()
        await list_entries(session, Filter(contributor=holder), 1)
        await list_entries(session, Filter(), 1)
        await by_contributor(session, clock.now().year, "")
        await dues(session, holder_id=holder)
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        assert len(statements) == 6
        connection = await session.connection()
        raw = (await connection.get_raw_connection()).driver_connection
        for statement, parameters in statements:
            rows = await raw.fetch(f"EXPLAIN {statement}", *parameters)
            plans.append("\n".join(row[0] for row in rows))
    own_count, own, _whole_count, whole, year, due = plans
    for plan in (own_count, own, due):
        assert "Seq Scan on ledger_entries" not in plan, plan
    assert "Index" in whole
    assert "ix_ledger_entries_booked_on" in whole
    assert "ix_ledger_entries_booked_on" in year, year
