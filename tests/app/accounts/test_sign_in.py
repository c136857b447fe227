"""Signing in and out."""

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from app.accounts import passwords
from app.accounts.models import BrowserSession, User
from app.accounts.service import ban, unban
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    make_user,
    person_from,
    sign_in,
)
from tests.browser import Person
from tests.conftest import new_person

UNKNOWN = "There is no account with this address and this password."


async def sessions_of(database) -> list[BrowserSession]:
    async with database.transaction() as session:
        return list(await session.scalars(select(BrowserSession).order_by(BrowserSession.id)))


async def test_the_right_password_signs_in_whatever_the_case_of_the_address(someone, ada):
    del ada
    await sign_in(someone, "Ada@Example.ORG")
    assert await is_signed_in(someone)


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(site, ada):
    del ada
    seen = []
    for email, password in ((ADA, OTHER_PASSWORD), ("nobody@example.org", PASSWORD)):
        async with new_person(site) as person:
            await sign_in(person, email, password)
            assert UNKNOWN in person.words
            assert person.form("/sign-in").fields["email"] == email
            assert person.form("/sign-in").fields["password"] == ""
            seen.append((person.page.status_code, person.words, sorted(person.page.headers)))
    assert seen[0] == seen[1]


async def test_an_unknown_address_takes_the_time_of_a_password_check(someone, monkeypatch):
    asked = []
    real = passwords.hasher.verify_and_update

    class Watched:
        @staticmethod
        def verify_and_update(password: str, stored: str) -> tuple[bool, str | None]:
            asked.append(stored)
            return real(password, stored)

        hash = passwords.hasher.hash

    monkeypatch.setattr(passwords, "hasher", Watched)
    await sign_in(someone, "nobody@example.org")
    assert len(asked) == 1
    assert asked[0].startswith("$argon2id$")


async def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(someone, ada):
    del ada
    await someone.open("/sign-in")
    answer = await someone.submit("/sign-in", follow=False, email=ADA, password=PASSWORD)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_every_sign_in_is_a_new_session_and_ends_the_one_of_this_browser(her, database):
    first = her.client.cookies["session"]
    (before,) = await sessions_of(database)
    token = (await her.open("/account")) and her.form("/account").fields["form_token"]
    await her.client.post("/sign-in", data={"form_token": token, "email": ADA, "password": PASSWORD})
    assert her.client.cookies["session"] != first
    (after,) = await sessions_of(database)
    assert after.id != before.id


async def test_a_session_that_someone_planted_is_not_taken_over(someone, ada):
    del ada
    someone.client.cookies.set("session", "planted")
    await sign_in(someone)
    assert someone.client.cookies.get("session", domain="127.0.0.1") != "planted"


async def test_only_a_hash_of_the_session_is_kept(her, database):
    (kept,) = await sessions_of(database)
    assert her.client.cookies["session"].encode() not in kept.token_hash
    assert len(kept.token_hash) == 32


async def test_signing_out_ends_the_session_itself_not_only_the_cookie(her):
    token = her.client.cookies["session"]
    await her.open("/account")
    await her.submit("/sign-out", follow=False)
    assert not await is_signed_in(her)
    her.client.cookies.set("session", token)
    assert not await is_signed_in(her)


async def test_a_link_to_sign_out_does_nothing(her):
    await her.open("/sign-out")
    assert await is_signed_in(her)


async def test_signing_out_without_the_forms_token_is_refused(her):
    answer = await her.client.post("/sign-out")
    assert answer.status_code == 403
    assert await is_signed_in(her)


async def test_a_page_that_needs_an_account_leads_back_to_itself(someone, ada):
    del ada
    await someone.open("/account/sessions?all=1")
    assert someone.form("/sign-in").fields["next"] == "/account/sessions?all=1"
    answer = await someone.submit("/sign-in", follow=False, email=ADA, password=PASSWORD)
    assert answer.headers["location"] == "/account/sessions?all=1"


async def test_where_to_go_next_survives_a_wrong_password(someone, ada):
    del ada
    await someone.open("/account/tokens")
    await someone.submit("/sign-in", email=ADA, password=OTHER_PASSWORD)
    answer = await someone.submit("/sign-in", follow=False, email=ADA, password=PASSWORD)
    assert answer.headers["location"] == "/account/tokens"


