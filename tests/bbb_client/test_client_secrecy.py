"""Secrets, checksums, tokens and addresses appear in no error, no traceback, no log and no repr."""

import logging
import re
import traceback
from collections.abc import Awaitable

import httpx
import pytest
from answering import SECRET, answer_bytes, client_of, raw_server, xml

from bbb_client.client import BBBClient, Retries, Server
from bbb_client.connection import Body, Call
from bbb_client.errors import BBBError, CouldNotAsk, Refused, scrubbed, scrubbed_key
from bbb_client.requests import CreateMeeting, GetJoinUrl, JoinMeeting, Role

HIDDEN = re.compile(
    rf"{SECRET}|[0-9a-f]{{40}}|(checksum|sessionToken)=\w|bbb\.example|127\.0\.0\.1|tok-en", re.IGNORECASE
)
SIGNED = f"https://bbb.example/bigbluebutton/api/create?name=x&checksum={'ab' * 32}"
ECHO = f"<returncode>FAILED</returncode><messageKey>e</messageKey><message>{{}} {SECRET}</message>"


async def caught(asking: Awaitable[object]) -> BBBError:
    try:
        await asking
    except BBBError as error:
        return error
    raise AssertionError("it succeeded")


def everything_about(error: BaseException) -> str:
    """All that a log could show of an error: traceback with causes, str, repr and its attributes."""
    return "".join(traceback.format_exception(error)) + f"{error!r}{vars(error)}"


def raised_by_httpx(kind: type[httpx.TransportError]) -> httpx.TransportError:
    return kind(f"failed for {SIGNED}", request=httpx.Request("GET", SIGNED))


@pytest.mark.parametrize(
    "answer",
    [
        *(
            raised_by_httpx(kind)
            for kind in (
                httpx.ConnectError,
                httpx.ConnectTimeout,
                httpx.ReadTimeout,
                httpx.ReadError,
                httpx.RemoteProtocolError,
            )
        ),
        httpx.Response(302, headers={"Location": SIGNED}),
        httpx.Response(404, content=SIGNED.encode()),
        httpx.Response(500, content=SIGNED.encode()),
        SIGNED.encode(),
        b"<!DOCTYPE x SYSTEM '" + SIGNED.encode() + b"'><x/>",
        xml(ECHO.format(SIGNED.replace("&", "&amp;"))),
        xml(ECHO.format("checksum=abc, sessionToken=tok-en, " + "0A" * 20)),
        xml(f"<returncode>FAILED</returncode><messageKey>{SECRET}</messageKey>"),
    ],
)
async def test_no_error_tells_more_than_the_call_and_the_reason(answer: object) -> None:
    bbb, asked = client_of(answer)
    for asking in (bbb.create(CreateMeeting(meeting_id="r", name="x")), bbb.get_meetings()):
        error = await caught(asking)
        assert isinstance(error, CouldNotAsk | Refused)
        assert not HIDDEN.search(everything_about(error))
    assert HIDDEN.search(str(asked[0].url))


async def test_no_error_tells_a_session_token() -> None:
    bbb, asked = client_of(raised_by_httpx(httpx.ReadError))
    error = await caught(bbb.get_join_url(GetJoinUrl(session_token="tok-en")))
    assert not HIDDEN.search(everything_about(error))
    assert HIDDEN.search(str(asked[0].url))


async def test_a_request_that_is_too_long_is_refused_without_its_words() -> None:
    bbb, _ = client_of(b"")
    error = await caught(bbb.create(CreateMeeting(meeting_id="r", name="x", welcome="bbb.example " * 999)))
    assert not HIDDEN.search(everything_about(error))


async def test_the_error_that_httpx_raised_does_not_hold_the_signed_address() -> None:
    bbb, _ = client_of(httpx.ConnectError("x"))
    error = await caught(bbb.get_meetings())
    assert isinstance(error.__context__, httpx.ConnectError)
    assert error.__suppress_context__
    assert error.__context__.request.url.query == b""


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "500 Oops"])
async def test_no_log_at_any_level_shows_a_signature(caplog: pytest.LogCaptureFixture, status: str) -> None:
    caplog.set_level(logging.DEBUG)
    # The simulator's command line, which other tests run in this process, makes httpx quieter.
    caplog.set_level(logging.DEBUG, logger="httpx")
    answer = answer_bytes(b"", status, f"Location: {SIGNED}\r\nX-Again: ?sessionToken=tok-en\r\n")
    async with (
        raw_server(answer) as (address, seen),
        BBBClient(Server(address, SECRET), retries=Retries(1)) as bbb,
    ):
        await caught(bbb.get_meetings())
        await caught(bbb.stuns("tok-en"))
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "receive_response_headers.complete" in logged
    assert "HTTP Request: GET" in logged
    assert not re.search(rf"{SECRET}|checksum=|sessionToken=|tok-en", logged)
    assert "checksum=" in seen[0][0]


def test_no_repr_shows_what_a_call_carries() -> None:
    call = Call("create", {"x": SECRET}, body=Body(SECRET.encode(), "text/plain"))
    client = BBBClient(Server("other.example", SECRET))
    join = JoinMeeting(full_name="x", meeting_id="r", role=Role.VIEWER, logout_url=f"https://a/{SECRET}")
    assert not HIDDEN.search(f"{call!r} {client!r} {vars(client)!r} {join!r}")


@pytest.mark.parametrize(
    ("said", "repeated"),
    [
        ("Room 7 is full.", "Room 7 is full."),
        ("See HTTPS://h/x?a=1 now", "See [address] now"),
        ("wss://h", "[address]"),
        ("got checksum=12ab&x=1", "got [token]&x=1"),
        ("for " + "aB" * 20, "for [hash]"),
        ("with the s3cret", "with the [secret]"),
        ("x" * 600, "x" * 500),
    ],
)
def test_a_servers_sentence_is_repeated_without_what_must_stay_hidden(said: str, repeated: str) -> None:
    assert scrubbed(said, "s3cret") == repeated


@pytest.mark.parametrize("secret", ["not", "notFound-and-more", "Found", "o", "Meeting", "s3cret"])
def test_a_message_key_is_never_redacted(secret: str) -> None:
    for key in ("notFound", "idNotUnique", "Params required", "upload_text_track_success", "a-new-key"):
        assert scrubbed_key(key, secret) == key


@pytest.mark.parametrize("key", ["s3cret", "a" * 49, "checksum=" + "0" * 40, "0" * 40, "see https://h/?x=1"])
def test_what_is_no_message_key_is_cleaned_like_a_sentence(key: str) -> None:
    assert scrubbed_key(key, "s3cret") == scrubbed(key, "s3cret")


async def test_a_secret_that_spells_a_part_of_a_key_changes_no_decision() -> None:
    refusal = "<returncode>FAILED</returncode><messageKey>notFound</messageKey><message>not here</message>"
    client, _ = client_of(xml(refusal), server=Server("https://bbb.test", "not"))
    async with client:
        error = await caught(client.get_meeting_info("room-1"))
    assert isinstance(error, Refused)
    assert error.not_found
    assert error.message == "[secret] here"
