"""Signing up."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from app.accounts import passwords
from app.accounts.service import AddressTakenError, create_account
from app.mail import OutgoingMail
from app.memberships.models import Holder, HolderKind
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    make_user,
    only_user,
    sign_in,
    sign_up,
)
from tests.browser import Person
from tests.conftest import new_person


async def test_signing_up_makes_an_unverified_account_with_a_holder_and_signs_nobody_in(someone, database):
    await sign_up(someone, time_zone="Europe/Madrid")
    assert "Look into your mail" in someone.words
    assert ADA in someone.words
    user = await only_user(database)
    assert (user.name, user.email, user.time_zone, user.language) == ("Ada", ADA, "Europe/Madrid", "en")
    assert user.verified_at is None
    assert not user.is_operator
    async with database.transaction() as session:
        holder = await session.get_one(Holder, user.holder_id)
    assert (holder.kind, holder.name) == (HolderKind.PERSON, "Ada")
    assert not await is_signed_in(someone)


async def test_the_password_is_kept_as_an_argon2_hash_only(someone, database):
    await sign_up(someone)
    assert (await only_user(database)).password_hash.startswith("$argon2id$")


async def test_the_language_of_the_browser_becomes_the_language_of_the_account_and_its_mail(site, database):
    async with new_person(site, **{"accept-language": "ca-ES,ca;q=0.9,en;q=0.5"}) as person:
        await sign_up(person)
    assert (await only_user(database)).language == "ca"


async def test_a_known_address_gets_the_same_page_and_as_many_mails_as_a_new_one(site, database):
    await make_user(database)
    seen = {}
    for email in (ADA, "new@example.org"):
        async with new_person(site) as person:
            before = len(await person.mails(email))
            answer = await sign_up(person, email)
            seen[email] = (
                answer.status_code,
                answer.url.path,
                person.words.replace(email, "…"),
                {name for name in answer.headers if name != "set-cookie"},
                len(await person.mails(email)) - before,
                sorted(person.client.cookies),
            )
    assert seen[ADA] == seen["new@example.org"]


async def test_the_owner_of_a_known_address_is_told_that_they_have_an_account(someone, ada):
    del ada
    await sign_up(someone, ADA.upper(), password=OTHER_PASSWORD)
    mail = (await someone.mails(ADA))[-1]
    assert "You already have an account" in mail.subject
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_a_password_is_hashed_for_a_known_address_too(someone, ada, monkeypatch):
    del ada
    hashed = []
    real = passwords.hash_password

    async def watched(password: str) -> str:
        hashed.append(password)
        return await real(password)

    monkeypatch.setattr(passwords, "hash_password", watched)
    await sign_up(someone)
    assert hashed == [PASSWORD]


async def test_no_mail_that_a_stranger_causes_carries_words_of_the_stranger(someone):
    await sign_up(someone, name="Win money at example.com")
    mail = (await someone.mails(ADA))[-1]
    assert "Win money" not in mail.subject + mail.text + mail.html


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Fill this in."),
        ("name", "a" * 81, "This is too long"),
        ("name", "Ada\u202e", "invisible character"),
        ("email", "ada", "This is not an e-mail address"),
        ("email", "ada@", "This is not an e-mail address"),
        # Python's mail library would read it as words of another alphabet, line ends and all.
        ("email", "=?utf-8?q?x=0aBcc=3A_eve?=@example.org", "This is not an e-mail address"),
        ("email", "ada@example.org, b@example.org", "This is not an e-mail address"),
        ("time_zone", "Europe/Nowhere", "no such time zone"),
        ("password", "short", "at least 10 characters"),
        ("password", "Password1234", "tried first"),
        ("password", "1234567890", "tried first"),
        ("password", "aaaaaaaaaaaa", "tried first"),
        ("password", "p" + "x9!z" * 50, "too long"),
        ("password", "ada@example.org", "your name or your address"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(someone, field, value, sentence):
    await sign_up(someone, **{field: value})
    assert someone.page.status_code == 422
    assert sentence in someone.words
    form = someone.form("/sign-up")
    kept = {"name": "Ada", "email": ADA, "time_zone": "UTC"} | ({field: value} if field == "email" else {})
    for name in {"name", "email"} - {field}:
        assert form.fields[name] == kept[name]
    assert form.fields["password"] == ""
    assert await someone.mails(ADA) == []


async def test_an_address_with_an_international_domain_is_kept_as_mail_servers_write_it(someone, database):
    await sign_up(someone, "ada@bücher.example")
    assert (await only_user(database)).email == "ada@xn--bcher-kva.example"


@pytest.mark.slow
async def test_20_sign_ups_at_once_with_one_address_make_one_account(site, database):
    async def one(number: int) -> int:
        transport = httpx.ASGITransport(app=site, client=(f"10.0.0.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return (await sign_up(Person(client, site))).status_code

    statuses = await asyncio.gather(*(one(number) for number in range(20)))
    # All are told the same; five mails an hour go to one address, and each of them opens the account.
    assert statuses == [200] * 20
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OutgoingMail)) == 5
    assert (await only_user(database)).email == ADA
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Holder)) == 1


async def test_20_accounts_created_at_once_with_one_address_are_one(database):
    async def one(number: int) -> bool:
        try:
            async with database.transaction() as session:
                await create_account(
                    session, email=ADA if number % 2 else ADA.upper(), name="Ada", password_hash="x"
                )
        except AddressTakenError:
            return False
        return True

    assert sum(await asyncio.gather(*(one(number) for number in range(20)))) == 1
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Holder)) == 1


@pytest.mark.slow
async def test_a_school_signs_up_within_an_hour_and_a_machine_waits(someone, move_clock):
    for number in range(120):
        await sign_up(someone, f"person{number}@example.org")
        assert someone.page.status_code == 200
    await sign_up(someone, "one-more@example.org")
    assert someone.page.status_code == 429
    assert int(someone.page.headers["retry-after"]) <= 3600
    assert someone.form("/sign-up").fields["email"] == "one-more@example.org"
    await move_clock(hours=1)
    await sign_up(someone, "one-more@example.org")
    assert someone.page.status_code == 200


async def test_someone_who_is_signed_in_is_sent_home_from_the_sign_up_page(her):
    page = await her.open("/sign-up", follow=False)
    assert page.headers["location"] == str(her.site.url_path_for("home.dashboard"))
