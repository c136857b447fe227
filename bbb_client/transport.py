"""Keeps signatures beneath httpx: neither its logs nor its errors ever see a signed address."""

import logging

import httpx

from bbb_client.errors import without_tokens

QUERY = "bbb_client.query"
"""The extension of a request that carries its query string, signed."""


class Signing(httpx.AsyncBaseTransport):
    """Puts the query on the request beneath httpx's client, which logs addresses and keeps them in its errors."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with its query; httpx's client keeps the one without."""
        query = str(request.extensions[QUERY]).encode()
        return await self._transport.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(query=query or None),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        """Close what is beneath."""
        await self._transport.aclose()


def _redact(record: logging.LogRecord) -> bool:
    """Clean what httpcore logs while debugging: a redirect's header repeats the address with its checksum."""
    record.msg = without_tokens(str(record.msg))
    return True


logging.getLogger("httpcore.http11").addFilter(_redact)
