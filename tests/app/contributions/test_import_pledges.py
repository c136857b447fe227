"""A payment that comes in a file confirms what its contributor had promised."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import clock
from app.contributions.importing.by_file import import_file
from app.contributions.importing.files import keep_upload
from app.contributions.importing.references import reference_of
from app.contributions.ledger import record
from tests.app.contributions.books import gift, pledge, recorded, reversed_
from tests.app.contributions.bringing import bring, everything, table
from tests.factories import a_person
from tests.house import until


@pytest.fixture
def today():
    return clock.now().date()


async def confirmed(database) -> list[tuple[int, int | None]]:
    """Of each entry that a file brought: the sum, and the pledge."""
    _lines, entries = await everything(database)
    return [(one.cents, one.confirms_id) for one in entries if one.import_line_id is not None]


@pytest.mark.slow
async def test_a_payment_confirms_the_pledge_of_just_its_sum_else_the_oldest(bruna, ada, database, today):
    oldest = await recorded(database, pledge(ada.holder_id, 5_000, ago=30))
    exact = await recorded(database, pledge(ada.holder_id, 2_000, ago=20))
    content = table(
        *(f"{today},{sum_},Ada,ada@example.org,{n},,EUR" for n, sum_ in enumerate((20, 40, 40, 7)))
    )
    await bring(bruna, content)
    assert f"It confirms pledge No. {exact.id}." in bruna.words
    assert "3 of them confirm open pledges." in bruna.words
    await bruna.submit("/import")
    # The second leaves ten of the oldest open; the third is more than that and goes there as a whole.
    assert await confirmed(database) == [
        (2_000, exact.id),
        (4_000, oldest.id),
        (4_000, oldest.id),
        (700, None),
    ]
    assert f"It confirms pledge No. {oldest.id}." in bruna.words
    await bruna.open(f"/ledger/entries/{exact.id}")
    assert "Not confirmed yet" not in bruna.words


async def test_a_payment_that_is_older_than_its_pledge_confirms_it(bruna, ada, database, today):
    """Who pays at once what they promise is written down afterwards, by whoever comes to it."""
    late = await recorded(database, pledge(ada.holder_id, 4_000))
    exact = await recorded(database, pledge(ada.holder_id, 2_000))
    before = await recorded(database, pledge(ada.holder_id, 3_000, ago=40))
    paid = [(9, "20", 1), (9, "30", 2), (8, "20", 3), (364, "7", 4), (366, "8", 5)]
    days = [(today - timedelta(days=ago), sum_, number) for ago, sum_, number in paid]
    await bring(bruna, table(*(f"{day},{sum_},Ada,ada@example.org,{n},,EUR" for day, sum_, n in days)))
    assert "4 of them confirm open pledges." in bruna.words
    await bruna.submit("/import")
    assert await confirmed(database) == [
        (2_000, before.id),  # what was promised by then comes first
        (3_000, before.id),
        (2_000, exact.id),
        (700, late.id),
        (800, None),
    ]


async def test_hours_what_was_taken_back_and_what_is_another_s_is_confirmed_by_no_payment(
    bruna, ada, database, today
):
    bo = await a_person(database, "bo@example.org")
    await recorded(database, pledge(bo.holder_id, ago=9))
    await recorded(database, pledge(ada.holder_id, what="hours", minutes=60, ago=9))
    await reversed_(database, await recorded(database, pledge(ada.holder_id, ago=9)))
    done = await recorded(database, pledge(ada.holder_id, 1_000, ago=9))
    await recorded(database, gift(ada.holder_id, 1_000, confirms_id=done.id))
    await bring(bruna, table(f"{today - timedelta(days=1)},10,Ada,ada@example.org,,,EUR"))
    assert "confirms pledge" not in bruna.words
    await bruna.submit("/import")
    assert await confirmed(database) == [(1_000, None)]


async def test_a_foreign_payment_confirms_by_its_value_and_one_matched_by_hand_does_too(
    bruna, ada, database, today
):
    first = await recorded(database, pledge(ada.holder_id, 9_000, ago=9))
    second = await recorded(database, pledge(ada.holder_id, 10_500, ago=8))
    await bring(
        bruna,
        table(f"{today},100,A,,{reference_of(ada.holder_id)},,CHF", f"{today},90,Okafor,,,,EUR"),
    )
    await bruna.submit("/settings", rate_CHF="1.05")
    await bruna.submit("/import")
    lines, _entries = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{lines[1].id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert await confirmed(database) == [(10_500, second.id), (9_000, first.id)]


async def test_a_pledge_that_was_confirmed_since_the_preview_is_not_confirmed_again(database, ada, today):
    promised = await recorded(database, pledge(ada.holder_id, 1_000, ago=3))
    async with database.transaction() as session:
        content = table(f"{today},10,Ada,ada@example.org,,,EUR")
        file = await keep_upload(session, "a.csv", content, "Bruna")

    async def bring_in():
        async with database.transaction() as session:
            await import_file(session, file.id, today, "Bruna")

    async with database.transaction() as session:
        # Somebody confirms it by hand, and holds the contributor while the import has looked already.
        await record(session, gift(ada.holder_id, 1_000, confirms_id=promised.id), "Olu")
        running = asyncio.create_task(bring_in())
        waits = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )

        async def is_waiting():
            # In a transaction of its own: PostgreSQL keeps what it has told of activity until one ends.
            async with database.transaction() as other:
                return await other.scalar(waits)

        await until(is_waiting, "the import waits for the contributor")
    await running
    assert await confirmed(database) == [(1_000, None)]
