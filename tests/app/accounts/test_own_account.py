"""Name, language, time zone, address and password of one's own account."""

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.accounts.tokens import find_by_token
from app.memberships.models import Holder
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    a_token,
    is_signed_in,
    make_user,
    sign_in,
)
from tests.browser import Person
from tests.conftest import new_person

NEW = "ada@new.example.org"


async def fresh(database, user: User) -> User:
    async with database.transaction() as session:
        return (await session.scalars(select(User).where(User.id == user.id))).one()


async def ask_for(person: Person, email: str = NEW, password: str = PASSWORD) -> None:
    await person.open("/account/email")
    await person.submit("/account/email", email=email, password=password)


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/email",
        "/account/password",
        "/account/sessions",
        "/account/tokens",
        "/account/data",
        "/account/data.json",
        "/account/delete",
    ],
)
async def test_pages_of_an_account_need_one(someone, path):
    answer = await someone.open(path, follow=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path}"


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/email",
        "/account/password",
        "/account/sessions/end",
        "/account/sessions/1/end",
        "/account/tokens",
        "/account/tokens/1/revoke",
        "/account/delete",
        "/language",
        "/verify",
        "/sign-in",
        "/sign-up",
        "/forgotten-password",
    ],
)
async def test_a_form_without_our_token_is_refused(her, path):
    answer = await her.client.post(
        path, data={"name": "Eve", "language": "ca", "password": PASSWORD, "word": "delete"}
    )
    assert answer.status_code == 403
    assert await is_signed_in(her)


async def test_a_form_of_another_browser_is_refused(site, her, ada, database):
    async with new_person(site) as eve:
        await eve.open("/sign-in")
        token = eve.form("/sign-in").fields["form_token"]
    answer = await her.client.post(
        "/account", data={"form_token": token, "name": "Eve", "language": "en", "time_zone": "UTC"}
    )
    assert answer.status_code == 403
    assert (await fresh(database, ada)).name == "Ada"


async def test_name_language_and_time_zone_are_changed_and_the_holder_is_called_the_same(her, ada, database):
    await her.open("/account")
    await her.submit("/account", name="  Ada   Puig ", language="ca", time_zone="Europe/Madrid")
    user = await fresh(database, ada)
    assert (user.name, user.language, user.time_zone) == ("Ada Puig", "ca", "Europe/Madrid")
    async with database.transaction() as session:
        assert (await session.get_one(Holder, ada.holder_id)).name == "Ada Puig"
    assert 'lang="ca"' in her.page.text
    assert her.form("/account").fields["time_zone"] == "Europe/Madrid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "\u200b \u3164"),
        ("name", "\u200d\u200e"),
        ("language", "xx"),
        ("time_zone", "Mars/Base"),
    ],
)
async def test_a_wrong_profile_changes_nothing_and_keeps_what_was_typed(her, ada, database, field, value):
    await her.open("/account")
    typed = {"name": "Ada P", "language": "ca", "time_zone": "Europe/Madrid"} | {field: value}
    await her.submit("/account", **typed)
    assert her.page.status_code == 422
    user = await fresh(database, ada)
    assert (user.name, user.language, user.time_zone) == ("Ada", "en", "UTC")
    if field != "name":
        assert her.form("/account").fields["name"] == "Ada P"


async def test_nobody_makes_themselves_an_operator_by_the_form(her, ada, database):
    await her.open("/account")
    fields = her.form("/account").fields
    await her.client.post(
        "/account", data={**fields, "is_operator": "true", "verified_at": "2020-01-01", "email": NEW}
    )
    user = await fresh(database, ada)
    assert not user.is_operator
    assert user.email == ADA


async def test_a_new_address_holds_once_the_link_in_its_mail_is_opened(her, ada, database):
    await ask_for(her)
    assert (await fresh(database, ada)).email == ADA
    assert "another address was asked for" in (await her.mails(ADA))[-1].subject
    await her.open(await her.link_in_mail(NEW))
    assert (await fresh(database, ada)).email == ADA
    await her.submit("/account/email/")
    assert (await fresh(database, ada)).email == NEW
    told = (await her.mails(ADA))[-1]
    assert "has another address" in told.subject
    assert NEW in told.text
    await her.submit("/sign-out", follow=False)
    await sign_in(her, NEW)
    assert await is_signed_in(her)


