"""Where an organisation is the only way in, no other door opens, and none tells who has an account."""

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.accounts import passwords
from app.accounts.links import ResetLink, VerifyLink, fragment_of
from app.accounts.models import User
from app.mail import OutgoingMail
from app.organisations.models import Invitation, SignInProvider
from tests.app.accounts.conftest import PASSWORD, cheap_hashes  # noqa: F401  a fixture for all tests here
from tests.app.organisations.providers import through
from tests.conftest import new_person
from tests.factories import a_person, signed_in

ELSEWHERE = "People with such an address sign in through Riverside Housing."


@pytest.fixture
async def dov(database):
    """Someone of Riverside who had an account before, with a password."""
    return await with_password(database, "dov@riverside.example")


async def with_password(database, email, **columns) -> User:
    user = await a_person(database, email, **columns)
    hashed = await passwords.hash_password(PASSWORD)
    async with database.transaction() as session:
        (await session.get_one(User, user.id)).password_hash = hashed
    return user


async def mails(database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(OutgoingMail))


async def sign_in(person, email, password=PASSWORD) -> None:
    await person.open("/sign-in?next=/account")
    await person.submit("/sign-in", email=email, password=password)


async def test_a_password_is_refused_with_the_way_there_whoever_it_is(site, database, dov, required):
    shown = []
    for email, password in (
        (dov.email, PASSWORD),
        ("DOV@Riverside.Example", PASSWORD),
        (dov.email, "wrong"),
        ("nobody@riverside.example", PASSWORD),
        (dov.email, ""),
    ):
        async with new_person(site) as person:
            await sign_in(person, email, password)
            assert "session" not in person.client.cookies
            assert ELSEWHERE in person.words
            assert "/sign-in/with/riverside-housing?next=/account" in person.page.text
            shown.append((person.page.status_code, person.words))
    assert len(set(shown)) == 1


async def test_other_domains_keep_their_passwords_and_so_does_everyone_while_it_is_not_required(
    site, database, dov, signs_in
):
    for email in (dov.email, (await with_password(database, "dov@notriverside.example")).email):
        async with new_person(site) as person:
            await sign_in(person, email)
            assert email in person.page.text
    async with new_person(site) as person:
        await sign_in(person, dov.email, "")
        assert ELSEWHERE in person.words


async def test_no_mail_and_no_form_opens_it_either(site, database, dov, required, settings):
    for email in (dov.email, "nobody@riverside.example"):
        async with new_person(site) as person:
            await person.open("/forgotten-password")
            await person.submit("/forgotten-password", email=email)
            assert ELSEWHERE in person.words
            await person.open("/sign-up")
            await person.submit("/sign-up", name="D", email=email, password="a kettle full of rain")
            assert ELSEWHERE in person.words
    assert await mails(database) == 0
    reset = await reset_link(database, settings, dov)
    new = await a_person(database, "new@riverside.example", verified=False)
    verify = VerifyLink(new.id, new.email).sign(settings)
    async with new_person(site) as person:
        await person.open(f"/new-password/{reset}")
        assert ELSEWHERE in person.words
        await person.open(f"/verify/{verify}")
        await person.submit("/verify", password="whatever it was")
        assert ELSEWHERE in person.words
        assert "session" not in person.client.cookies
    assert (await fresh(database, new)).verified_at is None


async def reset_link(database, settings, user) -> str:
    now = int(clock.now().timestamp())
    return ResetLink(user.id, fragment_of(settings, await fresh(database, user)), now).sign(settings)


async def fresh(database, user) -> User:
    async with database.transaction() as session:
        return await session.get_one(User, user.id)


async def test_a_link_from_before_sets_no_password(site, database, dov, signs_in, settings):
    reset = await reset_link(database, settings, dov)
    async with new_person(site) as person:
        await person.open(f"/new-password/{reset}")
        async with database.transaction() as session:
            await session.execute(update(SignInProvider).values(required=True))
        await person.submit("/new-password", new_password="a kettle full of rain")
        assert ELSEWHERE in person.words
        assert "session" not in person.client.cookies


async def test_an_invitation_leads_through_the_provider_and_back(
    site, at_ada_s, database, required, provider
):
    await at_ada_s.open("/organisations/riverside-housing/invitations")
    await at_ada_s.submit("/invitations", emails="dov@riverside.example", role="host")
    await at_ada_s.submit("/send")
    async with database.transaction() as session:
        mail = await session.scalar(select(OutgoingMail))
        invitation = await session.scalar(select(Invitation))
    path = next(word for word in mail.text.split() if "/invitations/" in word).removeprefix(
        "http://127.0.0.1:8000"
    )
    async with new_person(site) as person:
        await person.open(path)
        assert (
            "Riverside Housing signs in everyone with an address like dov@riverside.example" in person.words
        )
        token = person.form("/language").fields["form_token"]
        typed = {"form_token": token, "name": "D", "password": "a kettle full of rain"}
        answer = await person.client.post(f"{path}/sign-up", data=typed)
        assert answer.status_code == 403
        await through(person)
        assert "Welcome. You host for Riverside Housing now." in person.words
    assert invitation.accepted_at is None
    async with database.transaction() as session:
        assert (await session.get_one(Invitation, invitation.id)).accepted_at is not None


async def test_who_is_signed_in_stays_so_and_keeps_address_and_tokens(site, database, dov, required):
    other = await with_password(database, "eve@example.org")
    async with signed_in(site, dov) as person:
        await person.open("/account/tokens")
        await person.submit("/tokens", name="A script")
        assert "gh_" in person.page.text
        told_of_the_token = await mails(database)
        await person.open("/account/email")
        await person.submit("/email", email="dov@private.example", password=PASSWORD)
        assert "Such an address stays with its account." in person.words
    async with signed_in(site, other) as person:
        await person.open("/account/email")
        await person.submit("/email", email="eve@riverside.example", password=PASSWORD)
        assert "Such an address stays with its account." in person.words
    assert await mails(database) == told_of_the_token == 1


async def test_who_looks_after_the_site_comes_in_by_password_whatever_happens(site, database, required):
    olu = await with_password(database, "olu@riverside.example", is_operator=True)
    async with new_person(site) as person:
        await sign_in(person, olu.email, "wrong")
        assert ELSEWHERE in person.words
        await person.open("/forgotten-password")
        await person.submit("/forgotten-password", email=olu.email)
        # The page is the same as for everyone there; the mail is not.
        assert ELSEWHERE in person.words
        assert await mails(database) == 1
        await sign_in(person, olu.email)
        assert olu.email in person.page.text


async def test_the_domain_says_which_organisation_and_nothing_else(someone, database, required):
    await someone.open("/sign-in?next=/account")
    assert "/sign-in/through?next=/account" in someone.page.text
    await someone.open("/sign-in/through?next=/account")
    await someone.submit("/sign-in/through", email="nobody@example.org")
    assert "No organisation signs in the people of this domain." in someone.words
    await someone.submit("/sign-in/through", email="nobody@riverside.example")
    assert ELSEWHERE in someone.words
    assert "/sign-in/with/riverside-housing?next=/account" in someone.page.text
