"""A request comes within its time or not at all; connections that only wait make room; who leaves is no error."""

import asyncio
import json
import time

import httpx
import psutil
import pytest

from app.alerts import WRITE_EVERY, Kind, open_alerts
from app.web import connections
from tests.factories import a_person, a_room, signed_in
from tests.house import until
from tests.socketry import opened_door

FILES = 512
# What tests.hasty makes of the times.
HASTE = 10
HEAD, GAP = connections.HEAD_SECONDS / HASTE, connections.BODY_GAP_SECONDS / HASTE


@pytest.fixture(scope="module")
def door(settings, tmp_path_factory):
    """A server process that may open 512 files and waits a tenth of the usual times."""
    with opened_door(settings, tmp_path_factory.mktemp("door"), files=FILES) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def hang_up(door):
    """No connection outlives its test."""
    yield
    await door.hang_up()


@pytest.fixture
async def room(site, database):
    return await a_room(database, await a_person(database), address="the-place")


async def answers(door, path="/r/the-place"):
    """Whether a page is answered, as it is for everybody else."""
    async with httpx.AsyncClient(base_url=door.url, trust_env=False, timeout=5) as client:
        return (await client.get(path)).status_code == 200


def lines_of(door, event):
    return [line for line in map(json.loads, door.log.splitlines()) if line.get("event") == event]


