"""What was begun with the old password opens nothing once there is a new one."""

import asyncio

import pytest
from sqlalchemy import select, text

from app.accounts.changes import change_password
from app.accounts.models import ApiToken, BrowserSession, User
from app.accounts.passwords import hash_password
from app.accounts.service import ban, held, unban
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, is_signed_in, sign_in
from tests.conftest import new_person


async def sessions_of(database, user: User) -> list[BrowserSession]:
    async with database.transaction() as session:
        return list(await session.scalars(select(BrowserSession).where(BrowserSession.user_id == user.id)))


async def somebody_waits(database) -> None:
    """Until a request has come as far as the lock that we hold."""
    for _ in range(400):
        async with database.transaction() as session:
            if await session.scalar(text("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody came")


async def meanwhile(database, user: User, request) -> None:
    """Let a request begin, and come to its end only when the owner has set a new password by mail."""
    hashed = await hash_password(OTHER_PASSWORD)
    async with database.transaction() as session:
        owner = await held(session, user.id)
        asked = asyncio.create_task(request)
        await somebody_waits(database)
        await change_password(session, owner, hashed)
    await asked


async def test_a_sign_in_begun_before_a_new_password_opens_nothing(someone, ada, database):
    await someone.open("/sign-in")
    await meanwhile(database, ada, someone.submit("/sign-in", email=ADA, password=PASSWORD))
    assert "There is no account with this address and this password." in someone.words
    assert await sessions_of(database, ada) == []


async def test_a_token_asked_for_before_a_new_password_is_not_made(her, ada, database):
    await her.open("/account/tokens")
    await meanwhile(database, ada, her.submit("/account/tokens", name="a way back in"))
    assert her.page.url.path == "/sign-in"
    async with database.transaction() as session:
        assert list(await session.scalars(select(ApiToken))) == []


async def test_a_password_changed_with_the_old_one_does_not_replace_the_new_one(her, ada, database):
    await her.open("/account/password")
    typed = {"password": PASSWORD, "new_password": "a cart of turnips"}
    await meanwhile(database, ada, her.submit("/account/password", **typed))
    assert her.page.url.path == "/sign-in"
    await sign_in(her, password="a cart of turnips")
    assert not await is_signed_in(her)
    await sign_in(her, password=OTHER_PASSWORD)
    assert await is_signed_in(her)


async def test_another_address_asked_for_with_the_old_password_is_not_confirmed(her, ada, database):
    await her.open("/account/email")
    typed = {"email": "thief@example.org", "password": PASSWORD}
    await meanwhile(database, ada, her.submit("/account/email", **typed))
    assert her.page.url.path == "/sign-in"
    assert await her.mails("thief@example.org") == []


async def test_an_account_is_not_deleted_with_the_old_password(her, ada, database):
    await her.open("/account/delete")
    await meanwhile(database, ada, her.submit("/account/delete", password=PASSWORD, word="delete"))
    async with database.transaction() as session:
        assert await session.get(User, ada.id) is not None


async def test_a_sign_in_begun_before_a_ban_does_not_live_on_when_it_is_lifted(someone, ada, database):
    await someone.open("/sign-in")
    async with database.transaction() as session:
        await held(session, ada.id)
        asked = asyncio.create_task(someone.submit("/sign-in", email=ADA, password=PASSWORD))
        await somebody_waits(database)
        await ban(session, ada.id, "Sold places.")
    await asked
    assert someone.page.status_code == 403
    async with database.transaction() as session:
        await unban(session, ada.id)
    assert not await is_signed_in(someone)


async def test_sign_ins_and_new_passwords_at_once_leave_no_session_of_the_old_one(site, ada, database):
    """Twenty sign-ins with the old password around the moment of the new one: none is left."""
    hashed = await hash_password(OTHER_PASSWORD)

    async def enter() -> None:
        async with new_person(site) as person:
            await sign_in(person)

    async def change() -> None:
        await asyncio.sleep(0.05)
        async with database.transaction() as session:
            await change_password(session, await held(session, ada.id), hashed)

    await asyncio.gather(*(enter() for _ in range(9)), change())
    assert await sessions_of(database, ada) == []


@pytest.mark.parametrize("ends", [True, False])
async def test_a_change_of_password_asks_whether_tokens_end(her, ada, database, ends):
    await her.open("/account/tokens")
    await her.submit("/account/tokens", name="robot")
    await her.open("/account/password")
    assert her.form("/account/password").fields["end_tokens"] == "yes"  # ticked unless one unticks it
    typed = {"password": PASSWORD, "new_password": OTHER_PASSWORD} | ({} if ends else {"end_tokens": None})
    await her.submit("/account/password", **typed)
    assert ("your API tokens have ended" in her.words) == ends
    async with database.transaction() as session:
        assert (await session.scalar(select(ApiToken)) is None) == ends
    assert ("until then they keep working" in (await her.mails(ADA))[-1].text) != ends


async def test_who_has_no_tokens_is_not_asked_about_them(her):
    await her.open("/account/password")
    assert "end_tokens" not in her.form("/account/password").names
