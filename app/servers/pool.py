"""The clients that speak to the BBB servers: one a server and process, each with its own connections."""

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.errors import UnavailableError
from app.i18n import lazy
from app.servers.addresses import is_same_server
from app.servers.models import Server
from app.settings import Settings
from app.trust import trust_of
from bbb_client.client import BBBClient
from bbb_client.connection import LIMITS
from bbb_client.server import Server as Address
from bbb_client.signing import Algorithm

# An operator may say at any time that two addresses are one server's (`renaming`): processes see it this soon.
READ_EVERY = 30.0  # seconds


class NotSetUpError(UnavailableError):
    """What is asked for is on a server that is not in the settings: nothing is known of it, nothing can be done."""

    code = "conference_server_not_set_up"
    title = lazy("This meeting’s server isn’t connected")
    message = lazy(
        "The meeting is on a server that this site isn’t connected to at the moment. Nothing is lost: try again "
        "later, or ask the people who run this site."
    )


class BBB:
    """One server as this process speaks to it; whatever has a row asks the server of its row (`Servers.of`)."""

    def __init__(self, address: Address, trust: ssl.SSLContext) -> None:
        self.client = BBBClient(address, transport=httpx.AsyncHTTPTransport(limits=LIMITS, verify=trust))
        self.secret = address.secret
        self.id = 0
        """the number of its row; 0 as long as the rows were not read"""
        self.ids: frozenset[int] = frozenset()
        """that, and the numbers of other addresses that an operator has said are its own"""
        self.lacks_chat = False
        """older servers cannot write into a chat: found out once a process, not asked for each meeting"""
        self.has_webhooks: bool | None = None
        """whether it tells of events by itself; None: not known yet"""


class Servers:
    """The BBB servers that the settings name: today one. Each has a row, and a row's number scopes what is on it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.bbb_url
        secret, algorithm = settings.bbb_secret.get_secret_value(), Algorithm(settings.bbb_algorithm)
        self._main = BBB(Address(settings.bbb_url, secret, algorithm), trust_of(settings))
        self._rows: Mapping[int, BBB] = {}
        self._read_at = 0.0
        self.site_name = settings.site_name

    @property
    def client(self) -> BBBClient:
        """The client of the server that new meetings are made on."""
        return self._main.client

    @client.setter
    def client(self, client: BBBClient) -> None:
        self._main.client = client

    @property
    def set_up(self) -> list[BBB]:
        """Every server of the settings; only `all` sees to it that their rows are known."""
        return [self._main]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Servers"]:
        """Keep the connections for as long as the block lasts."""
        async with self.client:
            yield self

    def forget_rows(self) -> None:
        """Read the rows again before the next use: what a new process begins with."""
        self._rows, self._read_at = {}, 0.0

    async def choose(self, database: Database) -> BBB:
        """The server that the next meeting is made on. It has a row, in a transaction of its own."""
        (chosen,) = await self.all(database)
        return chosen

    async def all(self, database: Database) -> list[BBB]:
        """Every server of the settings, each with the number of its row, which is made if there is none.

        Numbers are remembered only once they are committed: one that was rolled back would be no server's.
        """
        if not self._is_fresh or not self._main.ids:
            async with database.transaction() as session:
                rows = await _rows_of(session, self._url) or await _new_row(session, self._url)
            self._remember(rows)
        return self.set_up

    async def of(self, session: AsyncSession, server_id: int) -> BBB:
        """The server with this row, for what is on it; NotSetUpError if the settings do not have it."""
        if not self._is_fresh or server_id not in self._rows:
            self._remember(await _rows_of(session, self._url))
        found = self._rows.get(server_id)
        if found is None:
            raise NotSetUpError
        return found

    @property
    def _is_fresh(self) -> bool:
        return bool(self._read_at) and time.monotonic() - self._read_at < READ_EVERY

    def _remember(self, rows: list[int]) -> None:
        self._main.id, self._main.ids = (rows[0] if rows else 0), frozenset(rows)
        self._rows = dict.fromkeys(rows, self._main)
        self._read_at = time.monotonic()


async def _rows_of(session: AsyncSession, url: str) -> list[int]:
    """The rows of the server at an address: its own first, then its other addresses. None yet: empty."""
    columns = Server.id, Server.url, Server.same_as
    rows = (await session.execute(select(*columns).order_by(Server.id))).all()
    roots = [row.same_as or row.id for row in rows if is_same_server(row.url, url)]
    if not roots:
        return []
    # Of rows that differ in how the address is written only, the oldest counts.
    root = min(roots)
    return [root, *(row.id for row in rows if row.id != root and (row.same_as or row.id) in roots)]


async def _new_row(session: AsyncSession, url: str) -> list[int]:
    await session.execute(insert(Server).values(url=url).on_conflict_do_nothing())
    return await _rows_of(session, url)


# A coroutine, though nothing in it waits: FastAPI hands anything else to a thread.
async def get_servers(request: Request) -> Servers:
    """The process's servers."""
    servers: Servers = request.app.state.servers
    return servers


BBBServers = Annotated[Servers, Depends(get_servers)]
