"""The ledger: written once, never changed; a wrong entry is reversed by another."""

import pytest
from asyncpg.exceptions import CheckViolationError, ForeignKeyViolationError, RestrictViolationError
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.accounts.models import User
from app.contributions.corrections import NotCorrectableError
from app.contributions.ledger import NoSuchPledgeError, RecordedAlreadyError, find_entry, open_cents
from app.contributions.models import EntryKind, LedgerEntry, What
from app.errors import NotFoundError
from tests.app.contributions.books import gift, pledge, recorded, reversed_
from tests.factories import a_person


@pytest.fixture
async def ada(database):
    return await a_person(database, "ada@example.org", name="Ada Okafor")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET cents = 1",
        "UPDATE ledger_entries SET note = note",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries CASCADE",
        "TRUNCATE holders CASCADE",
        "UPDATE ledger_entries SET cents = 1 WHERE false OR true RETURNING id",
        "WITH gone AS (DELETE FROM ledger_entries RETURNING id) SELECT * FROM gone",
        "MERGE INTO ledger_entries e USING holders h ON h.id = e.contributor_id WHEN MATCHED THEN DELETE",
        "INSERT INTO ledger_entries SELECT * FROM ledger_entries ON CONFLICT (id) DO UPDATE SET cents = 1",
        "SELECT id FROM ledger_entries FOR UPDATE; UPDATE ONLY ledger_entries SET recorded_by = 'Mallory'",
    ],
)
async def test_the_database_refuses_to_change_or_delete(database, ada, statement):
    entry = await recorded(database, gift(ada.holder_id, 5_000))
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        with pytest.raises(RestrictViolationError, match="append-only"):
            await raw.execute(statement)
    async with database.transaction() as session:
        assert (await find_entry(session, entry.id)).cents == 5_000


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        # Whoever contributed, the file's line and the custodian stand as long as the entry does.
        (
            "DELETE FROM holders WHERE id = (SELECT contributor_id FROM ledger_entries)",
            ForeignKeyViolationError,
        ),
        # What was given is above zero; less is a correction, and that mirrors an entry.
        (
            (
                "INSERT INTO ledger_entries (kind, counts_as, what, booked_on, contributor_id, cents, recorded_at, "
                "recorded_by) SELECT kind, counts_as, what, booked_on, contributor_id, -5000, recorded_at, 'Mallory' "
                "FROM ledger_entries"
            ),
            CheckViolationError,
        ),
    ],
)
async def test_nor_is_anything_taken_away_by_a_way_around(database, ada, statement, refusal):
    await recorded(database, gift(ada.holder_id, 5_000))
    async with database.transaction() as session:
        await session.execute(delete(User))
        await session.execute(text("DELETE FROM grants"))
    async with database.engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        with pytest.raises(refusal):
            await raw.execute(statement)


async def test_the_program_cannot_either(database, ada):
    entry = await recorded(database, gift(ada.holder_id, 5_000))
    changes = (
        update(LedgerEntry).where(LedgerEntry.id == entry.id).values(cents=9),
        delete(LedgerEntry).where(LedgerEntry.id == entry.id),
    )
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as session:
                await session.execute(change)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as session:
            (await session.get_one(LedgerEntry, entry.id)).note = "better"
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as session:
            await session.delete(await session.get_one(LedgerEntry, entry.id))


async def test_a_correction_that_does_not_mirror_its_entry_is_refused_by_the_database(database, ada):
    entry = await recorded(database, gift(ada.holder_id, 5_000))
    with pytest.raises(DBAPIError, match="reverses the whole"):
        async with database.transaction() as session:
            session.add(
                LedgerEntry(
                    kind=EntryKind.CORRECTION,
                    counts_as=EntryKind.CONFIRMATION,
                    what=What.MONEY,
                    booked_on=entry.booked_on,
                    contributor_id=ada.holder_id,
                    cents=-4_999,
                    reverses_id=entry.id,
                    recorded_at=entry.recorded_at,
                    recorded_by="Mallory",
                )
            )


async def test_the_same_form_is_recorded_once(database, ada):
    entry = gift(ada.holder_id, 5_000)
    first = await recorded(database, entry)
    with pytest.raises(RecordedAlreadyError) as told:
        await recorded(database, entry)
    assert (told.value.entry_id, told.value.same) == (first.id, True)
    with pytest.raises(RecordedAlreadyError) as told:
        await recorded(database, gift(ada.holder_id, 6_000, once=entry.once))
    assert (told.value.entry_id, told.value.same) == (first.id, False)


async def test_a_pledge_is_open_until_it_is_confirmed_and_again_when_that_was_wrong(database, ada):
    promised = await recorded(database, pledge(ada.holder_id, 10_000))

    async def left():
        async with database.transaction() as session:
            return await open_cents(session, promised)

    assert await left() == 10_000
    await recorded(database, gift(ada.holder_id, 4_000, confirms_id=promised.id))
    second = await recorded(database, gift(ada.holder_id, 7_000, confirms_id=promised.id))
    assert await left() == 0
    await reversed_(database, second)
    assert await left() == 6_000


@pytest.mark.slow
async def test_a_pledge_of_someone_else_or_taken_back_is_not_confirmed(database, ada):
    bo = await a_person(database, "bo@example.org")
    promised = await recorded(database, pledge(ada.holder_id))
    with pytest.raises(NoSuchPledgeError):
        await recorded(database, gift(bo.holder_id, confirms_id=promised.id))
    await reversed_(database, promised)
    with pytest.raises(NoSuchPledgeError):
        await recorded(database, gift(ada.holder_id, confirms_id=promised.id))
    with pytest.raises(NotFoundError):
        await recorded(database, gift(999_999))


async def test_nothing_is_corrected_twice_and_no_correction(database, ada):
    entry = await recorded(database, gift(ada.holder_id, 5_000, minutes=60, what=What.HOURS))
    done = await reversed_(database, entry)
    assert (done.correction.cents, done.correction.minutes) == (-5_000, -60)
    assert done.correction.booked_on == entry.booked_on
    for again in (entry, done.correction):
        with pytest.raises(NotCorrectableError):
            await reversed_(database, again)


async def test_a_confirmed_pledge_stands(database, ada):
    promised = await recorded(database, pledge(ada.holder_id))
    confirmed = await recorded(database, gift(ada.holder_id, 5_000, confirms_id=promised.id))
    with pytest.raises(NotCorrectableError):
        await reversed_(database, promised)
    await reversed_(database, confirmed)
    await reversed_(database, promised)
    async with database.transaction() as session:
        assert await session.scalar(select(func.sum(LedgerEntry.cents))) == 0


async def test_what_is_right_stands_in_the_place_of_what_was_wrong(database, ada):
    promised = await recorded(database, pledge(ada.holder_id))
    wrong = await recorded(database, gift(ada.holder_id, 5_000, confirms_id=promised.id))
    right = gift(999_999, 6_000, kind=EntryKind.PLEDGE)
    done = await reversed_(database, wrong, instead=right)
    assert done.instead is not None
    # Whose it is, what it confirms and whether it is a pledge cannot be changed by a correction.
    assert (done.instead.contributor_id, done.instead.confirms_id) == (ada.holder_id, promised.id)
    assert (done.instead.kind, done.instead.cents) == (EntryKind.CONFIRMATION, 6_000)
