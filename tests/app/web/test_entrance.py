"""The entrance: a process works at some requests at once, the others wait in order, and not for long."""

import asyncio
import contextlib
import contextvars

import httpx
import pytest

from app.gate import Gate, step_out
from app.web import entrance
from app.web.entrance import Entrance
from tests.app.meetings.test_nine_oclock import small_site
from tests.browser import text_of
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in

PLACES = 4  # of a process with two connections


class House:
    """A program behind an entrance that answers when a test lets it."""

    def __init__(self, settings, **changed):
        self.at_work, self.most, self.seen = 0, 0, []
        self.go_on = asyncio.Event()
        few = {"database_pool": 2, "database_queue_seconds": 5.0} | changed
        self.entrance = Entrance(self._work, settings.model_copy(update=few))

    async def _work(self, scope, receive, send):
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.seen.append(scope["path"])
        body = b""
        if scope["method"] == "POST":
            is_more = True
            while is_more:
                message = await receive()
                body += message.get("body", b"")
                is_more = message.get("more_body", False)
        if scope["path"].startswith("/stream"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.go_on.wait()
        self.at_work -= 1
        if not scope["path"].startswith("/stream"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def come(self, path, method="GET", content=None):
        """Somebody comes, in a context of their own."""

        async def ask():
            transport = httpx.ASGITransport(app=self.entrance)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, content=content)

        return asyncio.create_task(ask(), context=contextvars.Context())


async def a_moment():
    await asyncio.sleep(0.05)


async def test_some_are_worked_at_and_the_others_wait_in_order(settings):
    house = House(settings)
    coming = []
    for number in range(3 * PLACES):
        coming.append(house.come(f"/{number}"))
        await asyncio.sleep(0.005)
    await a_moment()
    assert (house.at_work, house.entrance.gate.waiting) == (PLACES, 2 * PLACES)
    house.go_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*coming)} == {200}
    assert house.most == PLACES
    assert house.seen == [f"/{number}" for number in range(3 * PLACES)]


@pytest.mark.parametrize("path", ["/health", "/static/1/app.css", "/callbacks/meetings/1/token/ended"])
async def test_what_is_small_and_needed_most_is_always_let_in(settings, path):
    house = House(settings)
    coming = [house.come(f"/{number}") for number in range(PLACES)]
    await a_moment()
    coming.append(house.come(path))
    await a_moment()
    assert house.at_work == PLACES + 1
    house.go_on.set()
    await asyncio.gather(*coming)


async def test_streams_that_have_begun_hold_nobody_up(settings):
    house = House(settings)
    coming = [house.come(f"/stream/{number}") for number in range(3 * PLACES)]
    await a_moment()
    assert house.at_work == 3 * PLACES
    house.go_on.set()
    await asyncio.gather(*coming)


async def test_who_sends_a_form_slowly_holds_nobody_up(settings):
    house, sent = House(settings), asyncio.Event()

    async def slowly():
        yield b"name=W"
        await sent.wait()
        yield b"ren"

    slow = [house.come(f"/slow/{number}", "POST", slowly()) for number in range(PLACES)]
    await a_moment()
    quick = house.come("/quick")
    await a_moment()
    assert house.seen == ["/quick"]
    house.go_on.set()
    await quick
    sent.set()
    assert [answer.content for answer in await asyncio.gather(*slow)] == [b"name=Wren"] * PLACES


async def test_who_sends_a_file_slowly_holds_a_place_for_a_moment_only(settings, monkeypatch):
    monkeypatch.setattr(entrance, "HELD_SECONDS", 0.1)
    house, sent = House(settings), asyncio.Event()

    async def slowly():
        yield b"x" * 70_000
        await sent.wait()
        yield b"x"

    slow = [house.come(f"/slow/{number}", "POST", slowly()) for number in range(PLACES)]
    await a_moment()
    quick = house.come("/quick")
    await asyncio.sleep(0)
    assert "/quick" not in house.seen
    house.go_on.set()
    assert (await quick).status_code == 200
    sent.set()
    assert {len(answer.content) for answer in await asyncio.gather(*slow)} == {70_001}


@contextlib.asynccontextmanager
async def nobody_gets_a_connection(site):
    """As where every connection waits for a lock."""
    gate = site.state.database.gate
    async with contextlib.AsyncExitStack() as stack:
        for _each in range(site.state.settings.database_pool - 1):
            await stack.enter_async_context(gate.passed())
        yield


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ca"])
async def test_who_is_sent_away_keeps_what_was_typed_and_is_told_when_to_come_back(
    site, settings, database, language
):
    room = await a_room(database, await a_person(database))
    async with small_site(settings, database_pool=2) as small, contextlib.AsyncExitStack() as stack:
        guests = [
            await stack.enter_async_context(new_person(small, **{"accept-language": language}))
            for _each in range(2 * PLACES)
        ]
        for guest in guests:
            await guest.open(f"/r/{room.slug}")
        async with nobody_gets_a_connection(small):
            answers = await asyncio.gather(
                *(
                    asyncio.create_task(
                        guest.submit("/join", follow=False, name=f"Wren {number}"),
                        context=contextvars.Context(),
                    )
                    for number, guest in enumerate(guests)
                )
            )
        # Half of them were not even let in.
        for number, (guest, answer) in enumerate(zip(guests, answers, strict=True)):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            said = {"en": "Many people are here", "ca": "Ara mateix hi ha molta gent"}[language]
            assert said in text_of(answer.text)
            assert f"Wren {number}" in text_of(answer.text)
            again = await guest.submit("/join", follow=False)
            assert again.headers["location"] == f"/r/{room.slug}/waiting"


@pytest.mark.slow
async def test_programs_and_signed_in_people_are_told_the_same(site, settings, database):
    ada = await a_person(database)
    async with small_site(settings, database_pool=2) as small, signed_in(small, ada) as at_ada_s:
        async with nobody_gets_a_connection(small):
            page = await at_ada_s.open("/rooms")
            call = await at_ada_s.client.get("/api/v1/me", headers={"authorization": "Bearer gh_x"})
        assert page.status_code == call.status_code == 503
        assert "Try again" in text_of(page.text)
        assert call.json()["error"]["code"] == "busy"
        assert int(call.headers["retry-after"]) > 0
        assert (await at_ada_s.open("/rooms")).status_code == 200


async def test_who_waits_for_somebody_else_needs_no_place():
    gate = Gate(1, patience=5)

    async def first():
        await gate.enter()
        step_out()
        step_out()

    await asyncio.create_task(first(), context=contextvars.Context())
    place = await asyncio.wait_for(gate.enter(), 1)
    place.give_back()
