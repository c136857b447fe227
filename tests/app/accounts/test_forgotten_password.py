"""A forgotten password."""

import asyncio

import pytest
from sqlalchemy import event, func, select

from app import clock
from app.accounts.links import ResetLink, fragment_of
from app.accounts.models import User
from app.accounts.service import ban
from app.accounts.tokens import find_by_token
from app.mail import OutgoingMail
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    a_token,
    is_signed_in,
    make_user,
    person_from,
    sign_in,
)
from tests.browser import Person
from tests.conftest import new_person


async def ask(person: Person, email: str = ADA) -> None:
    await person.open("/forgotten-password")
    await person.submit("/forgotten-password", email=email)


@pytest.mark.slow
async def test_the_link_of_the_mail_sets_a_new_password_and_signs_in(someone, ada):
    del ada
    await ask(someone)
    assert "Look into your mail" in someone.words
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert await is_signed_in(someone)
    assert "Your password on" in (await someone.mails(ADA))[-1].subject


async def test_a_new_password_ends_every_session_and_the_old_password(site, her):
    async with new_person(site) as elsewhere:
        await ask(elsewhere)
        await elsewhere.open(await elsewhere.link_in_mail(ADA))
        await elsewhere.submit("/new-password/", new_password=OTHER_PASSWORD)
        assert await is_signed_in(elsewhere)
    assert not await is_signed_in(her)
    await sign_in(her)
    assert not await is_signed_in(her)
    await sign_in(her, password=OTHER_PASSWORD)
    assert await is_signed_in(her)


async def test_the_page_is_the_same_for_an_address_that_nobody_has(site, ada):
    del ada
    seen = []
    for email in (ADA, "nobody@example.org"):
        async with new_person(site) as person:
            await ask(person, email)
            seen.append(
                (
                    person.page.status_code,
                    person.words.replace(email, "…"),
                    {name for name in person.page.headers if name != "set-cookie"},
                    sorted(person.client.cookies),
                )
            )
    assert seen[0] == seen[1]
    async with new_person(site) as person:
        assert await person.mails("nobody@example.org") == []


async def test_nobody_closes_the_way_round_by_asking_often_whether_the_address_exists_or_not(site, ada):
    del ada
    for email in (ADA, "nobody@example.org"):
        for host in range(4):
            async with person_from(site, f"192.0.2.{host}") as stranger:
                for _ in range(5):
                    await ask(stranger, email)
                    assert stranger.page.status_code == 200
                    assert "Look into your mail" in stranger.words
    async with person_from(site, "198.51.100.1") as owner:
        await ask(owner)
        assert "Look into your mail" in owner.words
        # No more than five mails, and what is in them works.
        assert len(await owner.mails(ADA)) == 5
        await owner.open(await owner.link_in_mail(ADA))
        await owner.submit("/new-password/", new_password=OTHER_PASSWORD)
        assert await is_signed_in(owner)
        # The next time it is forgotten, the strangers have used up nothing.
        await ask(owner)
        assert len(await owner.mails(ADA)) == 7
        assert "/new-password/" in await owner.link_in_mail(ADA)


async def test_asked_again_it_is_the_same_link_and_it_does_not_live_on(someone, ada, move_clock):
    del ada
    await ask(someone)
    first = await someone.link_in_mail(ADA)
    await move_clock(minutes=40)
    await ask(someone)
    assert await someone.link_in_mail(ADA) == first
    assert (await someone.open(first)).status_code == 200
    # A quarter of an hour is too short for a mail: now it is another one, and the first one ends when it was to.
    await move_clock(minutes=10)
    await ask(someone)
    second = await someone.link_in_mail(ADA)
    assert second != first
    assert (await someone.open(first)).status_code == 200
    await move_clock(minutes=11)
    assert (await someone.open(first)).status_code == 410
    await someone.open(second)
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert await is_signed_in(someone)


async def test_two_who_ask_at_once_send_the_same_link(site, ada):
    del ada
    async with new_person(site) as one, new_person(site) as other:
        await asyncio.gather(ask(one), ask(other))
        assert len({mail.text for mail in await one.mails(ADA)}) == 1
        assert len(await one.mails(ADA)) == 2


