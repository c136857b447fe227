"""Browsers behind a proxy: many pages share a few kept connections, and each comes from an address of its own."""

import asyncio
from typing import Any

import httptools

KEPT = 48  # connections of the proxy


class Exchange(asyncio.Protocol):
    """One kept connection of the proxy's: one request at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: Any) -> None:
        """It is open."""
        self.transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; 0 if the connection broke."""
        self._parser, self._body = httptools.HttpResponseParser(self), bytearray()
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body += body

    def on_message_complete(self) -> None:
        """All of it."""
        if self._answer and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))

    def connection_lost(self, _error: Exception | None) -> None:
        """It broke."""
        if self._answer and not self._answer.done():
            self._answer.set_result((0, b""))


class Proxy:
    """Kept connections that all pages share, as behind nginx."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: asyncio.LifoQueue[Exchange | None] = asyncio.LifoQueue()
        for _number in range(KEPT):
            self._free.put_nowait(None)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """One request over a connection that is free."""
        exchange = await self._free.get()
        try:
            if exchange is None or exchange.transport.is_closing():
                _transport, exchange = await asyncio.get_running_loop().create_connection(
                    Exchange, "127.0.0.1", self._port
                )
            return await exchange.ask(request)
        finally:
            self._free.put_nowait(exchange)


def forwarded(number: int, request: bytes) -> bytes:
    """The request of a browser as the proxy hands it on: from an address of its own."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return request.replace(b"\r\n", f"\r\nx-forwarded-for: {address}\r\n".encode(), 1)
