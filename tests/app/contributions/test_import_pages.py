"""Importing as a bookkeeper does it: look, import once, match by hand, and nothing is recorded twice or lost."""

import asyncio
import time
from urllib.parse import urljoin

import pytest
from sqlalchemy import func, select, text

from app import clock
from app.contributions.importing import recording
from app.contributions.importing.by_file import ImportRunningError, import_file
from app.contributions.importing.files import ImportedAlreadyError, keep_upload
from app.contributions.importing.references import reference_of
from app.contributions.jobs import ask_everyone
from app.contributions.models import ImportFile, ImportLine, LedgerEntry
from tests.app.contributions.books import grants_of, reversed_
from tests.factories import a_person, an_organisation
from tests.long import LONG


def table(*rows, columns="date,amount,name,email,reference,iban,currency") -> bytes:
    return ("\n".join([columns, *rows]) + "\n").encode()


async def bring(person, content, name="may.csv"):
    await person.open("/ledger/imports")
    form = person.form("/ledger/imports")
    answer = await person.client.post(
        "/ledger/imports", data=form.fields, files={"file": (name, content)}, follow_redirects=True
    )
    person.page = answer
    return answer


async def everything(database):
    async with database.transaction() as session:
        lines = list(await session.scalars(select(ImportLine).order_by(ImportLine.id)))
        entries = list(await session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))
    return lines, entries


@pytest.fixture
def today():
    return clock.now().date().isoformat()


async def test_a_donation_by_mail_grants_a_tier_and_what_is_unknown_is_kept(bruna, ada, database, today):
    await a_person(database, "eve@example.org", verified=False)
    content = table(
        f"{today},120.00,Ada,ADA@example.org,,,EUR",
        f"{today},9,Eve,eve@example.org,,,EUR",
        f"{today},-3,Shop,,,,EUR",
    )
    await bring(bruna, content)
    assert "One payment is recorded" in bruna.words
    assert "It came with their mail address." in bruna.words
    assert await everything(database) == ([], [])
    await bruna.submit("/import")
    assert "Imported. Contributions recorded: 1." in bruna.words
    lines, entries = await everything(database)
    assert [line.state for line in lines] == ["matched", "unmatched", "left_out"]
    assert [(e.contributor_id, e.cents, e.import_line_id) for e in entries] == [
        (ada.holder_id, 12_000, lines[0].id)
    ]
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]


async def test_what_a_file_has_earned_is_said_and_what_is_still_to_be_asked(
    bruna, ada, database, today, monkeypatch
):
    # So many contributors are hundreds; with none that the browser waits for, the worker has the first one too.
    monkeypatch.setattr(recording, "ASKED_AT_ONCE", 0)
    await bring(bruna, table(f"{today},120,Ada,ada@example.org,,,EUR"))
    await bruna.submit("/import")
    assert "The rules are being asked about everyone who gave enough." in bruna.words
    assert await grants_of(database, ada.holder_id) == []
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await ask_everyone(database)
    await bruna.open(bruna.page.url.path)
    assert "The rules are being asked" not in bruna.words
    assert "One membership stands on these payments." in bruna.words


async def test_the_same_file_and_an_overlapping_one_change_nothing(bruna, ada, database, today):
    first = f"{today},20,Ada,ada@example.org,,,EUR"
    await bring(bruna, table(first))
    await bruna.submit("/import")
    before = await everything(database)
    await bring(bruna, table(first), "again.csv")
    assert "imported" in bruna.words
    assert '/import"' not in bruna.page.text
    await bring(bruna, table(first, f"{today},30,Ada,ada@example.org,,,EUR"))
    assert "Known already 1" in bruna.words
    await bruna.submit("/import")
    _lines, entries = await everything(database)
    assert [entry.cents for entry in entries] == [2_000, 3_000]
    assert len(before[1]) == 1


async def test_a_reference_counts_more_than_a_mail_and_two_holders_are_nobody(bruna, ada, database, today):
    riverside = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    async with database.transaction() as session:
        await session.execute(text("UPDATE organisations SET contact = 'Ada@Example.org'"))
    both = f"{reference_of(ada.holder_id)} {reference_of(riverside.holder_id)}"
    content = table(
        f"{today},1,A,ada@example.org,for {reference_of(riverside.holder_id)},,EUR",
        f"{today},2,A,ada@example.org,,,EUR",
        f"{today},3,A,,{both},,EUR",
    )
    await bring(bruna, content)
    assert "It could also be of: Ada Okafor" in bruna.words
    await bruna.submit("/import")
    lines, entries = await everything(database)
    assert [line.holder_id for line in lines] == [riverside.holder_id, None, None]
    assert [entry.cents for entry in entries] == [100]


async def test_an_address_that_an_organisation_only_names_takes_no_payment(bruna, ada, database, today):
    """Whoever writes a stranger's address into their organisation's profile would get what the stranger paid."""
    await a_person(database, "mallory@example.org")
    grabber = await an_organisation(database, "Grabbers", "consumer", mallory="admin")
    mails = "donor@example.org", "ada@example.org", "mallory@example.org"
    for mail, holder_id in zip(mails, (None, ada.holder_id, None), strict=True):
        async with database.transaction() as session:
            await session.execute(text("UPDATE organisations SET contact = :mail"), {"mail": mail})
        await bring(bruna, table(f"{today},600,Someone,{mail},,,EUR"))
        assert "Grabbers" in bruna.words, "it is said, as something to look at"
        await bruna.submit("/import")
        lines, _entries = await everything(database)
        assert lines[-1].holder_id == holder_id
    assert grabber.holder_id not in {entry.contributor_id for entry in (await everything(database))[1]}


