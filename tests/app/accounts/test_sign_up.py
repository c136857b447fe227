"""Signing up and verifying the address."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from app.accounts import passwords
from app.accounts.models import User
from app.accounts.service import AddressTakenError, ban, create_account
from app.memberships.models import Holder, HolderKind
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, is_signed_in, make_user, sign_in
from tests.browser import Person
from tests.conftest import new_person


async def sign_up(
    person: Person, email: str = ADA, password: str = PASSWORD, **fields: str
) -> httpx.Response:
    await person.open("/sign-up")
    return await person.submit("/sign-up", **{"name": "Ada", "email": email, "password": password, **fields})


async def only_user(database) -> User:
    async with database.transaction() as session:
        return (await session.scalars(select(User))).one()


async def verify(person: Person, email: str = ADA) -> None:
    await person.open(await person.link_in_mail(email))
    await person.submit("/verify/")


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


async def test_opening_the_link_changes_nothing_until_the_button_is_pressed(someone, database):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    for _ in range(3):
        await someone.open(link)
        assert someone.page.status_code == 200
    assert (await only_user(database)).verified_at is None
    await someone.submit("/verify/")
    assert (await only_user(database)).verified_at is not None
    assert await is_signed_in(someone)


async def test_verifying_leads_to_the_dashboard_and_says_so(someone):
    await sign_up(someone)
    await someone.open(await someone.link_in_mail(ADA))
    answer = await someone.submit("/verify/", follow=False)
    assert answer.headers["location"] == str(someone.site.url_path_for("home.dashboard"))


async def test_a_link_that_verified_once_signs_nobody_in_again(site, someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    await verify(someone)
    async with new_person(site) as thief:
        await thief.open(link)
        assert "already verified" in thief.words
        assert not await is_signed_in(thief)


async def test_a_link_pressed_on_a_page_that_was_open_in_two_browsers_works_once(site, someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    async with new_person(site) as other:
        await other.open(link)
        await verify(someone)
        await other.submit("/verify/")
        assert "already verified" in other.words
        assert not await is_signed_in(other)


async def test_a_verification_link_is_over_after_three_days(someone, move_clock):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    await move_clock(days=2, hours=23)
    assert (await someone.open(link)).status_code == 200
    await move_clock(hours=2)
    await someone.open(link)
    assert someone.page.status_code == 410
    assert "no longer works" in someone.words


async def test_a_forged_verification_link_is_refused(someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    for forged in (link[:-3] + "abc", "/verify/x", "/verify/" + "a.b.c"):
        assert (await someone.open(forged)).status_code == 410


async def test_a_link_for_setting_a_password_does_not_verify_and_the_other_way_round(someone):
    await sign_up(someone)
    token = (await someone.link_in_mail(ADA)).rpartition("/")[2]
    assert (await someone.open(f"/new-password/{token}")).status_code == 410
    assert (await someone.open(f"/account/email/{token}")).status_code == 410


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


async def test_whoever_signed_up_first_with_someone_elses_address_loses_the_account_to_its_owner(
    site, someone
):
    async with new_person(site) as squatter:
        await sign_up(squatter, password=OTHER_PASSWORD)
        await sign_in(squatter, password=OTHER_PASSWORD)
        assert await is_signed_in(squatter)
        await sign_up(someone)
        await someone.open(await someone.link_in_mail(ADA))
        await someone.submit("/new-password/", new_password=PASSWORD)
        assert await is_signed_in(someone)
        assert not await is_signed_in(squatter)
        await sign_in(squatter, password=OTHER_PASSWORD)
        assert not await is_signed_in(squatter)


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


async def test_20_sign_ups_at_once_with_one_address_make_one_account(site, database):
    async def one(number: int) -> int:
        transport = httpx.ASGITransport(app=site, client=(f"10.0.0.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return (await sign_up(Person(client, site))).status_code

    statuses = await asyncio.gather(*(one(number) for number in range(20)))
    assert sorted(statuses) == [200] * 5 + [429] * 15  # five mails an hour to one address
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


async def test_more_than_30_sign_ups_an_hour_from_one_network_address_wait(someone, move_clock):
    for number in range(30):
        await sign_up(someone, f"person{number}@example.org")
        assert someone.page.status_code == 200
    await sign_up(someone, "one-more@example.org")
    assert someone.page.status_code == 429
    assert int(someone.page.headers["retry-after"]) <= 3600
    assert someone.form("/sign-up").fields["email"] == "one-more@example.org"
    await move_clock(hours=1)
    await sign_up(someone, "one-more@example.org")
    assert someone.page.status_code == 200


async def test_the_mail_can_be_sent_again_five_times_an_hour(someone):
    await sign_up(someone)
    for _ in range(4):
        await someone.submit("/verify")
        assert "Look into your mail" in someone.words
    assert len(await someone.mails(ADA)) == 5
    await someone.submit("/verify")
    assert someone.page.status_code == 429
    assert len(await someone.mails(ADA)) == 5
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/verify/")
    assert await is_signed_in(someone)


async def test_sending_again_looks_the_same_for_an_address_that_has_a_verified_account(someone, ada):
    del ada
    await sign_up(someone)
    await someone.submit("/verify")
    assert "Look into your mail" in someone.words
    assert [mail.subject.split(" on ")[0] for mail in await someone.mails(ADA)] == [
        "You already have an account"
    ] * 2


async def test_sending_again_does_not_help_a_squatter_whose_account_waits_for_the_owner(
    site, someone, database
):
    async with new_person(site) as squatter:
        await sign_up(squatter, password=OTHER_PASSWORD)
    await sign_up(someone)
    await someone.submit("/verify")
    assert ["/verify/" in mail.text for mail in await someone.mails(ADA)] == [True, False, False]
    assert (await only_user(database)).verified_at is None


async def test_after_a_forgotten_password_sending_again_sends_that_mail_again(someone, ada):
    del ada
    await someone.open("/forgotten-password")
    await someone.submit("/forgotten-password", email=ADA)
    await someone.submit("/verify")
    assert len({mail.subject for mail in await someone.mails(ADA)}) == 1
    assert len(await someone.mails(ADA)) == 2


async def test_without_an_address_there_is_nothing_to_send_again(someone):
    await someone.open("/sign-in")
    token = someone.form("/sign-in").fields["form_token"]
    answer = await someone.client.post("/verify", data={"form_token": token})
    assert answer.headers["location"] == "/sign-in"


async def test_someone_unverified_can_sign_in_and_is_reminded_on_their_account_page(someone):
    await sign_up(someone)
    await sign_in(someone)
    await someone.open("/account")
    assert "not verified yet" in someone.words
    await someone.submit("/verify")
    assert len(await someone.mails(ADA)) == 2


async def test_an_unverified_account_cannot_make_api_tokens_and_is_told_why(someone):
    await sign_up(someone)
    await sign_in(someone)
    await someone.open("/account/tokens")
    assert "Make a token" not in someone.words
    token = someone.form("/verify").fields["form_token"]
    page = await someone.client.post("/account/tokens", data={"form_token": token, "name": "x"})
    assert page.status_code == 403
    assert "Verify your e-mail address first" in page.text


async def test_someone_who_is_signed_in_is_sent_home_from_the_sign_up_page(her):
    page = await her.open("/sign-up", follow=False)
    assert page.headers["location"] == str(her.site.url_path_for("home.dashboard"))


async def test_a_banned_account_is_not_opened_by_its_verification_link(someone, database):
    await sign_up(someone)
    user = await only_user(database)
    async with database.transaction() as session:
        await ban(session, user.id, "spam")
    await verify(someone)
    assert someone.page.status_code == 403
    assert "spam" in someone.words
    assert not await is_signed_in(someone)
