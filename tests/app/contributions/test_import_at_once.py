"""Imports at the same moment, and large ones."""

import asyncio
import time
from urllib.parse import urljoin

import pytest
from sqlalchemy import func, select, text

from app import clock
from app.contributions.importing.by_file import ImportRunningError, import_file
from app.contributions.importing.files import ImportedAlreadyError, keep_upload
from app.contributions.jobs import ask_everyone
from app.contributions.models import ImportFile
from tests.app.contributions.bringing import bring, everything, table
from tests.long import LONG


async def test_two_bookkeepers_at_the_same_moment_one_wins_and_the_other_is_told(
    bruna, olu, ada, database, today
):
    await bring(bruna, table(f"{today},5,Ada,ada@example.org,,,EUR", f"{today},6,Nobody,,,,EUR"))
    await olu.open(bruna.page.url.path)
    requests = []
    for person in (bruna, olu):
        form = person.form("/import")
        requests.append(person.client.post(form.action, data=form.fields, follow_redirects=True))
    answers = await asyncio.gather(*requests)
    lines, entries = await everything(database)
    assert [entry.cents for entry in entries] == [500]
    told = [answer for answer in answers if "Contributions recorded: 1." not in answer.text]
    assert len(told) == 1
    assert "already" in told[0].text or "at this moment" in told[0].text
    [waiting] = [line for line in lines if line.state == "unmatched"]
    requests = []
    for person in (bruna, olu):
        await person.open(f"/ledger/imports/lines/{waiting.id}?search=okafor")
        form = person.form("/match")
        url = urljoin(str(person.page.url), form.action)
        requests.append(
            person.client.post(url, data=form.fields | {"holder": str(ada.holder_id)}, follow_redirects=True)
        )
    answers = await asyncio.gather(*requests)
    assert sorted("Someone else has decided" in answer.text for answer in answers) == [False, True]
    assert len((await everything(database))[1]) == 2


async def test_two_imports_in_two_processes_record_once(database, ada, today):
    async with database.transaction() as session:
        file = await keep_upload(session, "a.csv", table(f"{today},5,Ada,ada@example.org,,,EUR"), "Bruna")
    day = clock.now().date()

    async def one():
        async with database.transaction() as session:
            return await import_file(session, file.id, day, "Bruna")

    answers = await asyncio.gather(*(one() for _ in range(4)), return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, int)] == [1]
    assert {type(answer) for answer in answers} <= {int, ImportedAlreadyError, ImportRunningError}
    assert len((await everything(database))[1]) == 1


@pytest.mark.slow
async def test_a_file_of_nearly_five_megabytes_comes_in(bruna, today):
    notes = "x" * 240
    content = table(*(f"{today},1,A{n},,{notes},,EUR" for n in range(18_500)))
    assert 4_800_000 < len(content) < 5_000_000
    await bring(bruna, content)
    assert "18,500 are kept to be matched by hand." in bruna.words


async def test_what_is_too_large_is_not_even_read(bruna, database):
    await bring(bruna, b"a,b\n" + b"x" * 6_100_000)
    assert bruna.page.status_code == 413
    await bring(bruna, b"\0\1")
    assert bruna.page.status_code == 422
    assert "Line 1, column 1" in bruna.words
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(ImportFile)) == 0


@pytest.mark.slow
async def test_thousands_of_lines_import_in_seconds(database, today):
    lines = 10_000 if LONG else 2_500
    payers, known = lines * 3 // 10, lines // 5
    async with database.transaction() as session:
        await session.execute(
            text(
                "WITH made AS (INSERT INTO holders (kind, name, created_at) SELECT 'person', 'P' || n, now() "
                "FROM generate_series(1, :known) n RETURNING id, name) INSERT INTO users (holder_id, email, name, "
                "password_hash, language, time_zone, is_operator, is_bookkeeper, verified_at, created_at) "
                "SELECT id, name || '@example.org', name, '!', 'en', 'UTC', false, false, now(), now() FROM made"
            ),
            {"known": known},
        )
    rows = [f"{today},{3 + n % 50},P{n % payers},p{n % payers}@example.org,,,EUR" for n in range(lines)]
    began = time.monotonic()
    async with database.transaction() as session:
        file = await keep_upload(session, "many.csv", table(*rows), "Bruna")
    async with database.transaction() as session:
        count = await import_file(session, file.id, clock.now().date(), "Bruna")
    took = time.monotonic() - began
    print(f"{count} of {lines} recorded in {took:.1f} s")
    assert count == sum(0 < n % payers <= known for n in range(lines))
    # The worker asks about those whom the browser did not wait for, and leaves nobody out.
    async with database.transaction() as session:
        waiting = await session.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'contributions:ask_rules'")
        )
        granted = "SELECT count(*) FROM grants WHERE state = 'granted'"
        assert (waiting, await session.scalar(text(granted)) <= 100) == (1, True)
    await ask_everyone(database)
    async with database.transaction() as session:
        enough = (
            "SELECT count(*) FROM (SELECT 1 FROM ledger_entries GROUP BY contributor_id "
            "HAVING sum(cents) >= 12000) given"
        )
        assert await session.scalar(text(granted)) == await session.scalar(text(enough)) > 100
    assert took < 60  # 8 on a quiet machine