@pytest.mark.slow
async def test_matching_by_hand_records_once_and_is_remembered_until_it_is_reversed(
    bruna, ada, database, today
):
    await bring(bruna, table(f"{today},120,A. Okafor,,,ES91,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open("/ledger/imports/unmatched")
    assert "A. Okafor" in bruna.words
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert "Recorded." in bruna.words
    _lines, [entry] = await everything(database)
    assert (entry.contributor_id, entry.import_line_id) == (ada.holder_id, line.id)
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    await bring(bruna, table(f"{today},7,Okafor,,,es 91,EUR"))
    assert "This payer was matched with them by hand before." in bruna.words
    await bruna.submit("/import")
    assert len((await everything(database))[1]) == 2
    grant_ids = frozenset({(await grants(database))[0]})
    await reversed_(database, entry, agreed=grant_ids)
    await bring(bruna, table(f"{today},8,Okafor,,,ES91,EUR"))
    assert "One is kept to be matched by hand." in bruna.words


async def grants(database):
    async with database.transaction() as session:
        return list(await session.scalars(text("SELECT id FROM grants")))


async def test_leaving_out_wants_a_reason_and_keeps_the_line(bruna, database, today):
    await bring(bruna, table(f"{today},5,A shop,,,,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{line.id}")
    await bruna.submit("/leave-out", why="")
    assert "Write a reason." in bruna.words
    await bruna.submit("/leave-out", why="Interest of the bank")
    [line], entries = await everything(database)
    assert (line.state, line.reason, entries) == ("left_out", "Interest of the bank", [])


async def test_another_currency_waits_for_a_rate_and_keeps_it(bruna, ada, database, today):
    await bring(bruna, table(f"{today},100,Ada,ada@example.org,,,CHF", f"{today},10,Bo,,,,CHF"))
    assert "Write what one unit of each currency is worth" in bruna.words
    await bruna.submit("/settings", rate_CHF="1,0537")
    await bruna.submit("/import")
    lines, [entry] = await everything(database)
    assert (entry.cents, entry.currency, entry.currency_cents, str(entry.rate)) == (
        10_537,
        "CHF",
        10_000,
        "1.05370000",
    )
    await bruna.open(f"/ledger/imports/lines/{lines[1].id}?search=okafor")
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert [one.cents for one in (await everything(database))[1]] == [10_537, 1_054]


async def test_the_mapping_is_remembered_by_the_names_of_the_columns(bruna, ada, database):
    day = clock.now().strftime("%d/%m/%Y")
    columns = "Wann;Wieviel;Wer;Wohin"
    await bring(bruna, table(f"{day};1,50;ada@example.org;x", columns=columns))
    assert "Say beside this which column" in bruna.words
    await bruna.submit("/settings", day="0", amount="1", email="1")
    assert "This column is not there, or it is something else already." in bruna.words
    await bruna.submit("/settings", day="0", amount="1", email="2", days="slashes", decimals="comma")
    assert "One payment is recorded" in bruna.words
    await bring(bruna, table(f"{day};2,50;ada@example.org;y", columns=columns), "june.csv")
    assert "One payment is recorded" in bruna.words


async def test_who_looked_at_an_older_way_of_reading_is_told(bruna, olu, ada, database, today):
    await bring(bruna, table(f"{today},5,Ada,ada@example.org,,,EUR"))
    await olu.open(bruna.page.url.path)
    await olu.submit("/settings", currency="")
    await bruna.submit("/import")
    assert "Someone else has changed how this file is read." in bruna.words
    assert (await everything(database))[1] == []
    await bruna.submit("/import")
    assert len((await everything(database))[1]) == 1


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


async def test_names_of_a_file_cannot_run_anything(bruna, database, today):
    await bring(bruna, table(f'{today},5,"=HYPERLINK(""http://x"")",,<b>bold</b>,,EUR'), "<script>.csv")
    assert "<b>bold" not in bruna.page.text
    await bruna.submit("/import")
    assert "<script>.csv" not in bruna.page.text
    file = (await bruna.client.get(bruna.page.url.path + "/lines.csv")).text
    assert "'=HYPERLINK" in file


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


async def test_a_file_that_was_only_looked_at_can_be_thrown_away(bruna, database, today):
    await bring(bruna, table(f"{today},5,A,,,,EUR"))
    await bruna.submit("/discard")
    assert "The file is gone" in bruna.words
    await bring(bruna, table(f"{today},5,A,,,,EUR"))
    await bruna.submit("/import")
    path = bruna.page.url.path
    await bruna.open("/ledger/imports")
    token = bruna.form("/ledger/imports").fields["form_token"]
    await bruna.client.post(f"{path}/discard", data={"form_token": token})
    assert len((await everything(database))[0]) == 1


async def test_one_s_reference_stands_on_one_s_page(at_ada_s, ada):
    await at_ada_s.open("/contributions")
    assert reference_of(ada.holder_id) in at_ada_s.words


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
