"""What somebody typed when their session had ended comes back once they have signed in."""

import pytest
from sqlalchemy import func, select

from app.accounts.sessions import close_all
from app.rooms.models import Room
from app.web import kept_forms
from app.web.models import KeptForm
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, make_user, sign_in
from tests.browser import Person
from tests.conftest import new_person

TEXT = "We meet on Mondays.\n\nBring <b>the minutes</b> & a cake."
ENDED = "Your session has ended. Sign in and we’ll send this again."


@pytest.fixture
async def her(site, database):
    """Ada at her browser, signed in."""
    ada = await make_user(database)
    async with new_person(site) as person:
        await sign_in(person)
        person.ada = ada
        yield person


async def end_session(person: Person, database) -> None:
    async with database.transaction() as session:
        await close_all(session, person.ada.id)


async def kept(database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(KeptForm))


async def new_room(person: Person, database, **fields: str) -> None:
    """Fill in the form of a room, and send it when the session has ended."""
    await person.open("/rooms/new")
    await end_session(person, database)
    await person.submit("/rooms/new", **{"name": "Weekly assembly", "description": TEXT, **fields})


async def test_a_form_sent_after_the_session_ended_is_sent_again_after_signing_in(her, database):
    await new_room(her, database, access_code="tulip-42")
    assert her.page.url.path == "/sign-in"
    assert ENDED in her.words
    assert "Mondays" not in str(her.page.url)
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    assert her.page.url.path == "/send-again"
    assert her.page.headers["cache-control"] == "no-store"
    assert "Bring &lt;b&gt;the minutes" in her.page.text
    await her.submit("/rooms/new")
    async with database.transaction() as session:
        room = (await session.scalars(select(Room))).one()
    assert (room.name, room.description, room.access_code) == ("Weekly assembly", TEXT, "tulip-42")


async def test_it_waits_while_a_password_is_mistyped_and_when_the_page_is_looked_at_twice(her, database):
    await new_room(her, database)
    await her.submit("/sign-in", email=ADA, password=OTHER_PASSWORD)
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    await her.open("/send-again")
    assert "We meet on Mondays." in her.words


async def test_it_comes_back_after_a_new_password_by_mail_too(her, database):
    await new_room(her, database)
    await her.open("/forgotten-password")
    await her.submit("/forgotten-password", email=ADA)
    await her.open(await her.link_in_mail(ADA))
    await her.submit("/new-password/", new_password=OTHER_PASSWORD)
    assert her.page.url.path == "/send-again"
    assert "We meet on Mondays." in her.words


async def test_only_the_browser_that_sent_it_gets_it_back(her, database, site):
    await new_room(her, database)
    async with new_person(site) as other:
        await sign_in(other)
        await other.open("/send-again")
        assert other.page.url.path == "/rooms"
        assert "Mondays" not in other.words


async def test_it_is_sealed_and_passwords_are_not_in_it(her, database, settings):
    await her.open("/account/password")
    await end_session(her, database)
    await her.submit("/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
    assert await kept(database) == 0  # nothing but passwords
    await sign_in(her)
    await new_room(her, database)
    async with database.transaction() as session:
        row = (await session.scalars(select(KeptForm))).one()
    assert "Mondays" not in row.sealed
    assert her.client.cookies["browser"] not in row.key + row.sealed


async def test_it_is_gone_after_half_an_hour_and_when_one_signs_out(her, database, move_clock):
    await new_room(her, database)
    await move_clock(minutes=31)
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    assert her.page.url.path == "/rooms"
    async with database.transaction() as session:
        await kept_forms.forget_old(session)
    assert await kept(database) == 0
    await new_room(her, database)
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    await her.submit("/sign-out", follow=False)
    assert await kept(database) == 0


async def test_the_newest_of_a_browser_is_kept(her, database):
    await new_room(her, database)
    await sign_in(her)
    await new_room(her, database, description="Another text altogether.")
    assert await kept(database) == 1
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    assert "Another text altogether." in her.words
    assert "Mondays" not in her.words


async def test_a_button_leads_back_to_its_page(her, database):
    await her.open("/account/sessions")
    token = her.form("/sign-out").fields["form_token"]
    await end_session(her, database)
    for referer, onward in (
        ("http://127.0.0.1:8000/account/sessions", "/account/sessions"),
        ("https://evil.example/account/sessions", "/"),
        ("http://127.0.0.1:8000//evil.example/x", "/rooms"),
        ("", "/"),
    ):
        answer = await her.client.post(
            "/account/sessions/end", data={"form_token": token}, headers={"referer": referer}
        )
        await her.open(answer.headers["location"])
        assert her.form("/sign-in").fields["next"] == onward
    assert await kept(database) == 0


async def test_a_file_is_not_kept_and_that_is_said(her, database):
    await her.open("/rooms/new")
    token = her.form("/rooms/new").fields["form_token"]
    await end_session(her, database)
    await her.client.post(
        "/rooms/new",
        data={"form_token": token, "name": "Weekly assembly"},
        files={"logo": ("logo.png", b"\x89PNG and more", "image/png")},
    )
    await sign_in(her)
    await her.open("/send-again")
    assert "The file you chose isn’t kept." in her.words
    assert "PNG" not in her.page.text


async def test_nobody_fills_the_database_with_forms(her, database, site, monkeypatch):
    async with new_person(site) as stranger:
        await stranger.open("/")
        typed = {"form_token": stranger.form("/").fields["form_token"], "name": "x" * 60_000}
        await stranger.client.post("/rooms/new", data=typed)
        assert await kept(database) == 1
    for _ in range(70):
        async with new_person(site) as stranger:
            await stranger.open("/about")
            typed = {"form_token": stranger.form("/language").fields["form_token"], "name": "x y"}
            answer = await stranger.client.post("/rooms/new", data=typed)
            assert answer.status_code == 303
    assert await kept(database) == kept_forms.KEPT.times


async def test_a_form_that_is_not_ours_is_not_kept(site, database):
    async with new_person(site) as stranger:
        answer = await stranger.client.post("/rooms/new", data={"name": "Weekly assembly"})
        assert answer.status_code == 403
    assert await kept(database) == 0


async def test_an_old_form_of_an_ended_session_is_kept_too(her, database, move_clock):
    await her.open("/rooms/new")
    await move_clock(days=45)  # the session ended by itself
    await her.submit("/rooms/new", name="Weekly assembly", description=TEXT)
    assert ENDED in her.words


async def test_a_changed_key_loses_it_and_breaks_nothing(her, database):
    await new_room(her, database)
    async with database.transaction() as session:
        (await session.scalars(select(KeptForm))).one().sealed = "gAAAA-made-up"
    await her.submit("/sign-in", email=ADA, password=PASSWORD)
    assert her.page.url.path == "/rooms"
