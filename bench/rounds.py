"""(f) the follow-up round over all running meetings, and (g) a thousand who wait, are told and look."""

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from sqlalchemy import event

from app.db import Database
from app.meetings.following import follow
from app.servers.pool import Servers
from app.settings import Settings
from bbb_client.requests import CreateMeeting
from bench.browsers import Proxy, forwarded
from bench.fill import IN_EACH, PLACES, Size
from bench.scenes import get

LISTENERS = 1_000
PATIENCE = 40.0
CHANGED = re.compile(rb'data: (\{"changed".*\})')
OK = 200


@dataclass(frozen=True)
class Round:
    """One round: seconds it took, of those for BBB's answer, and its statements."""

    seconds: float
    answer: float
    statements: int


async def tell_simulator(settings: Settings, size: Size) -> None:
    """Let the simulator have the meetings of the database, with the same people in them."""
    servers = Servers(settings)
    control = settings.bbb_url.removesuffix("/bigbluebutton") + "/sim/"
    rows = []
    async with servers.connected(), httpx.AsyncClient(base_url=control, trust_env=False) as simulator:
        for number in range(1, size.running + 1):
            made = await servers.client.create(
                CreateMeeting(
                    meeting_id=f"gh-running-{number}",
                    name="Assembly",
                    duration_minutes=1440,
                    max_participants=PLACES,
                )
            )
            rows.append((made.create_time, f"gh-running-{number}"))
            for person in range(1, IN_EACH + 1):
                wanted = {"meetingID": f"gh-running-{number}", "userID": f"p-{number}-{person}"}
                (await simulator.post("connect", json=wanted)).raise_for_status()
    with psycopg.connect(settings.dsn()) as connection:
        connection.cursor().executemany("UPDATE meetings SET create_time = %s WHERE external_id = %s", rows)


async def rounds(settings: Settings, runs: int) -> list[Round]:
    """Rounds as the worker makes them; in each of them somebody has come to, or left, every meeting."""
    database, servers, found = Database(settings), Servers(settings), []
    said: list[str] = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: said.append(statement),
    )
    async with servers.connected():
        await follow(database, servers)
        for _run in range(runs):
            with psycopg.connect(settings.dsn(), autocommit=True) as connection:
                # Somebody was away at the last look: the round has news of every meeting.
                connection.execute("UPDATE attendances SET present = false WHERE participant LIKE 'p-%-2'")
                connection.execute(
                    "UPDATE meetings SET people_now = 9, counted_at = NULL WHERE state = 'running'"
                )
            said.clear()
            began = time.perf_counter()
            await servers.client.get_meetings()
            asked = time.perf_counter()
            await follow(database, servers)
            found.append(Round(time.perf_counter() - asked, asked - began, len(said)))
    await database.close()
    return found


@dataclass(frozen=True)
class Told:
    """How long it took from the click until the first and the last one was told, and had their page, in seconds."""

    first: float
    last: float
    looked: float


class Listener(asyncio.Protocol):
    """A browser that waits: it keeps the stream of a room's news open, and fetches the page when there is some."""

    def __init__(self, proxy: Proxy, number: int, slug: str) -> None:
        self._proxy, self._number, self._slug = proxy, number, slug
        loop = asyncio.get_running_loop()
        self.open: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[float] = loop.create_future()
        self.looked: asyncio.Future[float] = loop.create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        self.transport = transport
        events = get(f"/r/{self._slug}/events?for=waiting", f"browser=listener-{self._number}")
        transport.write(forwarded(self._number, events))

    def data_received(self, data: bytes) -> None:
        """News, or the sign that the stream is open."""
        if (news := CHANGED.search(data)) and not self.told.done():
            self.told.set_result(time.perf_counter())
            self._looking = asyncio.ensure_future(self._look(json.loads(news[1])["spread"] / 1000))
        elif b": here" in data and not self.open.done():
            self.open.set_result(None)

    async def _look(self, spread: float) -> None:
        await asyncio.sleep(random.random() * spread)  # noqa: S311  a wait
        page = get(f"/r/{self._slug}", f"browser=listener-{self._number}")
        status, _body = await self._proxy.ask(forwarded(self._number, page))
        if status != OK:
            raise RuntimeError(f"a page that waits was answered {status}")
        self.looked.set_result(time.perf_counter())


async def tell_all(port: int, slug: str, click: bytes) -> Told:
    """A thousand wait in a room, its host clicks: when is the first told, when the last, when do all know more?"""
    loop, proxy = asyncio.get_running_loop(), Proxy(port)
    listeners: list[Listener] = []
    for number in range(LISTENERS):
        _transport, listener = await loop.create_connection(
            lambda number=number: Listener(proxy, number, slug),  # type: ignore[misc]  # a default of a lambda
            "127.0.0.1",
            port,
        )
        listeners.append(listener)
    await asyncio.wait_for(asyncio.gather(*(listener.open for listener in listeners)), PATIENCE)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    writer.write(click)
    status = (await reader.readline()).split(b" ")[1]
    if status != b"303":
        raise RuntimeError(f"the meeting was not started: {status!r}")
    told = await asyncio.wait_for(asyncio.gather(*(listener.told for listener in listeners)), PATIENCE)
    looked = await asyncio.wait_for(asyncio.gather(*(listener.looked for listener in listeners)), PATIENCE)
    writer.close()
    for listener in listeners:
        listener.transport.close()
    return Told(min(told) - began, max(told) - began, max(looked) - began)