async def test_the_link_for_a_new_address_takes_the_password_on_a_browser_that_is_not_signed_in(
    site, her, ada, database
):
    """A mistyped address is somebody else's: whoever reads its mail has neither the account nor its password."""
    await ask_for(her)
    async with new_person(site) as phone:
        await phone.open(await her.link_in_mail(NEW))
        for guess in ("", OTHER_PASSWORD):
            await phone.submit("/account/email/", password=guess)
            assert phone.page.status_code == 422
        assert (await fresh(database, ada)).email == ADA
        await phone.submit("/account/email/", password=PASSWORD)
        assert NEW in phone.words
        assert not await is_signed_in(phone)
    assert (await fresh(database, ada)).email == NEW
    assert not await is_signed_in(her)


async def test_nobody_moves_their_account_to_an_address_by_the_click_of_its_owner(site, her, ada, database):
    await make_user(database, "owner@elsewhere.example")
    await ask_for(her)
    async with new_person(site) as owner:
        await sign_in(owner, "owner@elsewhere.example")
        await owner.open(await her.link_in_mail(NEW))
        token = owner.form("/account/email/").fields["form_token"]
        answer = await owner.client.post(owner.page.url.path, data={"form_token": token})
        assert answer.status_code == 422
    assert (await fresh(database, ada)).email == ADA
    assert await is_signed_in(her)


async def test_the_link_for_a_new_address_is_not_guessed_at_for_ever(site, her, ada, database):
    await ask_for(her)
    async with new_person(site) as stranger:
        await stranger.open(await her.link_in_mail(NEW))
        for _ in range(10):
            await stranger.submit("/account/email/", password=OTHER_PASSWORD)
        await stranger.submit("/account/email/", password=PASSWORD)
        assert stranger.page.status_code == 429
    assert (await fresh(database, ada)).email == ADA


async def test_a_new_address_signs_out_the_other_browsers_and_leaves_programs_alone(site, her, ada, database):
    secret = await a_token(database, ada)
    async with new_person(site) as other:
        await sign_in(other)
        await ask_for(her)
        await her.open(await her.link_in_mail(NEW))
        await her.submit("/account/email/")
        assert await is_signed_in(her)
        assert not await is_signed_in(other)
    async with database.transaction() as session:
        assert await find_by_token(session, secret) is not None


async def test_the_link_for_a_new_address_works_once_and_for_a_day(her, move_clock):
    await ask_for(her)
    link = await her.link_in_mail(NEW)
    await ask_for(her, "ada@late.example.org")
    late = await her.link_in_mail("ada@late.example.org")
    await her.open(link)
    await her.submit("/account/email/")
    assert (await her.open(link)).status_code == 410
    assert (await her.open(late)).status_code == 410  # it moved from the old address, which is no more
    await ask_for(her, ADA)
    link = await her.link_in_mail(ADA)
    await move_clock(hours=25)
    assert (await her.open(link)).status_code == 410


