"""The clients that speak to the BBB servers: one a server and process, each with its own connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.servers.models import Server
from app.settings import Settings
from app.trust import trust_of
from bbb_client.client import BBBClient
from bbb_client.connection import LIMITS
from bbb_client.server import Server as Address
from bbb_client.signing import Algorithm


class Servers:
    """The BBB servers this site may use. Today one, from the settings; its row gives it a number."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.bbb_url
        self.client = BBBClient(
            Address(
                settings.bbb_url, settings.bbb_secret.get_secret_value(), Algorithm(settings.bbb_algorithm)
            ),
            transport=httpx.AsyncHTTPTransport(limits=LIMITS, verify=trust_of(settings)),
        )
        self._id: int | None = None
        self.site_name = settings.site_name
        # Older servers cannot write into a chat: found out once a process, not asked for each meeting.
        self.lacks_chat = False
        # Whether it tells of events by itself; None: not known yet.
        self.has_webhooks: bool | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Servers"]:
        """Keep the connections for as long as the block lasts."""
        async with self.client:
            yield self

    async def choose(self, database: Database) -> int:
        """The number of the server that the next meeting is made on.

        In a transaction of its own, and remembered only once that is committed: a number that was rolled back
        would be no server's.
        """
        if self._id is None:
            async with database.transaction() as session:
                number = await _number_of(session, self._url)
            self._id = number
        return self._id


async def _number_of(session: AsyncSession, url: str) -> int:
    await session.execute(insert(Server).values(url=url).on_conflict_do_nothing())
    found = await session.scalar(select(Server.id).where(Server.url == url))
    assert found is not None  # noqa: S101  it was there or has just been inserted
    return found


# A coroutine, though nothing in it waits: FastAPI hands anything else to a thread.
async def get_servers(request: Request) -> Servers:
    """The process's servers."""
    servers: Servers = request.app.state.servers
    return servers


BBBServers = Annotated[Servers, Depends(get_servers)]
