"""The same payment in two files of a bank is recorded once; what only looks like it is shown, and waits."""

import pytest

from app import clock
from app.contributions.importing.references import reference_of
from tests.app.contributions.bringing import bring, everything, table
from tests.app.contributions.statements import camt, ntry, tx, zipped


@pytest.fixture
def booked(ada):
    """An entry of today whose reference is Ada's."""
    day, mine = clock.now().date().isoformat(), reference_of(ada.holder_id)

    def entry(amount="20.00", *, ref="", **said):
        return ntry(amount, ref=ref, day=day, details=tx(**({"text": mine} | said)))

    return entry


async def _import(bruna, content, name):
    await bring(bruna, content, name)
    words = bruna.words
    await bruna.submit("/import")
    return words


async def states(database):
    lines, entries = await everything(database)
    return [(line.cents, line.state) for line in lines], [entry.cents for entry in entries]


async def test_a_report_and_the_statement_of_its_day_are_recorded_once(bruna, database, booked):
    await _import(bruna, camt(booked(ref="B1"), kind="052"), "052.xml")
    words = await _import(bruna, camt(booked(ref="B1"), booked("30.00", ref="B2")), "053.xml")
    assert "Known already 1" in words
    assert await states(database) == ([(2_000, "matched"), (3_000, "matched")], [2_000, 3_000])


async def test_numbered_otherwise_it_is_known_by_the_payer_s_own_number(bruna, database, booked):
    await _import(bruna, camt(booked(end="E2E-1"), kind="052"), "052.xml")
    words = await _import(
        bruna, camt(booked(end="E2E-1", ref="B1"), booked(end="E2E-2", ref="B2")), "053.xml"
    )
    assert "Known already 1" in words
    assert (await states(database))[1] == [2_000, 2_000], "the other has a number of its own"


async def test_without_any_number_it_may_be_the_same_and_waits(bruna, ada, database, booked):
    await _import(bruna, camt(booked(), kind="052"), "052.xml")
    words = await _import(bruna, camt(booked(ref="B1"), booked("30.00", ref="B2")), "053.xml")
    assert "Look at these 1" in words
    assert "It may be the same as: €20.00" in words
    lines, entries = await everything(database)
    assert [line.state for line in lines] == ["matched", "unmatched", "matched"]
    assert [entry.cents for entry in entries] == [2_000, 3_000]
    await bruna.open(f"/ledger/imports/lines/{lines[1].id}")
    assert "It may be the same as: €20.00" in bruna.words
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert (await states(database))[1] == [2_000, 3_000, 2_000], "a bookkeeper knows better"


@pytest.mark.parametrize(
    "other",
    [{"name": "Bo Fremd"}, {"iban": "ES92"}, {"amount_": "21.00"}],
    ids=["another name", "another account", "another sum"],
)
async def test_what_another_gave_on_the_same_day_is_no_twin(bruna, database, booked, other):
    await _import(bruna, camt(booked(), kind="052"), "052.xml")
    amount = other.pop("amount_", "20.00")
    words = await _import(bruna, camt(booked(amount, ref="B1", **other)), "053.xml")
    assert "It may be the same" not in words
    assert len((await states(database))[1]) == 2


async def test_two_of_one_statement_are_two(bruna, database, booked):
    await _import(bruna, camt(booked(ref="B1"), booked(ref="B2"), booked(), booked()), "053.xml")
    assert (await states(database))[1] == [2_000] * 4


async def test_in_one_archive_too_what_may_be_the_same_waits(bruna, database, booked):
    archive = zipped({"a.xml": camt(booked(), kind="052"), "b.xml": camt(booked(ref="B1"))})
    words = await _import(bruna, archive, "november.zip")
    assert "further up in this file" in words
    assert sorted((await states(database))[0]) == [(2_000, "matched"), (2_000, "unmatched")]


async def test_a_batch_that_was_recorded_as_a_whole_is_not_recorded_in_its_parts(
    bruna, ada, database, booked
):
    """The report of the day has the sum, the statement the payments: the notification of them may come last."""
    day = clock.now().date().isoformat()
    await _import(bruna, camt(ntry("50.00", ref="B1", day=day), kind="052"), "052.xml")
    [whole], _none = await everything(database)
    parts = camt(ntry("50.00", ref="B1", day=day, details=tx(amount="20.00") + tx("Bo", amount="30.00")))
    words = await _import(bruna, parts, "053.xml")
    assert "Look at these 2" in words, "the whole waits still: somebody decides"
    assert (await states(database))[1] == []
    await bruna.open(f"/ledger/imports/lines/{whole.id}")
    await bruna.submit("/match", holder=str(ada.holder_id))
    words = await _import(bruna, parts.replace(b"Gift", b"Gifts"), "054.xml")
    assert "What it is part of was imported before." in words or "Known already 2" in words
    assert (await states(database))[1] == [5_000]


async def test_a_number_that_comes_again_with_another_day_or_sum_is_kept_and_waits(bruna, database, booked):
    await _import(bruna, camt(booked(ref="0815")), "one.xml")
    words = await _import(bruna, camt(booked("35.00", ref="0815")), "two.xml")
    assert "Look at these 1" in words
    assert (await states(database))[0] == [(2_000, "matched"), (3_500, "unmatched")]
    words = await _import(bruna, camt(booked("35.00", ref="0815"), booked("1.00", ref="9")), "three.xml")
    assert "Known already 1" in words


async def test_a_table_and_a_statement_of_one_account_are_held_against_each_other(
    bruna, ada, database, booked, today
):
    await _import(bruna, table(f"{today},20,Ada Okafor,ada@example.org,Gift,ES91,EUR"), "may.csv")
    words = await _import(bruna, camt(booked(ref="B1")), "053.xml")
    assert "It may be the same as: €20.00" in words
    assert (await states(database))[1] == [2_000]


async def test_the_same_rows_read_by_other_columns_wait_and_count_once(bruna, ada, database, today):
    """Whoever chooses another column of payers reads the same payments under other keys."""
    mine = reference_of(ada.holder_id)
    row = f"{today},20,Ada Okafor,{mine},DE1,DE2"
    columns = "date,amount,name,reference,iban,other iban"
    await bring(bruna, table(row, columns=columns), "one.csv")
    await bruna.submit("/settings", payer="4")
    await bruna.submit("/import")
    await bring(bruna, table(row, f"{today},30,Ada Okafor,{mine},DE1,DE2", columns=columns), "two.csv")
    await bruna.submit("/settings", payer="5")
    assert "Look at these 1" in bruna.words
    await bruna.submit("/import")
    assert (await states(database))[1] == [2_000, 3_000]


async def test_two_numbers_of_one_platform_are_two_payments(bruna, ada, database, today):
    mine = reference_of(ada.holder_id)
    for number in ("tx1", "tx2"):
        content = table(
            f"{today},20,Ada,{mine},{number}", columns="date,amount,name,reference,transaction id"
        )
        await _import(bruna, content, f"{number}.csv")
    assert (await states(database))[1] == [2_000, 2_000]