async def test_a_change_of_password_undoes_a_link_that_someone_else_asked_for(her, ada, database):
    await ask_for(her)
    link = await her.link_in_mail(NEW)
    await her.open("/account/password")
    await her.submit("/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
    assert (await her.open(link)).status_code == 410
    assert (await fresh(database, ada)).email == ADA


async def test_an_address_that_someone_has_looks_the_same_and_only_its_owner_is_told(her, database):
    await make_user(database, "bo@example.org")
    seen = []
    for email in ("bo@example.org", "nobody@example.org"):
        await ask_for(her, email)
        seen.append((her.page.status_code, her.words.replace(email, "…"), len(await her.mails(email))))
    assert seen[0] == seen[1]
    assert "already have an account" in (await her.mails("bo@example.org"))[-1].subject
    assert len(await her.mails(ADA)) == 2


async def test_whoever_takes_the_new_address_first_keeps_it(her, ada, database):
    await ask_for(her)
    await her.open(await her.link_in_mail(NEW))
    await make_user(database, NEW.upper())
    await her.submit("/account/email/")
    assert her.page.status_code == 410
    assert (await fresh(database, ada)).email == ADA


async def test_a_new_address_takes_the_password_and_has_to_be_new(her):
    await ask_for(her, password=OTHER_PASSWORD)
    assert her.page.status_code == 422
    assert "This is not your password." in her.words
    assert her.form("/account/email").fields["email"] == NEW
    await ask_for(her, "ADA@example.org")
    assert "the address you have already" in her.words
    await ask_for(her, "ada")
    assert "not an e-mail address" in her.words
    assert await her.mails(NEW) == []


async def test_a_password_that_is_guessed_ten_times_is_not_asked_for_again_for_a_while(her, move_clock):
    for _ in range(10):
        await ask_for(her, password=OTHER_PASSWORD)
        assert her.page.status_code == 422
    await ask_for(her)
    assert her.page.status_code == 429
    await her.open("/account/password")
    await her.submit("/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
    assert her.page.status_code == 429
    await her.open("/account/delete")
    await her.submit("/account/delete", password=PASSWORD, word="delete")
    assert her.page.status_code == 429
    await move_clock(minutes=15)
    await ask_for(her)
    assert len(await her.mails(NEW)) == 1


async def test_a_new_password_signs_out_other_browsers_keeps_this_one_and_is_told_by_mail(site, her):
    async with new_person(site) as elsewhere:
        await sign_in(elsewhere)
        await her.open("/account/password")
        await her.submit("/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
        assert "You have a new password" in her.words
        assert await is_signed_in(her)
        assert not await is_signed_in(elsewhere)
        await sign_in(elsewhere)
        assert not await is_signed_in(elsewhere)
    assert "was changed" in (await her.mails(ADA))[-1].subject


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (OTHER_PASSWORD, "a cart of yellow turnips", "This is not your password."),
        (PASSWORD, "short", "at least 10 characters"),
        (PASSWORD, ADA, "your name or your address"),
        (PASSWORD, "password1234", "tried first"),
        ("", OTHER_PASSWORD, "Fill this in."),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(her, ada, database, old, new, sentence):
    before = (await fresh(database, ada)).password_hash
    await her.open("/account/password")
    await her.submit("/account/password", password=old, new_password=new)
    assert her.page.status_code == 422
    assert sentence in her.words
    assert (await fresh(database, ada)).password_hash == before
    assert her.form("/account/password").fields["new_password"] == ""


async def test_visitors_choose_a_language_for_their_browser(someone):
    await someone.open("/sign-in")
    fields = someone.form("/language").fields
    answer = await someone.client.post("/language", data={**fields, "language": "ca"})
    assert answer.headers["location"] == "/sign-in"
    await someone.open("/sign-in")
    assert 'lang="ca"' in someone.page.text


async def test_people_with_an_account_choose_it_for_the_account(site, her, ada, database):
    await her.open("/account")
    fields = her.form("/language").fields
    await her.client.post("/language", data={**fields, "language": "ca"})
    assert (await fresh(database, ada)).language == "ca"
    async with new_person(site) as elsewhere:
        await sign_in(elsewhere)
        await elsewhere.open("/account")
        assert 'lang="ca"' in elsewhere.page.text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
async def test_choosing_a_language_leads_to_no_other_host(someone, back):
    await someone.open("/sign-in")
    fields = someone.form("/language").fields
    answer = await someone.client.post("/language", data={**fields, "next": back, "language": "ca"})
    assert answer.headers["location"] == str(someone.site.url_path_for("home.landing"))


async def test_a_language_that_nobody_speaks_here_changes_nothing(her, ada, database):
    await her.open("/account")
    fields = her.form("/language").fields
    await her.client.post("/language", data={**fields, "language": "xx"})
    assert (await fresh(database, ada)).language == "en"
    assert "language" not in her.client.cookies
