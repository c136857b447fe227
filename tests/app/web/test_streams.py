"""Streams of events are counted by browser, address and process; who is one too many is told to look by itself."""

import asyncio
import gc
import re
import tracemalloc

import pytest

from app.live import announce, people_topic, room_topic
from app.web.streams import Held
from tests.factories import a_person, a_room
from tests.socketry import opened_door

PATH = "/r/the-place/events"
SAMPLE = 40  # streams whose memory is weighed
PROCESS = 20


@pytest.fixture(scope="module")
def door(settings, tmp_path_factory):
    """A server process that holds twenty streams, twelve of one address."""
    told = {"streams_per_address": 12, "streams_per_process": PROCESS}
    with opened_door(settings, tmp_path_factory.mktemp("door"), **told) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def hang_up(door):
    """No connection outlives its test, here and there."""
    yield
    await door.hang_up()
    await asyncio.sleep(0.2)


@pytest.fixture
async def room(site, database):
    return await a_room(database, await a_person(database), address="the-place")


async def streams(door, number, *, address="192.0.2.{}", browser="browser-{}"):
    """So many at the same moment."""
    return await asyncio.gather(
        *(
            door.stream(PATH, address=address.format(each), browser=browser.format(each))
            for each in range(number)
        )
    )


def refused(wires):
    return [wire for wire in wires if wire.status != 200]


async def test_one_browser_holds_six_and_the_rest_is_told_when_to_come_again(door, room):
    wires = await streams(door, 10, browser="the-same")
    assert [wire.status for wire in wires].count(200) == 6
    for wire in refused(wires):
        assert wire.status == 429
        assert 30 <= int(wire.headers["retry-after"]) < 60
        assert wire.headers["content-type"].startswith("text/plain")
    others = await streams(door, 1, browser="another")
    assert not refused(others)


async def test_browsers_without_a_cookie_are_one_browser_of_their_address(door, room):
    wires = await streams(door, 8, address="192.0.2.7", browser="")
    assert [wire.status for wire in wires].count(200) == 6


async def test_one_address_holds_as_many_as_the_setting_says_whatever_cookies_it_makes_up(door, room):
    wires = await streams(door, 18, address="192.0.2.1")
    assert [wire.status for wire in wires].count(200) == 12
    assert {wire.status for wire in refused(wires)} == {429}
    others = await streams(door, 1)
    assert not refused(others), "another address is none the worse"


async def test_an_ipv6_household_is_one_address(door, room):
    wires = await streams(door, 14, address="2001:db8::{}")
    assert [wire.status for wire in wires].count(200) == 12


async def test_a_process_holds_as_many_as_it_may_and_pages_are_answered_all_the_same(door, room):
    wires = await streams(door, PROCESS + 5)
    assert [wire.status for wire in wires].count(200) == PROCESS
    assert {wire.status for wire in refused(wires)} == {503}
    assert all(int(wire.headers["retry-after"]) >= 30 for wire in refused(wires))
    page = await door.connect()
    page.send("GET /r/the-place HTTP/1.1\r\nhost: x\r\n\r\n")
    assert await page.head() == 200
    lines = re.findall(r'.*"streams\.refused".*', door.log)
    assert any('"why": "process"' in line for line in lines)
    assert len(lines) <= 3, "one line a minute and reason"
    assert "192.0.2" not in door.log


async def test_a_stream_that_is_closed_makes_room_for_another(door, room):
    for _time in range(3):
        assert not refused(await streams(door, 6, browser="the-same"))
        await door.hang_up()
        await asyncio.sleep(0.2)


async def test_a_browser_that_leaves_at_once_is_not_counted(door, room):
    """Its connection ends while the program still finds out what it asked for."""
    for _time in range(10):
        wire = await door.connect()
        wire.send(f"GET {PATH} HTTP/1.1\r\nhost: x\r\ncookie: browser=hasty\r\n\r\n")
        wire.writer.transport.abort()
    await asyncio.sleep(0.3)
    wires = await streams(door, 6, browser="hasty")
    assert not refused(wires)


async def test_news_of_many_changes_comes_once_or_twice_and_says_how_wide_to_spread(door, room, database):
    wires = await streams(door, 3)
    for wire in wires:
        await wire.reads(b": here\n\n")
    for _time in range(20):
        async with database.transaction() as session:
            await announce(session, room_topic(room.id), people_topic(room.id))
    for heard in await asyncio.gather(*(wire.reads_for(3) for wire in wires)):
        assert 1 <= heard.count(b'data: {"changed": true, "spread": 200}') <= 2, heard


async def test_who_waits_is_not_told_of_each_who_joins(door, room, database):
    wire = await door.stream(f"{PATH}?for=waiting", address="192.0.2.1")
    await wire.reads(b": here\n\n")
    async with database.transaction() as session:
        await announce(session, people_topic(room.id))
    with pytest.raises(TimeoutError):
        await wire.reads(b"changed", within=1)
    async with database.transaction() as session:
        await announce(session, room_topic(room.id))
    await wire.reads(b"changed", within=3)


class Reader:
    """A browser's end of a stream, as the server hands it to the program."""

    def __init__(self):
        self.begun, self._gone = asyncio.Event(), asyncio.Event()

    def leave(self):
        self._gone.set()

    async def receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.body":
            self.begun.set()


async def weight_of(site, number):
    """Bytes that a stream of the whole site takes, besides what the server itself keeps."""
    readers = [Reader() for _number in range(number)]
    gc.collect()
    before, _peak = tracemalloc.get_traced_memory()
    tasks = [asyncio.create_task(open_stream(site, reader, each)) for each, reader in enumerate(readers)]
    await asyncio.gather(*(reader.begun.wait() for reader in readers))
    await asyncio.sleep(0.1)
    gc.collect()
    after, _peak = tracemalloc.get_traced_memory()
    for reader in readers:
        reader.leave()
    await asyncio.gather(*tasks)
    return (after - before) / number


async def open_stream(site, reader, number):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x"), (b"cookie", b"browser=browser-%d" % number)],
        "client": (f"192.0.2.{number}", 1),
        "server": ("127.0.0.1", 80),
    }
    await site(scope, reader.receive, reader.send)


async def within_the_layers(self, scope, receive, send):
    await self.app(scope, receive, send)


async def test_a_stream_handed_out_of_the_layers_takes_less_than_half_of_what_it_takes_within(
    site, room, monkeypatch
):
    tracemalloc.start()
    try:
        await weight_of(site, SAMPLE)
        handed_out = await weight_of(site, SAMPLE)
        monkeypatch.setattr(Held, "__call__", within_the_layers)
        within = await weight_of(site, SAMPLE)
    finally:
        tracemalloc.stop()
    assert handed_out < 0.5 * within, (handed_out, within)
    assert site.state.streams.count == 0
