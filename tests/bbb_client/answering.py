"""Servers that answer what a test tells them to: one in memory, one on a real socket that keeps the raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bbb_client.client import BBBClient
from bbb_client.errors import CouldNotAsk
from bbb_client.server import Server

SECRET = "topsecret"
SERVER = Server("https://bbb.example", SECRET)
OK = "<returncode>SUCCESS</returncode>"
Asked = list[httpx.Request]


def xml(content: str) -> bytes:
    return f"<response>{content}</response>".encode()


def failed(key: str, message: str = "No.") -> bytes:
    return xml(f"<returncode>FAILED</returncode><messageKey>{key}</messageKey><message>{message}</message>")


def client_of(*answers: Any, **settings: Any) -> tuple[BBBClient, Asked]:
    """A client whose server gives these answers in turn, the last one for ever, and what it was asked.

    An answer is bytes, a response, or an exception that the network raises.
    """
    asked: Asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, content=answer)

    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    settings = {"sleep": at_once, "transport": httpx.MockTransport(handle), **settings}
    return BBBClient(settings.pop("server", SERVER), **settings), asked


async def failure_of(asking: Awaitable[object]) -> CouldNotAsk:
    """The error that a call must end with."""
    with pytest.raises(CouldNotAsk) as failure:
        await asking
    return failure.value


def sent(asked: Asked) -> dict[str, str]:
    """The parameters of the last request, without the checksum."""
    params = dict(asked[-1].url.params)
    params.pop("checksum", None)
    return params


def answer_bytes(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """A server on a loopback socket, as an address."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        await server.wait_closed()


async def request_of(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The request line and the body of the request that arrives."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    return head.split(b"\r\n", 1)[0].decode(), await reader.readexactly(length)


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that gives one answer to every connection, and the requests it read, byte for byte."""
    seen: list[tuple[str, bytes]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with listening(handle) as address:
        yield address, seen