async def test_a_link_from_the_future_is_forged(site, ada, database, settings):
    async with database.transaction() as session:
        user = await session.get_one(User, ada.id)
    later = int(clock.now().timestamp()) + 3600
    token = ResetLink(user.id, fragment_of(settings, user), later).sign(settings)
    async with new_person(site) as person:
        assert (await person.open(f"/new-password/{token}")).status_code == 410


async def test_a_new_password_ends_every_token(site, ada, database):
    secret = await a_token(database, ada)
    async with new_person(site) as person:
        await ask(person)
        await person.open(await person.link_in_mail(ADA))
        assert "your API tokens end" in person.words
        await person.submit("/new-password/", new_password=OTHER_PASSWORD)
        assert "have ended" in (await person.mails(ADA))[-1].text
    async with database.transaction() as session:
        assert await find_by_token(session, secret) is None


async def test_a_link_works_once(someone, ada):
    del ada
    await ask(someone)
    link = await someone.link_in_mail(ADA)
    await someone.open(link)
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    await someone.open(link)
    assert someone.page.status_code == 410
    assert "no longer works" in someone.words


async def test_of_two_who_use_a_link_at_once_one_comes_too_late(site, ada):
    del ada
    async with new_person(site) as one, new_person(site) as other:
        await ask(one)
        link = await one.link_in_mail(ADA)
        await asyncio.gather(one.open(link), other.open(link))
        await asyncio.gather(
            one.submit("/new-password/", new_password=OTHER_PASSWORD),
            other.submit("/new-password/", new_password="another kettle of rain"),
        )
        assert sorted([one.page.status_code, other.page.status_code]) == [200, 410]


async def test_a_link_made_before_another_password_was_set_is_over(someone, ada, move_clock):
    del ada
    await ask(someone)
    first = await someone.link_in_mail(ADA)
    await move_clock(minutes=50)
    await ask(someone)
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert (await someone.open(first)).status_code == 410


async def test_a_link_is_over_after_an_hour_even_on_a_page_that_is_open(someone, ada, move_clock):
    del ada
    await ask(someone)
    await someone.open(await someone.link_in_mail(ADA))
    await move_clock(minutes=61)
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert someone.page.status_code == 410
    await sign_in(someone)
    assert await is_signed_in(someone)


@pytest.mark.parametrize("forged", ["x", "WzEsIngiXQ.aaaa.bbbb", "a.b.c"])
async def test_a_forged_link_is_refused_with_a_way_on(someone, ada, forged):
    del ada
    await someone.open(f"/new-password/{forged}")
    assert someone.page.status_code == 410
    assert "Have a new link sent" in someone.words


async def test_a_weak_password_is_refused_and_the_link_still_holds(someone, ada):
    del ada
    await ask(someone)
    await someone.open(await someone.link_in_mail(ADA))
    for weak, sentence in (
        ("short", "at least 10"),
        ("Ada@example.org", "your address"),
        ("letmein123", "tried first"),
    ):
        await someone.submit("/new-password/", new_password=weak)
        assert someone.page.status_code == 422
        assert sentence in someone.words
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert await is_signed_in(someone)


async def test_reading_the_mail_verifies_the_address_too(someone, database):
    user = await make_user(database, verified=False)
    await ask(someone)
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    async with database.transaction() as session:
        assert await session.scalar(select(User.verified_at).where(User.id == user.id)) is not None


async def test_a_new_password_does_not_open_a_closed_account(someone, ada, database):
    async with database.transaction() as session:
        await ban(session, ada.id, "spam")
    await ask(someone)
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert someone.page.status_code == 403
    assert not await is_signed_in(someone)
    await sign_in(someone, password=PASSWORD)
    assert "There is no account" in someone.words


async def test_something_that_is_no_address_is_said_to_be_none(someone):
    await ask(someone, "ada at example")
    assert someone.page.status_code == 422
    assert "not an e-mail address" in someone.words


async def test_an_address_that_nobody_has_takes_as_much_work_and_gets_no_mail(someone, database, ada):
    del ada
    statements = []
    engine = database.engine.sync_engine

    def note(*asked):
        statements.append(asked[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        await ask(someone)
        known = [*statements]
        statements.clear()
        await ask(someone, "nobody@example.org")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [each for each in statements if "SAVEPOINT" not in each] == [
        each for each in known if "SAVEPOINT" not in each
    ]
    assert len(statements) == len(known)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OutgoingMail)) == 1