@pytest.mark.parametrize(
    "trap",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nset-cookie: x=1",
        "evil.example",
        " //evil.example",
    ],
)
async def test_nobody_is_sent_to_another_host_after_signing_in(someone: Person, ada, trap):
    del ada
    home = str(someone.site.url_path_for("home.dashboard"))
    someone.page = await someone.client.get("/sign-in", params={"next": trap})
    assert someone.form("/sign-in").fields["next"] == home
    answer = await someone.submit("/sign-in", follow=False, email=ADA, password=PASSWORD, next=trap)
    assert answer.headers["location"] == home


async def test_someone_signed_in_goes_straight_on_from_the_sign_in_page(her):
    page = await her.open("/sign-in?next=/account/data", follow=False)
    assert page.headers["location"] == "/account/data"
    page = await her.open("/sign-in?next=//evil.example", follow=False)
    assert page.headers["location"] == str(her.site.url_path_for("home.dashboard"))


async def test_ten_wrong_passwords_close_an_account_to_their_own_network_address_for_a_while(
    site, someone, ada, move_clock
):
    del ada
    for _ in range(10):
        await sign_in(someone, password=OTHER_PASSWORD)
        assert UNKNOWN in someone.words
    await sign_in(someone)
    assert someone.page.status_code == 429
    assert 0 < int(someone.page.headers["retry-after"]) <= 900
    assert someone.form("/sign-in").fields["email"] == ADA
    assert not await is_signed_in(someone)
    async with person_from(site, "198.51.100.1") as owner:
        await sign_in(owner)
        assert await is_signed_in(owner)
    await move_clock(minutes=15)
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_unknown_addresses_are_closed_after_as_many_tries_as_known_ones(someone):
    for _ in range(10):
        await sign_in(someone, "nobody@example.org")
        assert someone.page.status_code == 422
    await sign_in(someone, "nobody@example.org")
    assert someone.page.status_code == 429


@pytest.mark.slow
async def test_signing_in_rightly_does_not_count(site, ada):
    del ada
    for _ in range(12):
        async with new_person(site) as person:
            await sign_in(person)
            assert await is_signed_in(person)


async def test_a_banned_person_is_told_so_only_after_the_right_password(someone, ada, database):
    async with database.transaction() as session:
        await ban(session, ada.id, "Sold places in meetings.")
    await sign_in(someone, password=OTHER_PASSWORD)
    assert "closed" not in someone.words
    assert UNKNOWN in someone.words
    await sign_in(someone)
    assert someone.page.status_code == 403
    assert "have closed your account. Their reason: Sold places in meetings." in someone.words
    assert not await is_signed_in(someone)


async def test_a_ban_signs_out_everywhere_and_ends_with_its_lifting(her, ada, database):
    async with database.transaction() as session:
        await ban(session, ada.id, "")
    assert not await is_signed_in(her)
    await sign_in(her)
    assert "Write to them if you think it is a mistake" in her.words
    async with database.transaction() as session:
        await unban(session, ada.id)
    await sign_in(her)
    assert await is_signed_in(her)


async def test_a_session_ends_after_30_days_without_a_visit_and_lives_on_with_one(her, move_clock):
    await move_clock(days=29)
    assert await is_signed_in(her)
    await move_clock(days=29)
    assert await is_signed_in(her)
    await move_clock(days=30)
    assert not await is_signed_in(her)


async def test_a_hash_with_old_parameters_is_renewed_when_its_owner_signs_in(someone, database):
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192),)).hash(PASSWORD)
    user = await make_user(database, password_hash=old)
    await sign_in(someone, password=OTHER_PASSWORD)
    async with database.transaction() as session:
        assert (await session.get_one(User, user.id)).password_hash == old
    await sign_in(someone)
    async with database.transaction() as session:
        renewed = (await session.get_one(User, user.id)).password_hash
    assert renewed != old
    assert (await passwords.verify(PASSWORD, renewed)).right


async def test_an_empty_form_says_what_is_missing(someone):
    await sign_in(someone, email="", password="")
    assert someone.page.status_code == 422
    assert "Fill this in." in someone.words


async def test_an_account_without_a_password_opens_to_none(someone, database):
    await make_user(database, password_hash="")
    for password in ("x", PASSWORD):
        await sign_in(someone, password=password)
        assert UNKNOWN in someone.words


async def test_an_accent_typed_another_way_is_the_same_password(someone, database):
    user = await make_user(database)
    hashed = await passwords.hash_password("cinc gallines brunes é")
    async with database.transaction() as session:
        (await session.get_one(User, user.id)).password_hash = hashed
    await sign_in(someone, password="cinc gallines brunes e\u0301")
    assert await is_signed_in(someone)
