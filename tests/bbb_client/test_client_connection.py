"""How calls travel: the bytes that are sent, when an answer is given up, and what is known afterwards."""

import asyncio
import gzip

import httpx
import pytest
from answering import (
    OK,
    SERVER,
    answer_bytes,
    client_of,
    failed,
    failure_of,
    listening,
    raw_server,
    request_of,
    xml,
)

from bbb_client.client import BBBClient, Retries, Server, Timeouts
from bbb_client.documents import InlineDocument
from bbb_client.errors import Reason, Refused
from bbb_client.requests import CreateMeeting, JoinMeeting, Role
from bbb_client.signing import Algorithm, checksum

NO_MEETINGS = xml(f"{OK}<meetings/>")
CREATED = xml(f"{OK}<meetingID>r</meetingID><createTime>1717171717171</createTime>")
CREATE = CreateMeeting(meeting_id="r", name="Zoë's & co + 100 %", welcome="<b>Hi</b>\n~*()")


@pytest.mark.parametrize("algorithm", Algorithm)
async def test_what_is_signed_is_byte_for_byte_what_is_sent(algorithm: Algorithm) -> None:
    async with (
        raw_server(answer_bytes(CREATED)) as (address, seen),
        BBBClient(Server(address, "topsecret", algorithm)) as bbb,
    ):
        await bbb.create(CREATE)
    method, target, _ = seen[0][0].split(" ")
    path, _, query = target.partition("?")
    signed, _, found = query.rpartition("&checksum=")
    assert (method, path) == ("GET", "/bigbluebutton/api/create")
    assert signed == (
        "meetingID=r&name=Zo%C3%AB%27s+%26+co+%2B+100+%25&welcome=%3Cb%3EHi%3C%2Fb%3E%0A~%2A%28%29"
    )
    assert found == checksum("create", signed, "topsecret", algorithm)


async def test_a_body_is_posted_under_the_same_signed_address() -> None:
    request = CreateMeeting(meeting_id="r", name="A b", documents=[InlineDocument(name="a", content=b"x")])
    async with (
        raw_server(answer_bytes(CREATED)) as (address, seen),
        BBBClient(Server(address, "topsecret")) as bbb,
    ):
        await bbb.create(request)
    line, body = seen[0]
    assert line.startswith("POST /bigbluebutton/api/create?meetingID=r&name=A+b&checksum=")
    assert body == request.body()


async def test_a_built_address_is_what_a_browser_sends() -> None:
    join = JoinMeeting(full_name="Zoë 'n' *", meeting_id="r", role=Role.VIEWER)
    async with raw_server(answer_bytes(b"")) as (address, seen), httpx.AsyncClient() as browser:
        url = BBBClient(Server(address, "topsecret")).join_url(join)
        await browser.get(url)
    assert seen[0][0] == f"GET {url.removeprefix(address)} HTTP/1.1"


@pytest.mark.parametrize(
    ("answer", "reason", "sent", "status"),
    [
        (httpx.ConnectError("x"), Reason.UNREACHABLE, False, None),
        (httpx.ConnectTimeout("x"), Reason.TIMED_OUT, False, None),
        (httpx.PoolTimeout("x"), Reason.TIMED_OUT, False, None),
        (httpx.ReadTimeout("x"), Reason.TIMED_OUT, True, None),
        (httpx.WriteTimeout("x"), Reason.TIMED_OUT, True, None),
        (httpx.ReadError("x"), Reason.BROKEN_OFF, True, None),
        (httpx.WriteError("x"), Reason.BROKEN_OFF, True, None),
        (httpx.RemoteProtocolError("x"), Reason.BROKEN_OFF, True, None),
        (httpx.Response(500, content=NO_MEETINGS), Reason.SERVER_ERROR, True, 500),
        (httpx.Response(502), Reason.GATEWAY, True, 502),
        (httpx.Response(503, content=b"<html>No server is available</html>"), Reason.GATEWAY, True, 503),
        (httpx.Response(504, content=b"<html/>"), Reason.GATEWAY, True, 504),
        (httpx.Response(507), Reason.SERVER_ERROR, True, 507),
        (httpx.Response(204), Reason.UNEXPECTED_STATUS, True, 204),
        (httpx.Response(302), Reason.UNEXPECTED_STATUS, True, 302),
        (httpx.Response(404, content=b"<html/>"), Reason.NO_API, True, 404),
        (httpx.Response(401, content=b"checksum error"), Reason.NOT_LET_IN, True, 401),
        (httpx.Response(403, content=NO_MEETINGS), Reason.NOT_LET_IN, True, 403),
        (httpx.Response(403, content=b"<html>Forbidden</html>"), Reason.NOT_LET_IN, True, 403),
        (httpx.Response(407), Reason.NOT_LET_IN, True, 407),
        (httpx.Response(429, content=b"slow down"), Reason.UNEXPECTED_STATUS, True, 429),
        (b"<html>", Reason.UNREADABLE, True, 200),
        (b"<!DOCTYPE response><response/>", Reason.UNREADABLE, True, 200),
    ],
)
async def test_a_failure_says_why_and_whether_the_request_may_have_arrived(
    answer: object, reason: Reason, status: int | None, *, sent: bool
) -> None:
    bbb, _ = client_of(answer)
    failure = await failure_of(bbb.get_meetings())
    assert (failure.call, failure.reason, failure.sent, failure.status) == (
        "getMeetings",
        reason,
        sent,
        status,
    )
    assert str(failure) == f"getMeetings: {reason}" + (f" (HTTP {status})" if status else "")


