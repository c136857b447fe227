"""People sign in through their organisation's provider: whose account is opened, made or linked."""

import asyncio

import psycopg
from sqlalchemy import func, select, update

from app.accounts import sessions
from app.accounts.models import BrowserSession, User
from app.organisations.models import ExternalIdentity, SignInProvider
from tests.app.organisations.providers import (
    HERE,
    at_provider,
    begin,
    come_back,
    host_of,
    one_more,
    through,
)
from tests.conftest import new_person
from tests.factories import a_person, an_organisation, signed_in
from tests.openid_provider import signed


async def test_someone_new_gets_an_account_and_a_seat_and_comes_back_where_they_were(
    someone, database, riverside, signs_in
):
    await through(someone, next="/account")
    assert "Welcome. You host for Riverside Housing now." in someone.words
    assert someone.page.url.path == "/account"
    assert (await host_of(database, riverside, "dov@riverside.example")).role == "host"
    async with database.transaction() as session:
        dov = await session.scalar(select(User).where(User.email == "dov@riverside.example"))
    assert (dov.name, dov.password_hash) == ("Dov Halevi", "")
    assert dov.verified_at is not None
    assert (dov.is_operator, dov.is_bookkeeper) == (False, False)


async def test_nobody_is_led_to_another_site_afterwards(someone, signs_in):
    await through(someone, next="https://evil.example/rooms")
    assert someone.page.url.host == "127.0.0.1"


async def test_two_windows_of_one_person_make_one_account(site, database, signs_in):
    await asyncio.gather(*(one_more(site) for _ in range(3)))
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).where(User.email == "dov@riverside.example")) == 1
        assert await session.scalar(select(func.count()).select_from(ExternalIdentity)) == 1


async def test_an_account_of_the_same_address_is_linked_and_keeps_its_password(
    someone, site, database, signs_in, provider
):
    dov = await a_person(database, "Dov@riverside.example", name="Dov, as he wrote it")
    await through(someone)
    assert "Dov, as he wrote it" in someone.words
    async with database.transaction() as session:
        assert (await session.get_one(User, dov.id)).password_hash == dov.password_hash
    # From then on the subject counts, also when the address there is another one.
    provider.person["email"] = "dov.halevi@riverside.example"
    async with new_person(site) as again:
        await through(again)
        assert "Dov, as he wrote it" in again.words


async def test_an_account_that_somebody_else_may_have_made_is_its_owners_alone(
    someone, site, database, signs_in
):
    squatter = await a_person(database, "dov@riverside.example", verified=False)
    async with database.transaction() as session:
        token = await sessions.open_session(session, squatter.id, "")
    await through(someone)
    async with database.transaction() as session:
        found = await session.get_one(User, squatter.id)
        assert (found.password_hash, found.verified_at is not None) == ("", True)
        assert await sessions.find(session, token) is None


async def test_an_address_that_is_given_to_somebody_else_does_not_open_the_account(
    site, someone, signs_in, provider
):
    await one_more(site)
    provider.person["sub"] = "another dov"
    await through(someone)
    assert someone.page.status_code == 403
    assert "This account is somebody else’s there" in someone.words


async def test_who_looks_after_the_site_is_not_let_in_by_an_organisation(site, database, signs_in, provider):
    for number, role in enumerate(("is_operator", "is_bookkeeper")):
        provider.person |= {"sub": role, "email": f"olu{number}@riverside.example"}
        await a_person(database, f"olu{number}@riverside.example", **{role: True})
        async with new_person(site) as person:
            await through(person)
            assert "Sign in with your password" in person.words
            assert "session" not in person.client.cookies
    # Nor when they were linked before.
    provider.person |= {"sub": "dov", "email": "dov@riverside.example"}
    await one_more(site)
    async with database.transaction() as session:
        await session.execute(update(User).values(is_operator=True))
    async with new_person(site) as person:
        await through(person)
        assert "session" not in person.client.cookies


