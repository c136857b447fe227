"""Whose a payment could be: what is suggested to whoever matches it by hand, and why."""

import pytest
from sqlalchemy import text

from app import clock
from app.contributions.importing.payments import Payment
from app.contributions.importing.references import hints_in, reference_of
from app.contributions.importing.suggestions import suggestions_for
from tests.app.contributions.books import gift, pledge, recorded
from tests.app.contributions.bringing import bring, everything, table
from tests.factories import a_person, an_organisation


@pytest.fixture
def ask(database):
    """What is suggested for a payment: names, with the first reason of each."""

    async def suggested(cents=777, **said):
        payment = Payment(1, "k", clock.now().date(), cents, **said)
        async with database.reading() as session:
            found = await suggestions_for(session, payment, cents)
        return [(one.name, str(one.reasons[0])) for one in found]

    return suggested


NAME, PART = "It’s their name.", "Part of the name is theirs."


@pytest.mark.parametrize(
    ("holder", "paid"),
    [
        ("Ada Okafor", "OKAFOR ADA"),
        ("Ada Okafor", "A. Okafor"),
        ("Jürgen Müller", "JUERGEN MUELLER"),
        ("Jürgen Müller", "Jurgen Muller"),
        ("Juergen Mueller", "Jürgen Müller"),
        ("José Núñez", "NUNEZ JOSE"),
        ("Łukasz Wójcik", "LUKASZ WOJCIK"),
        ("Søren Ørsted", "SOEREN OERSTED"),
        ("Weiß & Groß", "WEISS GROSS"),
        ("ÖKOHAUS e.V.", "Oekohaus eV"),
        ("Riverside Housing", "RIVERSIDE HOUSING GMBH"),
        ("Genossenschaft Musterhaus eG", "GENOSSENSCHAFT MUSTERH"),
    ],
)
async def test_a_name_is_found_as_banks_write_it(database, ask, holder, paid):
    await a_person(database, "one@example.org", name=holder)
    await a_person(database, "two@example.org", name="Wanda Fremd")
    assert await ask(payer_name=paid) == [(holder, NAME)]


async def test_a_part_of_the_name_is_said_to_be_one_and_comes_later(database, ask, ada):
    await a_person(database, "bo@example.org", name="Bo Okafor")
    assert await ask(payer_name="Ada Okafor") == [("Ada Okafor", NAME), ("Bo Okafor", PART)]


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda it: f"DANKE{it}FUER2027", "Their reference is on it."),
        (lambda it: f"{it}2027", "Their reference is on it."),
        (lambda it: " ".join(it.lower()), "Their reference is on it."),
        (lambda it: f"{it[:4]}-{it[4:6]}-{it[6:]}", "Their reference is on it."),
        (lambda it: f"{it[:5]}\n{it[5:]}", "Their reference is on it."),
        (lambda it: it[:-1], "Their reference could be on it, cut off or with a slip in it."),
        (lambda it: it[4:], "Their reference could be on it, cut off or with a slip in it."),
        (lambda it: f"RF00{it[4:]}", "Their reference could be on it, cut off or with a slip in it."),
    ],
    ids=["glued", "with a year", "spaced", "hyphens", "broken", "cut", "without RF", "a wrong check"],
)
async def test_a_reference_is_found_however_it_came(database, ask, ada, write, reason):
    async with database.transaction() as session:
        # A number of several figures, as in a house that is some years old.
        await session.execute(text("ALTER SEQUENCE holders_id_seq RESTART WITH 4711"))
    one = await a_person(database, "one@example.org", name="Nina Eins")
    assert ("Nina Eins", reason) in await ask(reference=write(reference_of(one.holder_id)))


def test_numbers_of_no_reference_give_no_hint():
    hints = hints_in("Invoice 4711, BURGH12, RF, GH, RFGH, RF12, GH 0042")
    assert (hints.sure, hints.maybe, hints.cut) == (set(), set(), [])


async def test_a_mail_address_in_the_message_is_found(database, ask, ada):
    await an_organisation(database, "Riverside Housing", "consumer")
    async with database.transaction() as session:
        await session.execute(text("UPDATE organisations SET contact = 'hall@riverside.example'"))
    assert await ask(reference="from ADA@example.org, thanks") == [
        ("Ada Okafor", "Their email address is on it.")
    ]
    assert await ask(payer_email="hall@riverside.example") == [
        ("Riverside Housing", "Their email address is on it.")
    ]


async def test_a_sum_that_was_pledged_or_is_due_comes_after_a_name(database, ask, ada):
    bo = await a_person(database, "bo@example.org", name="Bo Berg")
    await recorded(database, pledge(bo.holder_id, 12_345))
    part = await recorded(database, pledge(ada.holder_id, 20_000))
    await recorded(database, gift(ada.holder_id, 7_655, confirms_id=part.id))
    riverside = await an_organisation(database, "Riverside Housing", "consumer")
    found = await ask(12_345, payer_name="Ada Okafor")
    assert found == [("Ada Okafor", NAME), ("Bo Berg", "They pledged just this sum.")]
    async with database.transaction() as session:
        agreed = "UPDATE memberships SET cents = 50000 WHERE holder_id = :holder"
        await session.execute(text(agreed), {"holder": riverside.holder_id})
    await recorded(database, gift(riverside.holder_id, 20_000))
    due = [("Riverside Housing", "It’s the price of their membership, or what’s left of it.")]
    assert await ask(30_000) == due, "what is left of it"
    assert await ask(50_000) == due, "the price of it"
    await recorded(database, gift(riverside.holder_id, 30_000))
    assert await ask(50_000) == [], "nothing is due any more"


async def test_what_was_matched_by_hand_before_is_suggested(bruna, ada, database, ask, today):
    await bring(bruna, table(f"{today},5,Wanda Fremd,,,DE02,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=okafor")
    assert "The payment is under another name." in bruna.words, "it is said before it is recorded"
    await bruna.submit("/match", holder=str(ada.holder_id))
    assert await ask(payer_key="payer:DE02", payer_name="Bo") == [
        ("Ada Okafor", "This account was matched with them before.")
    ]
    await a_person(database, "bo@example.org", name="Bo Berg")
    names = [name for name, _reason in await ask(payer_key="payer:DE02", payer_name="Bo Berg")]
    assert names == ["Bo Berg", "Ada Okafor"], "under another name than before, the name counts more"
    assert await ask(payer_name="WANDA fremd") == [("Ada Okafor", "This name was matched with them before.")]


async def test_whoever_has_left_is_not_suggested(database, ask, ada):
    mine = reference_of(ada.holder_id)
    async with database.transaction() as session:
        await session.execute(text("UPDATE holders SET name = '' WHERE id = :id"), {"id": ada.holder_id})
    assert await ask(payer_name="Ada Okafor", reference=f"{mine} ada@example.org") == []


async def test_the_page_shows_them_ranked_with_why_and_searching_is_still_there(bruna, ada, database, today):
    await a_person(database, "bo@example.org", name="Bo Okafor")
    await bring(bruna, table(f"{today},5,Okafor Ada,,,,EUR"))
    await bruna.submit("/import")
    [line], _none = await everything(database)
    await bruna.open(f"/ledger/imports/lines/{line.id}")
    said = bruna.words
    assert said.index("Ada Okafor") < said.index("Bo Okafor")
    assert NAME in said
    assert "It is theirs all the same" in said
    await bruna.open(f"/ledger/imports/lines/{line.id}?search=keller")
    assert "Bruna Keller" in bruna.words
