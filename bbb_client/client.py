"""The client of one BigBlueButton server: every call of its API as a method."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx

from bbb_client.connection import BODY_LIMIT, Connection, Retries, Timeouts
from bbb_client.hook_calls import HookCalls
from bbb_client.meeting_calls import MeetingCalls
from bbb_client.recording_calls import RecordingCalls
from bbb_client.server import Server
from bbb_client.session_calls import SessionCalls

__all__ = ["BBBClient", "Retries", "Server", "Timeouts"]


class BBBClient(MeetingCalls, RecordingCalls, SessionCalls, HookCalls):
    """Asks one server, over one pool of connections: `async with BBBClient(Server(url, secret)) as bbb: ...`.

    Every method but `join_url` goes over the network and raises CouldNotAsk (nothing is known), Refused (the
    server said no) or TooLong (not sent). Reads, `create` and `end` are repeated where a connection broke or the
    server failed. `transport` replaces the network (a proxy, a test), `sleep` the waiting between attempts,
    `body_limit` is the largest answer in bytes.
    """

    def __init__(
        self,
        server: Server,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        body_limit: int = BODY_LIMIT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(
            Connection(
                server,
                timeouts=timeouts or Timeouts(),
                retries=retries or Retries(),
                body_limit=body_limit,
                transport=transport,
                sleep=sleep,
            )
        )

    @property
    def server(self) -> Server:
        """The server that is asked."""
        return self._connection.server

    async def aclose(self) -> None:
        """Close all connections; the client cannot be used after."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