async def test_a_failure_of_the_index_has_a_name_too() -> None:
    bbb, _ = client_of(httpx.ConnectError("x"))
    assert str(await failure_of(bbb.index())) == "index: no connection"


async def test_a_refusal_counts_whatever_status_it_comes_with() -> None:
    bbb, _ = client_of(httpx.Response(400, content=failed("invalidMeetingIdentifier")))
    with pytest.raises(Refused, match="invalidMeetingIdentifier"):
        await bbb.get_meetings()


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with listening(lambda _reader, writer: writer.close()) as address:
        pass
    async with BBBClient(Server(address, "topsecret"), retries=Retries(1)) as bbb:
        failure = await failure_of(bbb.create(CREATE))
    assert (failure.reason, failure.sent) == (Reason.UNREACHABLE, False)


async def test_a_connection_that_is_cut_may_have_carried_the_request() -> None:
    async with (
        listening(lambda _reader, writer: writer.close()) as address,
        BBBClient(Server(address, "topsecret"), retries=Retries(1)) as bbb,
    ):
        failure = await failure_of(bbb.create(CREATE))
    assert (failure.reason, failure.sent) == (Reason.BROKEN_OFF, True)


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time, without end."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.01)
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request, and answer after half a second."""
    await request_of(reader)
    await asyncio.sleep(0.5)
    writer.write(answer_bytes(CREATED))
    writer.close()


async def test_an_answer_that_trickles_in_is_given_up() -> None:
    async with (
        listening(dripping) as address,
        BBBClient(Server(address, "topsecret"), timeouts=Timeouts(whole=0.2)) as bbb,
    ):
        failure = await failure_of(bbb.get_meetings())
    assert (failure.reason, failure.sent) == (Reason.TIMED_OUT, True)


@pytest.mark.slow
async def test_create_may_take_longer_than_other_calls() -> None:
    async with (
        listening(silent) as address,
        BBBClient(Server(address, "topsecret"), timeouts=Timeouts(read=0.1, slow_read=5)) as bbb,
    ):
        failure = await failure_of(bbb.is_meeting_running("r"))
        assert (await bbb.create(CREATE)).meeting_id == "r"
    assert (failure.reason, failure.sent) == (Reason.TIMED_OUT, True)


async def test_a_redirect_is_not_followed() -> None:
    async with raw_server(answer_bytes(NO_MEETINGS)) as (other, followed):
        moved = answer_bytes(b"", "302 Found", f"Location: {other}/\r\n")
        async with raw_server(moved) as (address, seen), BBBClient(Server(address, "topsecret")) as bbb:
            failure = await failure_of(bbb.get_meetings())
    assert (failure.status, len(seen), followed) == (302, 1, [])


async def test_an_answer_as_large_as_the_limit_is_read_and_a_larger_one_is_left() -> None:
    bbb, _ = client_of(NO_MEETINGS, body_limit=len(NO_MEETINGS))
    assert await bbb.get_meetings() == ()
    bbb, _ = client_of(NO_MEETINGS + b" ", body_limit=len(NO_MEETINGS))
    failure = await failure_of(bbb.get_meetings())
    assert (failure.reason, failure.sent, failure.status) == (Reason.TOO_LARGE, True, 200)


async def test_an_endless_answer_is_left_at_the_limit() -> None:
    given = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal given
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b" " * 65536)
                given += 65536
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with listening(endless) as address, BBBClient(Server(address, "topsecret")) as bbb:
        failure = await failure_of(bbb.get_meetings())
    assert failure.reason is Reason.TOO_LARGE
    assert given < 64 * 2**20


async def test_a_packed_answer_is_refused_since_it_could_unfold_to_anything() -> None:
    packed = httpx.Response(
        200, stream=httpx.ByteStream(gzip.compress(NO_MEETINGS)), headers={"Content-Encoding": "gzip"}
    )
    bbb, asked = client_of(packed)
    assert (await failure_of(bbb.get_meetings())).reason is Reason.UNREADABLE
    assert asked[0].headers["Accept-Encoding"] == "identity"


async def test_calls_share_connections_and_no_session() -> None:
    lines: list[bytes] = []
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            lines.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer_bytes(NO_MEETINGS, headers="Set-Cookie: JSESSIONID=1; Path=/\r\n"))
        writer.close()

    async with listening(handle) as address, BBBClient(Server(address, "topsecret")) as bbb:
        await bbb.get_meetings()
        await bbb.get_meetings()
    assert (connections, len(lines)) == (1, 2)
    assert b"cookie" not in lines[1].lower()


async def test_a_client_is_closed_with_its_block() -> None:
    class Closing(httpx.AsyncBaseTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    transport = Closing()
    async with BBBClient(SERVER, transport=transport) as bbb:
        assert bbb.server is SERVER
        assert not transport.closed
    assert transport.closed