async def test_someone_with_another_address_signs_in_first_and_links_by_hand(
    site, database, riverside, signs_in
):
    private = await a_person(database, "dov@private.example", name="Dov at home")
    async with signed_in(site, private) as person:
        await through(person)
        assert "Here you are signed in as Dov at home (dov@private.example)." in person.words
        assert await host_of(database, riverside, "dov@private.example") is None
        signed = person.form("/link").fields["link"]
        await person.submit("/link")
        assert "Linked. Riverside Housing signs you in now." in person.words
    assert (await host_of(database, riverside, "dov@private.example")).role == "host"
    async with new_person(site) as later:
        await through(later)
        await later.open("/account")
        assert "dov@private.example" in later.words
    # What was signed for one account links no other.
    eve = await a_person(database, "eve@private.example")
    async with signed_in(site, eve) as person:
        await person.open("/")
        token = person.form("/language").fields["form_token"]
        answer = await person.client.post(
            "/sign-in/with/riverside-housing/link", data={"form_token": token, "link": signed}
        )
        assert answer.status_code == 403
        assert "finished already" in answer.text


async def test_what_a_provider_said_is_not_believed_of_the_one_that_was_saved_since(
    site, database, riverside, signs_in
):
    private = await a_person(database, "dov@private.example", name="Dov at home")
    async with signed_in(site, private) as person:
        await through(person)
        async with database.transaction() as session:
            await session.execute(update(SignInProvider).values(version=SignInProvider.version + 1))
        await person.submit("/link")
        assert "finished already" in person.words
    assert await host_of(database, riverside, "dov@private.example") is None


async def test_a_provider_that_is_saved_while_it_answers_signs_nobody_in(
    someone, database_url, riverside, signs_in, provider
):
    def answer(claims):
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE sign_in_providers SET version = version + 1")
        return signed(claims)

    provider.sign = answer
    await through(someone)
    assert "finished already" in someone.words
    assert "session" not in someone.client.cookies


async def test_a_banned_account_stays_closed(someone, database, signs_in):
    await a_person(database, "dov@riverside.example", banned_at=signs_in and (await now(database)))
    await through(someone)
    assert "This account is closed" in someone.words


async def now(database):
    async with database.transaction() as session:
        return await session.scalar(select(func.now()))


async def test_who_comes_from_another_site_is_asked_before_they_leave(someone, signs_in, provider):
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}):
        answer = await someone.client.get("/sign-in/with/riverside-housing", headers=headers)
        assert answer.status_code == 200
        assert "You go to the sign-in of your organisation" in answer.text
    assert not provider.asked


async def test_more_is_asked_for_where_the_token_does_not_say_the_address(someone, signs_in, provider):
    provider.twist = {"email": None, "email_verified": None}
    provider.userinfo = {"sub": "dov", "email": "dov@riverside.example", "email_verified": True, "name": "X"}
    await through(someone)
    assert "Welcome." in someone.words
    async with new_person(someone.site) as other:
        provider.userinfo["sub"] = "somebody else"
        await through(other)
        assert "is not valid" in other.words


async def test_an_account_without_a_password_is_deleted_after_signing_in_anew(
    someone, database, signs_in, move_clock
):
    await through(someone)
    await move_clock(minutes=11)
    await someone.open("/account/delete")
    assert "Your password" not in someone.words
    await someone.submit("/delete", word="delete")
    assert "sign in through your organisation again" in someone.words
    await someone.client.get("/sign-in/with/riverside-housing", headers=HERE)
    await come_back(someone, await at_provider(await begin(someone)))
    await someone.open("/account/delete")
    await someone.submit("/delete", word="delete")
    assert "Your account is deleted." in someone.words
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(BrowserSession)) == 0


async def test_what_is_known_of_a_person_there_is_in_their_export(someone, signs_in):
    await through(someone)
    data = (await someone.client.get("/account/data.json")).json()
    assert [one["organisation"] for one in data["signed_in_through"]] == ["Riverside Housing"]


async def test_one_provider_says_nothing_about_the_hosts_of_another(site, database, settings, signs_in):
    other = await an_organisation(database, "Allotments", "consumer")
    async with new_person(site) as person:
        answer = await person.client.get(f"/sign-in/with/{other.slug}", headers=HERE)
        assert answer.status_code == 404