def post(length, path="/sign-in", kind="application/x-www-form-urlencoded", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{lines}\r\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("begun", ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: x\r\na: b\r\n"])
async def test_headers_that_do_not_end_are_given_up(door, room, begun):
    wire = await door.connect()
    began = time.monotonic()
    wire.send(begun)
    assert await wire.head() == 408
    assert HEAD * 0.9 < time.monotonic() - began < HEAD * 3
    assert await wire.is_closed()


@pytest.mark.slow
async def test_headers_that_come_line_by_line_are_given_up_all_the_same(door, room):
    wire = await door.connect()
    began = time.monotonic()
    wire.send("GET / HTTP/1.1\r\n")
    while not wire.reader.at_eof() and time.monotonic() - began < 5 * HEAD:
        wire.send("x: y\r\n")
        await asyncio.sleep(HEAD / 5)
        if wire.reader._buffer:  # noqa: SLF001  whether there is an answer, without waiting for one
            break
    assert await wire.head() == 408


@pytest.mark.slow
async def test_a_connection_on_which_nothing_comes_is_closed(door, room):
    wire = await door.connect()
    assert await wire.is_closed(within=HEAD * 3)


@pytest.mark.slow
async def test_empty_lines_between_requests_do_not_keep_a_connection(door, room):
    wire = await door.connect()
    wire.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert await wire.head() == 200
    wire.send("\r\n")
    assert await wire.is_closed(within=HEAD * 3)


@pytest.mark.slow
async def test_a_connection_rests_between_requests_longer_than_that(door, room):
    wire = await door.connect()
    for _time in range(2):
        wire.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert await wire.head() == 200
        await wire.reader.readexactly(int(wire.headers["content-length"]))
        await asyncio.sleep(HEAD * 1.5)


def test_it_rests_longer_than_any_proxy_keeps_it():
    assert connections.KEEP_ALIVE_SECONDS > 120


async def test_headers_without_end_do_not_fill_the_memory(door, room):
    wire = await door.connect()
    wire.send("GET / HTTP/1.1\r\n" + "x: " + "y" * 70_000)
    assert await wire.head() == 431


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/rooms", "/callbacks/webhooks"])
async def test_a_body_that_does_not_end_is_given_up(door, room, path):
    wire = await door.connect()
    began = time.monotonic()
    wire.send(post(1000, path) + "name=")
    status = await wire.head()
    if status == 408:
        assert GAP * 0.9 < time.monotonic() - began < GAP * 4
    else:
        assert 400 <= status < 500, "refused without reading"
    assert await wire.is_closed()
    assert "Traceback" not in door.log


@pytest.mark.slow
async def test_a_body_that_comes_byte_by_byte_is_given_up(door, room):
    wire = await door.connect()
    began = time.monotonic()
    wire.send(post(60_000))
    while time.monotonic() - began < 10 and not wire.reader._buffer:  # noqa: SLF001  as above
        wire.send("a")
        await asyncio.sleep(0.1)
    assert await wire.head() == 408
    assert time.monotonic() - began < 3 * connections.BODY_SECONDS / HASTE


async def test_a_slow_upload_that_goes_on_is_let_go_on(door, room):
    """As fast as a bad line: more in all than any time-out, never quiet for long."""
    wire = await door.connect()
    body = b"name=" + b"a" * 30_000
    wire.send(post(len(body)))
    for start in range(0, len(body), 2_500):
        wire.send(body[start : start + 2_500])
        await asyncio.sleep(0.25)
    assert await wire.head() == 403, "read to its end: a form without its token"


UPLOADS = {
    "a form": post(5_000) + "name=a",
    "a file": post(50_000, kind="multipart/form-data; boundary=B")
    + '--B\r\ncontent-disposition: form-data; name="file"; filename="x.csv"\r\n\r\nday;amount\r\n',
    "JSON": post(500, "/api/v1/rooms", "application/json", authorization="Bearer {token}") + '{"name":',
    "what BigBlueButton tells": post(5_000, "/callbacks/webhooks") + "event=",
    "a page's request with a body": "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nabc",
}


@pytest.mark.parametrize("what", UPLOADS)
async def test_an_upload_that_is_broken_off_is_one_quiet_line(door, site, database, what):
    async with signed_in(site, await a_person(database)) as person:
        await person.open("/account/tokens")
        token = await make_token(database)
    before = len(door.log.splitlines())
    wire = await door.connect()
    wire.send(UPLOADS[what].replace("{token}", token))
    await asyncio.sleep(0.2)
    wire.writer.transport.abort()

    async def said():
        return len(door.log.splitlines()) > before

    await until(said, "a line of the log", within=5)
    await asyncio.sleep(0.2)
    lines = door.log.splitlines()[before:]
    assert len(lines) == 1, lines
    line = json.loads(lines[0])
    assert (line["event"], line["level"]) == ("request", "info")
    # JSON that ends in its middle is unreadable to the API, and nobody is told.
    assert line["status"] == {"JSON": 400, "a page's request with a body": 200}.get(what, 499)


async def make_token(database):
    from sqlalchemy import select

    from app.accounts.models import User
    from app.accounts.tokens import create_token

    async with database.transaction() as session:
        user = await session.scalar(select(User.id))
        return (await create_token(session, user, "a program", days=None)).secret


@pytest.mark.slow
@pytest.mark.parametrize("begun", ["", "GET / HTTP/1.1\r\nhost:", post(60_000) + "name=a"])
async def test_more_sockets_than_files_that_only_wait_do_not_shut_others_out(door, room, begun):
    """One visitor opens connections until no file is left, and keeps them."""
    for _number in range(FILES + 40):
        wire = await door.connect()
        wire.send(begun)
    for _time in range(5):
        assert await answers(door)
    lines = lines_of(door, "process.no_descriptors_left")
    assert 1 <= len(lines) <= 2, "one line a minute"
    assert lines[0]["most"] == FILES


@pytest.mark.slow
async def test_operators_are_told_that_no_file_was_left(door, site, database, room):
    for _number in range(FILES + 40):
        await door.connect()

    async def alerts():
        async with database.transaction() as session:
            return [alert.kind for alert in await open_alerts(session)]

    assert await until(alerts, "an alert", within=WRITE_EVERY + 10) == [Kind.FILES]
    async with signed_in(site, await a_person(database, "olu@example.org", is_operator=True)) as olu:
        await olu.open("/admin")
        assert "A process had no file descriptors left" in olu.words


async def test_the_limit_of_open_files_is_raised_to_what_is_allowed(door, room):
    assert psutil.Process(door.running.pid).rlimit(psutil.RLIMIT_NOFILE) == (FILES, FILES)


@pytest.mark.slow
async def test_streams_leave_files_for_pages(door, room):
    """Many browsers at many addresses: of the files the streams get their share, and pages are answered."""
    wires = await asyncio.gather(
        *(
            door.stream("/r/the-place/events", address=f"10.0.{n // 200}.{n % 200}", browser=f"browser-{n}")
            for n in range(380)
        )
    )
    assert [wire.status for wire in wires].count(200) == int(FILES * 0.7)
    assert {wire.status for wire in wires} == {200, 503}
    for _time in range(5):
        assert await answers(door)
