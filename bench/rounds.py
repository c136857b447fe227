"""(f) the follow-up round over all running meetings, and (g) a thousand who wait and are told at the same moment."""

import asyncio
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
from bench.fill import IN_EACH, PLACES, Size
from bench.scenes import get

LISTENERS = 1_000
PATIENCE = 20.0
CHANGED = b'"changed"'


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
    """How long it took from the click until the first and until the last one was told, in seconds."""

    first: float
    last: float


class Listener(asyncio.Protocol):
    """A browser that waits: it keeps the stream of a room's news open."""

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.told: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        self.transport = transport
        transport.write(get(f"/r/{self._slug}/events"))

    def data_received(self, data: bytes) -> None:
        """News, or the sign that the stream is open."""
        if CHANGED in data and not self.told.done():
            self.told.set_result(time.perf_counter())
        elif b": here" in data and not self.open.done():
            self.open.set_result(None)


async def tell_all(port: int, slug: str, click: bytes) -> Told:
    """A thousand wait in a room, its host clicks: when is the first one told, and when the last?"""
    loop = asyncio.get_running_loop()
    listeners: list[Listener] = []
    for _number in range(LISTENERS):
        _transport, listener = await loop.create_connection(lambda: Listener(slug), "127.0.0.1", port)
        listeners.append(listener)
    await asyncio.wait_for(asyncio.gather(*(listener.open for listener in listeners)), PATIENCE)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    writer.write(click)
    status = (await reader.readline()).split(b" ")[1]
    if status != b"303":
        raise RuntimeError(f"the meeting was not started: {status!r}")
    told = await asyncio.wait_for(asyncio.gather(*(listener.told for listener in listeners)), PATIENCE)
    writer.close()
    for listener in listeners:
        listener.transport.close()
    return Told(min(told) - began, max(told) - began)
