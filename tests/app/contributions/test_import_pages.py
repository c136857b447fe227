"""Importing as a bookkeeper does it: look, import once, and nothing is recorded twice or lost."""

from sqlalchemy import text

from app import clock
from app.contributions.importing import recording
from app.contributions.importing.references import reference_of
from app.contributions.jobs import ask_everyone
from tests.app.contributions.books import grants_of
from tests.app.contributions.bringing import bring, everything, table
from tests.factories import a_person, an_organisation


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


async def test_names_of_a_file_cannot_run_anything(bruna, database, today):
    await bring(bruna, table(f'{today},5,"=HYPERLINK(""http://x"")",,<b>bold</b>,,EUR'), "<script>.csv")
    assert "<b>bold" not in bruna.page.text
    await bruna.submit("/import")
    assert "<script>.csv" not in bruna.page.text
    file = (await bruna.client.get(bruna.page.url.path + "/lines.csv")).text
    assert "'=HYPERLINK" in file


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
