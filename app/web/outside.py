"""Asking addresses that people have typed: over https, at public ones, briefly, and never reading on for ever."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from app.settings import Settings
from app.trust import trust_of

MOST_BYTES = 256_000
SECONDS = 8.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# What is given out on the internet; outside of it are, among others, all gateways from IPv6 to an IPv4 address
# (RFC 4291, RFC 6052) but 6to4 and Teredo.
GIVEN_OUT = ip_network("2000::/3")
PROTOCOLS = ip_network("192.0.0.0/24")  # "global" in part, and no host of anybody (RFC 6890)


class OutsideError(Exception):
    """The address may not be asked, or does not answer as it should. What was answered is nobody's to see."""


def is_askable(settings: Settings, url: str) -> bool:
    """Whether the address has a shape that we ask: https, a host, no password and no fragment in it.

    Where the operator lets private addresses be asked, this very machine may be asked without TLS.
    """
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = settings.private_providers and parts.scheme == "http" and parts.hostname in LOOPBACK
    has_more = bool(parts.username or parts.password or parts.fragment)
    return (parts.scheme == "https" or plain) and bool(parts.hostname) and port_is_fine and not has_more


@asynccontextmanager
async def outside(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client for such addresses, for one errand of at most eight seconds. Raises OutsideError."""
    transport = _Vetted(settings)
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                transport=transport,
                # No redirects: what is behind one was typed by nobody. No proxy of the environment.
                follow_redirects=False,
                trust_env=False,
                timeout=SECONDS / 2,
                headers={"accept": "application/json", "accept-encoding": "identity"},
            ) as client,
        ):
            yield client
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise OutsideError(type(error).__name__) from error


class _Vetted(httpx.AsyncBaseTransport):
    """Looks a host up itself and connects to the very address it has looked at: a name cannot change in between."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._inner = httpx.AsyncHTTPTransport(verify=trust_of(settings), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        if not is_askable(self._settings, str(request.url)):
            raise OutsideError("address")
        host = request.url.host
        failure: httpx.ConnectError | None = None
        for address in await self._addresses(host, request.url.port or 443):
            try:
                answer = await self._inner.handle_async_request(_at(request, address, host))
            except httpx.ConnectError as error:
                failure = error
                continue
            return _bounded(answer)
        raise failure or OutsideError("unknown host")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise OutsideError("unknown host") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        # One private address among public ones is a trick.
        if not self._settings.private_providers and not all(is_public(address) for address in addresses):
            raise OutsideError("private address")
        return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and leads to no other kind."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found.sixtofour or found.teredo or found not in GIVEN_OUT:
            return False
    return found.is_global and not found.is_multicast and found not in PROTOCOLS


def _at(request: httpx.Request, address: str, host: str) -> httpx.Request:
    """The same request to an address; the certificate is still checked against the host's name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _bounded(answer: httpx.Response) -> httpx.Response:
    if answer.headers.get("content-encoding", "identity") != "identity":
        # Not asked for: a few bytes could unfold into gigabytes.
        raise OutsideError("compressed")
    assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101  what an asynchronous transport gives
    return httpx.Response(
        answer.status_code,
        headers=answer.headers,
        stream=_Bounded(answer.stream),
        extensions=answer.extensions,
    )


class _Bounded(httpx.AsyncByteStream):
    """The body, as long as it is not larger than anything that is asked for."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES:
                raise OutsideError("too large")
            yield chunk

    async def aclose(self) -> None:
        """Close the connection behind it."""
        await self._stream.aclose()
