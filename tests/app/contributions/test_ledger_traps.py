"""What goes wrong in books by slips, and by those who try: nothing is counted twice, and whoever it costs is told."""

from urllib.parse import urljoin

import pytest
from sqlalchemy import select, update

from app import clock
from app.contributions.importing.by_file import ReadOtherwiseError, import_file
from app.contributions.importing.files import ImportedAlreadyError, find_file
from app.contributions.importing.references import reference_of
from app.contributions.jobs import ask_everyone
from app.contributions.models import GrantRule, ImportFile, LedgerEntry
from app.memberships.models import PolicyRow
from tests.app.contributions.books import (
    an_import,
    gift,
    grants_of,
    memberships_of,
    only_grant,
    pledge,
    recorded,
)
from tests.app.contributions.bringing import bring, table
from tests.factories import an_organisation


async def entries(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))


async def test_of_two_who_confirm_one_pledge_the_second_is_told_and_loses_nothing(bruna, olu, ada, database):
    promised = await recorded(database, pledge(ada.holder_id, 50_000))
    for person in (bruna, olu):
        await person.open(f"/ledger/new?contributor={ada.holder_id}&pledge={promised.id}")
    form = bruna.form("/ledger/new")
    url = urljoin(str(bruna.page.url), form.action)
    answers = [await bruna.client.post(url, data=form.fields | {"amount": "400"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], (
        "a double click is one entry and no quarrel"
    )
    await olu.submit("/ledger/new", note="The transfer of May")
    assert olu.page.status_code == 409
    assert "Someone else has recorded something for this pledge" in olu.words
    assert "Still open: €100.00." in olu.words
    assert "The transfer of May" in olu.page.text
    assert [entry.cents for entry in await entries(database)] == [50_000, 40_000]
    await olu.submit("/ledger/new", amount="100", left="9" * 30)
    assert olu.page.status_code == 422, "whatever a program sends"
    await olu.submit("/ledger/new", amount="100", left="10000")
    assert [entry.cents for entry in await entries(database)] == [50_000, 40_000, 10_000]


async def test_a_minute_that_is_worth_nothing_is_said_beside_its_field(bruna, ada, database):
    async with database.transaction() as session:
        await session.execute(update(PolicyRow).values(hour_cents=10))
    await bruna.open(f"/ledger/new?contributor={ada.holder_id}")
    assert (await bruna.submit("/ledger/new", what="hours", hours="0:01")).status_code == 422
    assert "its value in EUR is not possible" in bruna.words


@pytest.mark.slow
async def test_whoever_loses_a_membership_by_a_correction_is_told_why(bruna, ada, database):
    running = await recorded(database, gift(ada.holder_id, 12_000))
    coming = await recorded(database, gift(ada.holder_id, 12_000))
    await bruna.open(f"/ledger/entries/{coming.id}/correct")
    assert await bruna.mails("ada@example.org") == [], "asking what would fall tells nobody"
    await bruna.submit("/correct", why="The bank took it back")
    [mail] = await bruna.mails("ada@example.org")
    assert "“Session organiser” does not begin" in mail.subject
    assert "Reason: The bank took it back" in mail.text
    await bruna.open(f"/ledger/entries/{running.id}/correct")
    await bruna.submit("/correct", why="This one too")
    mail = (await bruna.mails("ada@example.org"))[-1]
    assert "The end of “Session organiser” is set anew" in mail.subject
    assert "Reason: This one too" in mail.text
    # What costs nobody a membership is not told.
    other = await recorded(database, gift(ada.holder_id, 100))
    await bruna.open(f"/ledger/entries/{other.id}/correct")
    await bruna.submit("/correct", why="A cent")
    assert len(await bruna.mails("ada@example.org")) == 2


async def test_a_bookkeeper_s_own_confirmation_waits_for_an_operator(bruna, bookkeeper, olu, database):
    """Who confirms contributions could confirm their own: the rules then grant nothing by themselves."""
    mine = bookkeeper.holder_id
    await bruna.open(f"/ledger/new?contributor={mine}")
    await bruna.submit("/ledger/new", amount="120")
    await ask_everyone(database)
    assert await grants_of(database, mine) == [("session-organiser", "proposed")]
    assert await memberships_of(database, mine) == []
    grant = await only_grant(database, mine)
    await olu.open(f"/ledger/grants/{grant.id}")
    assert "Whoever keeps the books can confirm contributions of their own." in olu.words
    await olu.submit("/accept")
    assert len(await memberships_of(database, mine)) == 1


async def test_nor_does_a_file_grant_a_bookkeeper_s_organisation_anything_by_itself(bruna, database):
    ours = await an_organisation(database, "Our own", "free", bruna="admin")
    async with database.transaction() as session:
        await session.execute(update(GrantRule).values(automatic=True, needs_commitment=False))
    day = clock.now().date()
    rows = [f"{day},600,Us,,{reference_of(ours.holder_id)},,EUR"]
    await bring(bruna, table(*rows))
    await bruna.submit("/import")
    assert {state for _tier, state in await grants_of(database, ours.holder_id)} == {"proposed"}


async def test_an_import_is_decided_by_what_the_file_is_under_the_lock(database):
    """Somebody else imports, or changes how it is read, between the look at the file and its lock."""
    number, _line = await an_import(database, imported=False)
    day = clock.now().date()
    async with database.transaction() as session:
        await find_file(session, number)
        async with database.transaction() as other:
            await other.execute(update(ImportFile).values(version=2))
        with pytest.raises(ReadOtherwiseError):
            await import_file(session, number, day, "Bruna", version=1)
    async with database.transaction() as session:
        await find_file(session, number)
        async with database.transaction() as other:
            await import_file(other, number, day, "Olu")
        with pytest.raises(ImportedAlreadyError):
            await import_file(session, number, day, "Bruna", version=2)
