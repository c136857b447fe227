"""How a call is carried to one server: connections, time-outs, repeated attempts, and what counts as an answer."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx

from bbb_client.elements import Element, Unreadable
from bbb_client.errors import CouldNotAsk, Reason, Refused, scrubbed, scrubbed_key
from bbb_client.reply import json_reply, xml_reply
from bbb_client.server import Server
from bbb_client.transport import QUERY, Signing

Result = TypeVar("Result")

BODY_LIMIT = 16 * 2**20
"""Bytes of an answer; getMeetings of a thousand people is about 0.5 MB."""

LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each phase of one attempt may take, in seconds.

    `slow_read` is for create, which may wait for slides to be fetched, and getRecordings, which searches a disk
    (pitfalls 11 and 17). `whole` ends an attempt whose answer trickles in.
    """

    connect: float = 3
    write: float = 10
    read: float = 10
    slow_read: float = 60
    pool: float = 5
    whole: float = 90


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call that may be repeated is tried, and the seconds before the second attempt.

    Each further wait is twice as long, and all are shaken by half, so that many callers do not come back at once.
    """

    attempts: int = 3
    wait: float = 0.2

    def wait_after(self, attempt: int) -> float:
        """Give the seconds to wait after the attempt of that number, which starts at 1."""
        return self.wait * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret


@dataclass(frozen=True, slots=True)
class Body:
    """What a POST carries."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made. `signed` is false for the index and for calls by session token (section 1.1).

    `repeatable`: asking twice does the same as asking once, so a lost answer may be asked for again.
    """

    name: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = None
    signed: bool = True
    repeatable: bool = False
    slow: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes


class Connection:
    """Everything between a call and its answer, for one server; close it when done."""

    def __init__(
        self,
        server: Server,
        *,
        timeouts: Timeouts,
        retries: Retries,
        body_limit: int,
        transport: httpx.AsyncBaseTransport | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.server = server
        self._timeouts = timeouts
        self._retries = retries
        self._body_limit = body_limit
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            transport=Signing(transport or httpx.AsyncHTTPTransport(limits=LIMITS)),
            # Packed answers would have to be unpacked before their size is known.
            headers={"Accept-Encoding": "identity", "User-Agent": "bbb_client"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # calls must not share a session
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def xml(self, call: Call, read: Callable[[Element], Result]) -> Result:
        """Make a call that is answered in XML; raises CouldNotAsk, Refused or TooLong."""
        return await self._ask(call, lambda content: read(xml_reply(content)))

    async def json(self, call: Call, read: Callable[[Mapping[str, Any]], Result]) -> Result:
        """Make a call that is answered in JSON; raises CouldNotAsk, Refused or TooLong."""
        return await self._ask(call, lambda content: read(json_reply(content)))

    async def _ask(self, call: Call, read: Callable[[bytes], Result]) -> Result:
        """Make the call and read its answer."""
        answer = await self._answer(call)
        try:
            result = read(answer.content)
        except Refused as refused:
            secret = self.server.secret
            message = scrubbed(refused.message, secret)
            raise Refused(call.name, scrubbed_key(refused.key, secret), message) from None
        except Unreadable:
            reason = _PAGES.get(answer.status, Reason.UNEXPECTED_STATUS)
            raise CouldNotAsk(call.name, reason, sent=True, status=answer.status) from None
        if answer.status != HTTPStatus.OK:  # a proxy's page in disguise: success has status 200
            reason = _PAGES.get(answer.status, Reason.UNEXPECTED_STATUS)
            raise CouldNotAsk(call.name, reason, sent=True, status=answer.status)
        return result

    async def _answer(self, call: Call) -> _Answer:
        """Get an answer, trying again where that is safe and may help."""
        query = self.server.query(call.name, call.params, signed=call.signed)
        sent, attempt = False, 1
        while True:
            try:
                return await self._attempt(call, query)
            except CouldNotAsk as error:
                # What an earlier attempt may have done stays true, however this one failed.
                sent = error.sent = sent or error.sent
                if attempt >= self._retries.attempts or not (call.repeatable and error.reason in _PASSING):
                    raise
            await self._sleep(self._retries.wait_after(attempt))
            attempt += 1

    async def _attempt(self, call: Call, query: str) -> _Answer:
        """Send the request once; raises CouldNotAsk with what is known about how far it came."""
        try:
            async with asyncio.timeout(self._timeouts.whole):
                return await self._exchange(call, query)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise CouldNotAsk(call.name, Reason.TIMED_OUT, sent=False) from None
        except (TimeoutError, httpx.TimeoutException):
            raise CouldNotAsk(call.name, Reason.TIMED_OUT, sent=True) from None
        except httpx.ConnectError:
            raise CouldNotAsk(call.name, Reason.UNREACHABLE, sent=False) from None
        except httpx.HTTPError:
            raise CouldNotAsk(call.name, Reason.BROKEN_OFF, sent=True) from None

    async def _exchange(self, call: Call, query: str) -> _Answer:
        """Send the request and take in its answer, as far as the limit."""
        request = self._http.build_request(
            "POST" if call.body else "GET",
            self.server.address(call.name),
            content=call.body.content if call.body else None,
            headers={"Content-Type": call.body.content_type} if call.body else None,
            timeout=self._phases(call),
            extensions={QUERY: query},
        )
        response = await self._http.send(request, stream=True)
        try:
            _check_status(call, response)
            return _Answer(response.status_code, await self._content(call, response))
        finally:
            await response.aclose()

    async def _content(self, call: Call, response: httpx.Response) -> bytes:
        """Read the answer piece by piece, so that one that is too large is left before it fills the memory."""
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > self._body_limit:
                raise CouldNotAsk(call.name, Reason.TOO_LARGE, sent=True, status=response.status_code)
        return bytes(content)

    def _phases(self, call: Call) -> httpx.Timeout:
        """Write the time-outs of a call the way httpx wants them."""
        limits = self._timeouts
        read = limits.slow_read if call.slow else limits.read
        return httpx.Timeout(read, connect=limits.connect, write=limits.write, pool=limits.pool)


class Calls:
    """What every part of the client stands on: the connection it asks over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


# What may have passed a moment later. Not a time-out: a slow server is not helped by being asked again.
_PASSING = {Reason.UNREACHABLE, Reason.BROKEN_OFF, Reason.SERVER_ERROR, Reason.GATEWAY}

# What a status means that comes with something else than an answer of the API.
_PAGES: Mapping[int, Reason] = {
    HTTPStatus.OK: Reason.UNREADABLE,
    HTTPStatus.UNAUTHORIZED: Reason.NOT_LET_IN,
    HTTPStatus.FORBIDDEN: Reason.NOT_LET_IN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: Reason.NOT_LET_IN,
    HTTPStatus.NOT_FOUND: Reason.NO_API,
    HTTPStatus.METHOD_NOT_ALLOWED: Reason.NO_API,
    HTTPStatus.BAD_GATEWAY: Reason.GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE: Reason.GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT: Reason.GATEWAY,
}


def _check_status(call: Call, response: httpx.Response) -> None:
    """Let through what may hold an answer of the API: 200, and 4xx, with which some balancers refuse (5)."""
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise CouldNotAsk(call.name, _PAGES.get(status, Reason.SERVER_ERROR), sent=True, status=status)
    if status != HTTPStatus.OK and status < HTTPStatus.BAD_REQUEST:  # redirects are not followed
        raise CouldNotAsk(call.name, Reason.UNEXPECTED_STATUS, sent=True, status=status)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise CouldNotAsk(call.name, Reason.UNREADABLE, sent=True, status=status)
