"""Every form is refused that was not made for this browser, and an old one can be sent again."""

import base64
import re

import pytest
from fastapi.routing import APIRoute

from app.mail import OutgoingMail
from tests.browser import forms_of
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in

# What is called by programs brings a token of its own: BigBlueButton's callbacks and the API.
OPEN = ("/callbacks/", "/api/")


def every_route(router, prefix=""):
    """All routes, those of included routers too, with their whole paths."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield prefix + route.path if not route.path.startswith(prefix) else route.path, route
        elif hasattr(route, "routes") and route.routes:
            yield from every_route(route, prefix)
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from every_route(included, prefix)


def posted(site):
    """Paths of the site that take a form."""
    paths = {
        path
        for path, route in every_route(site)
        if route.methods - {"GET", "HEAD", "OPTIONS"} and not path.startswith(OPEN)
    }
    return sorted(path for path in paths if path != "/{path:path}")


def filled(path):
    """A path with something in its variable parts."""
    return re.sub(
        r"\{(\w+)(:path)?\}",
        lambda part: "1" if "id" in part[1] or part[1] == "number" else "the-place",
        path,
    )


async def test_no_form_is_taken_without_its_token(site, database):
    operator = await a_person(database, is_operator=True)
    await a_room(database, operator, address="the-place")
    paths = posted(site)
    assert len(paths) > 25
    async with signed_in(site, operator) as person:
        for path in paths:
            answer = await person.client.post(filled(path), data={"name": "Mallory"})
            assert answer.status_code == 403, path
            assert "This form did not come from here" in answer.text, path


async def test_a_token_of_another_browser_is_refused(site):
    async with new_person(site) as one, new_person(site) as other:
        await one.open("/")
        await other.open("/")
        stolen = one.form("/").fields["form_token"]
        answer = await other.client.post("/", data={"form_token": stolen, "address": "the-place"})
        assert answer.status_code == 403


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 50, "\x00"])
async def test_a_made_up_token_is_refused(site, token):
    async with new_person(site) as person:
        await person.open("/")
        answer = await person.client.post("/", data={"form_token": token, "address": "the-place"})
        assert answer.status_code == 403


async def test_a_form_sent_by_another_site_is_refused_even_with_a_token(site):
    async with new_person(site) as person:
        await person.open("/")
        token = person.form("/").fields["form_token"]
        answer = await person.client.post(
            "/", data={"form_token": token, "address": "x"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status_code == 403


async def test_an_expired_form_is_sent_again_with_one_click_and_nothing_is_lost(site, database, move_clock):
    async with signed_in(site, await a_person(database)) as ada:
        await ada.open("/rooms/new")
        await move_clock(hours=13)
        await ada.submit("/rooms/new", name="Weekly <b>assembly</b>", description="Line one\nLine two")
        assert ada.page.status_code == 409
        assert "This page was open for a long time" in ada.words
        await ada.submit("/rooms/new")
        assert ada.page.url.path.startswith("/r/weekly-b-assembly")
        assert "Weekly &lt;b&gt;assembly&lt;/b&gt;" in ada.page.text


async def test_an_expired_form_never_shows_a_password_again(site, database, move_clock):
    async with signed_in(site, await a_person(database)) as person:
        await person.open("/account/email")
        await move_clock(hours=13)
        typed = {"email": "ada@elsewhere.example", "password": "seven brown hens at noon"}
        await person.submit("/account/email", **typed)
        assert person.page.status_code == 409
        assert "seven brown hens" not in person.page.text
        assert "ada@elsewhere.example" in person.page.text


async def test_every_form_of_a_page_carries_a_token_that_is_new_each_time(site, database):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place")
    async with signed_in(site, ada) as person:
        for path in ("/rooms", "/r/the-place", "/account", "/rooms/new"):
            first, second = (await person.open(path), await person.open(path))
            for page in (first, second):
                posts = [form for form in forms_of(page.text) if form.method == "post"]
                assert posts
                assert all(form.fields.get("form_token") for form in posts), path
            assert first.text != second.text


async def test_nothing_is_written_when_a_form_is_refused(site, database):
    async with new_person(site) as person:
        await person.client.post(
            "/sign-up", data={"email": "ada@example.org", "name": "Ada", "password": "x" * 12}
        )
    async with database.transaction() as session:
        from sqlalchemy import func, select

        assert await session.scalar(select(func.count()).select_from(OutgoingMail)) == 0


async def test_no_page_shows_the_number_of_the_browser(site):
    async with new_person(site) as person:
        await person.open("/")
        number = person.client.cookies.get("browser")
        token = person.form("/").fields["form_token"]
        payload = base64.urlsafe_b64decode(token.split(".")[0] + "==")
        assert number
        assert number not in person.page.text
        assert number.encode() not in payload
