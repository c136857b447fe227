"""News to browsers: NOTIFY in the transaction that changes something, one LISTEN a process, many listeners."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audience import Audience

CHANNEL = "guildhall"
RECONNECT_SECONDS, RECONNECT_AT_MOST_SECONDS = 1.0, 15.0
# A connection may be dead without a word: a firewall forgot it, the other machine lost its power. On one that only
# listens nothing is ever sent, so nobody would notice: it is asked this often, and must answer this soon.
ASK_SECONDS, ANSWER_SECONDS = 30.0, 10.0

# One statement, however many topics: a round may have news of hundreds of rooms.
_NOTIFY = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")

log = structlog.get_logger()


async def announce(session: AsyncSession, *topics: str) -> None:
    """Tell every process that something about these topics changed, once this transaction is committed."""
    if topics:
        await session.execute(_NOTIFY, {"channel": CHANNEL, "topics": list(topics)})


def room_topic(room_id: int) -> str:
    """What the pages of a room listen to, those of who waits too: its state, and that a place is free again."""
    return f"room:{room_id}"


def people_topic(room_id: int) -> str:
    """What the pages that show who is in a room's meeting listen to besides: every join is news of that."""
    return f"people:{room_id}"


def holder_topic(holder_id: int) -> str:
    """What the dashboards that show a holder's rooms listen to."""
    return f"holder:{holder_id}"


class Switchboard:
    """Hands each NOTIFY of the database to the subscriptions of its topic, in this process."""

    def __init__(
        self, dsn: str, *, ask_seconds: float = ASK_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._dsn = dsn
        self._ask_seconds, self._answer_seconds = ask_seconds, answer_seconds
        self.audience = Audience()
        self.is_listening = False
        """Whether news comes in: the connection is there, and answered when it was last asked."""
        self.is_closing = False
        """Whether the process stops: whoever streams news ends."""

    def close(self) -> None:
        """The process stops: every subscription hears it, and streams end by themselves."""
        self.is_closing = True
        self.audience.tell_everyone()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for as long as the block lasts; a connection that is lost is made anew."""
        task = asyncio.create_task(self._listen_for_ever())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _listen_for_ever(self) -> None:
        pause = RECONNECT_SECONDS
        while True:
            try:
                await self._listen_once()
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
            ) as error:
                log.warning("live.connection_lost", error=type(error).__name__)
            pause = RECONNECT_SECONDS if self.is_listening else min(2 * pause, RECONNECT_AT_MOST_SECONDS)
            self.is_listening = False
            await asyncio.sleep(pause)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=self._answer_seconds)
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        try:
            await connection.add_listener(CHANNEL, lambda *heard: self.audience.hear(str(heard[-1])))
            self.is_listening = True
            # Whatever was said while nobody listened is made up for: everyone looks once.
            self.audience.tell_everyone()
            while not await _is_set_within(closed, self._ask_seconds):
                await connection.execute("SELECT 1")
            raise ConnectionResetError
        finally:
            # Not closed in good manners: one that is dead would not answer to that either.
            connection.terminate()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
