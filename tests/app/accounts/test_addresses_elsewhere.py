"""Addresses at domains with letters of their own, and at those of a private network."""

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.accounts.service import find_by_email
from app.main import make_app
from tests.conftest import new_person
from tests.factories import a_person

PASSWORD = "a long walk by the river"
WAYS = ["jo@bücher.example", "jo@BÜCHER.example", "jo@xn--bcher-kva.example", "Jo@Bu\u0308cher.Example"]
OF_A_NETWORK = [
    "jo@mail.test",
    "jo@host.local",
    "jo@a.internal",
    "jo@host.lan",
    "jo@localhost",
    "jo@mailhost",
]


async def sign_up(person, email):
    await person.open("/sign-up")
    await person.submit("/sign-up", name="Jo Walker", email=email, password=PASSWORD)


async def people(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(User.email).order_by(User.id)))


@pytest.fixture
async def private_site(site, settings):
    """The same database, in a house of its own network."""
    app = make_app(settings.model_copy(update={"private_addresses": True}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.mark.slow
async def test_whoever_signs_up_at_a_domain_with_its_own_letters_gets_mail_and_in(site, database):
    async with new_person(site) as jo:
        await sign_up(jo, WAYS[0])
        assert await people(database) == ["jo@xn--bcher-kva.example"]
        assert "We have sent a mail to jo@bücher.example." in jo.words
        link = await jo.link_in_mail("jo@xn--bcher-kva.example")
        await jo.open(link.removeprefix("http://127.0.0.1:8000"))
        assert jo.page.status_code == 200
    for typed in WAYS:
        async with new_person(site) as jo:
            await jo.open("/sign-in")
            await jo.submit("/sign-in", email=typed, password=PASSWORD)
            assert "session" in jo.client.cookies, typed


@pytest.mark.parametrize("typed", WAYS)
async def test_another_way_to_write_it_is_no_second_account(site, someone, database, typed):
    await a_person(database, "jo@xn--bcher-kva.example")
    await sign_up(someone, typed)
    assert await people(database) == ["jo@xn--bcher-kva.example"]
    async with database.transaction() as session:
        assert (await find_by_email(session, typed)).email == "jo@xn--bcher-kva.example"


@pytest.mark.parametrize("typed", ["bücher.example", "jo@bücher", "jo@BÜCHER.example", "bcher-kva"])
async def test_operators_find_them_by_their_own_letters(site, olu, database, typed):
    await a_person(database, "jo@xn--bcher-kva.example", name="Jo Walker")
    await olu.open(f"/admin/people?search={typed}")
    assert "Jo Walker" in olu.words
    assert "xn--" not in olu.words


@pytest.mark.parametrize("typed", OF_A_NETWORK)
async def test_in_a_private_network_its_addresses_sign_up_and_get_mail(private_site, database, typed):
    async with new_person(private_site) as jo:
        await sign_up(jo, typed)
        assert await people(database) == [typed]
        assert len(await jo.mails(typed)) == 1


@pytest.mark.parametrize(
    "typed", ["jo@mail.test", "jo@host.local", "jo@localhost", "jo@mailhost", "jo@x.onion"]
)
async def test_elsewhere_they_are_told_that_no_mail_arrives_there(someone, database, typed):
    await sign_up(someone, typed)
    assert "No mail arrives at a domain like this one." in someone.words
    assert await people(database) == []


async def test_one_site_does_not_make_another_private(private_site, site, database):
    async with new_person(private_site) as jo:
        await sign_up(jo, "jo@host.local")
    async with new_person(site) as bea:
        await sign_up(bea, "bea@host.local")
    assert await people(database) == ["jo@host.local"]


async def test_letters_before_the_at_are_told_in_a_sentence_of_their_own(someone):
    await sign_up(someone, "jörg@example.org")
    assert "letters like é or ü before the @" in someone.words
