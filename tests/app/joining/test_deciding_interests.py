"""Operators accept or decline an expression of interest."""

import asyncio

from sqlalchemy import func, select

from app.contributions.models import LedgerEntry
from app.joining.models import Interest
from app.memberships.models import Holder
from app.organisations.models import Invitation, Organisation, OrganisationHost
from tests.app.joining.interested import SAID, accepted, expressed, rows
from tests.factories import a_person, an_organisation, signed_in


async def test_accepting_makes_the_organisation_its_admin_and_its_pledges(
    site, rosa, olu, move_clock, database
):
    producer = await an_organisation(database, "Commons Cloud", "co-producer")
    user = await a_person(database, "rosa@example.org", name="Rosa Vidal")
    await expressed(rosa, move_clock, custodian=str(producer.id), email="Rosa@example.org")
    [interest] = await rows(database)
    await accepted(olu, interest, tier="consumer", servers="120", other="80", answer="Welcome on board")
    assert "Accepted" in olu.words
    async with database.transaction() as session:
        made = await session.scalar(select(Organisation).where(Organisation.slug == "harbour-radio"))
        host = await session.get_one(OrganisationHost, (made.id, user.id))
        pledged = await session.execute(
            select(LedgerEntry.what, LedgerEntry.cents, LedgerEntry.minutes, LedgerEntry.counts_as)
            .where(
                LedgerEntry.contributor_id == made.holder_id, LedgerEntry.custodian_id == producer.holder_id
            )
            .order_by(LedgerEntry.id)
        )
        assert [tuple(row) for row in pledged] == [
            ("money", 50_000, None, "pledge"),
            ("hours", 50_000, 1200, "pledge"),
            ("server", 12_000, None, "pledge"),
            ("other", 8_000, None, "pledge"),
        ]
    assert (host.role, made.custodian_id, made.needs) == ("admin", producer.id, SAID["needs"])
    mail = (await rosa.mails("Rosa@example.org"))[-1]
    assert "Harbour Radio" in mail.subject
    assert "Welcome on board" in mail.text
    async with signed_in(site, user) as person:
        await person.open("/rooms")
        assert "Harbour Radio" in person.words


async def test_who_has_no_verified_account_is_invited_as_its_first_admin(rosa, olu, move_clock, database):
    # An account that was never verified is nobody's proof.
    user = await a_person(database, "rosa@example.org", verified=False)
    await expressed(rosa, move_clock)
    [interest] = await rows(database)
    await accepted(olu, interest, tier="", money="", hours="")
    assert await rows(database, LedgerEntry) == []
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OrganisationHost)) == 0
        [asked] = list(await session.scalars(select(Invitation)))
    assert (asked.email, asked.role) == ("rosa@example.org", "admin")
    _confirm, invited, told = await rosa.mails("rosa@example.org")
    assert "/invitations/" in invited.text
    assert "Another mail invites you" in told.text
    assert user.verified_at is None


async def test_a_taken_address_makes_nothing_and_keeps_what_was_typed(rosa, olu, move_clock, database):
    await an_organisation(database, "Harbour Radio", "consumer")
    await expressed(rosa, move_clock)
    [interest] = await rows(database)
    answer = await accepted(olu, interest, answer="A long word", is_here=None)
    assert answer.status_code == 422
    assert "Another organisation has this address." in olu.words
    assert "A long word" in olu.page.text
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Organisation)) == 1
        holders = select(func.count()).select_from(Holder).where(Holder.name == "Harbour Radio")
        assert await session.scalar(holders) == 1


async def test_an_application_of_an_organisation_that_is_here_is_accepted_into_it(
    rosa, olu, move_clock, database
):
    user = await a_person(database, "rosa@example.org")
    here = await an_organisation(database, "Harbour Radio", "consumer")
    await expressed(rosa, move_clock, name="HARBOUR radio")
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    assert "Harbour Radio is here already." in olu.words
    await olu.submit("/accept", tier="", answer="Welcome back")
    assert "Accepted." in olu.words
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Organisation)) == 1
        host = await session.get_one(OrganisationHost, (here.id, user.id))
        assert (await session.get_one(Interest, interest.id)).organisation_id == here.id
    assert host.role == "admin"
    assert {entry.contributor_id for entry in await rows(database, LedgerEntry)} == {here.holder_id}


async def test_an_organisation_that_is_not_here_cannot_be_accepted_into(rosa, olu, move_clock, database):
    await an_organisation(database, "Harbour Radio", "consumer")
    await expressed(rosa, move_clock)
    [interest] = await rows(database)
    answer = await accepted(olu, interest, address="harbour-radios")
    assert answer.status_code == 422
    assert "There’s no organisation with this address." in olu.words


async def test_two_operators_at_once_decide_once(rosa, olu, move_clock, database):
    await expressed(rosa, move_clock)
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    yes, no = olu.form("/accept"), olu.form("/decline")
    answers = await asyncio.gather(
        *(olu.client.post(yes.action, data=yes.fields) for _ in range(3)),
        olu.client.post(no.action, data=no.fields | {"answer": "No"}),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    late = await olu.client.post(no.action, data=no.fields | {"answer": "We are full until May."})
    assert "Someone else has decided about it meanwhile." in late.text
    assert "We are full until May.</textarea>" in late.text, "nothing typed is lost"
    told = [mail for mail in await rosa.mails("rosa@example.org") if "The operators have" in mail.text]
    assert len(told) == 1


async def test_an_operator_is_told_that_the_applicant_corrected_it(rosa, olu, move_clock, database):
    path = await expressed(rosa, move_clock)
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    await rosa.open(f"{path}/correct")
    await rosa.submit("/correct", needs="Much more than that")
    answer = await olu.submit("/decline", answer="Too small for us")
    assert answer.status_code == 409
    assert "Much more than that" in olu.words
    assert "Too small for us" in olu.page.text
    assert "Someone else changed this" in olu.words


async def test_declining_takes_a_word_and_is_final(rosa, olu, move_clock, database):
    path = await expressed(rosa, move_clock)
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    assert (await olu.submit("/decline")).status_code == 422
    await rosa.open(f"{path}/correct")
    correcting = rosa.form("/correct")
    await olu.submit("/decline", answer="We are full until May.")
    assert "We are full until May." in (await rosa.mails("rosa@example.org"))[-1].text
    await rosa.open(path)
    assert "We are full until May." in rosa.words
    assert (await rosa.open(f"{path}/correct")).status_code == 409
    answer = await rosa.client.post(f"{path}/correct", data=correcting.fields | {"needs": "Only two of us"})
    assert (answer.status_code, "Only two of us" in answer.text) == (409, True)
    assert "The operators have decided about it." in answer.text
    assert (await rosa.open(f"{path}/withdraw")).status_code == 200
