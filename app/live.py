"""News to browsers: NOTIFY in the transaction that changes something, one LISTEN a process, many listeners."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

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
    """What the pages of a room listen to."""
    return f"room:{room_id}"


def holder_topic(holder_id: int) -> str:
    """What the dashboards that show a holder's rooms listen to."""
    return f"holder:{holder_id}"


class Subscription:
    """One browser's ear: it hears that something changed, not what, so nothing can pile up."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Something changed."""
        self._changed.set()

    async def wait(self, seconds: float) -> bool:
        """True as soon as something changed since the last call, False after `seconds` of quiet."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Switchboard:
    """Hands each NOTIFY of the database to the subscriptions of its topic, in this process."""

    def __init__(
        self, dsn: str, *, ask_seconds: float = ASK_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._dsn = dsn
        self._ask_seconds, self._answer_seconds = ask_seconds, answer_seconds
        self._ears: dict[str, set[Subscription]] = defaultdict(set)
        # Those without a topic too: they end with the process like all others.
        self._everyone: set[Subscription] = set()
        self.is_listening = False
        """Whether news comes in: the connection is there, and answered when it was last asked."""
        self.is_closing = False
        """Whether the process stops: whoever streams news ends."""

    @property
    def topics(self) -> set[str]:
        """What somebody in this process listens to."""
        return set(self._ears)

    def close(self) -> None:
        """The process stops: every subscription hears it, and streams end by themselves."""
        self.is_closing = True
        self._tell_all()

    @contextmanager
    def subscribed(self, *topics: str) -> Iterator[Subscription]:
        """A subscription to these topics for as long as the block lasts."""
        ear = Subscription()
        self._everyone.add(ear)
        for topic in topics:
            self._ears[topic].add(ear)
        try:
            yield ear
        finally:
            self._everyone.discard(ear)
            for topic in topics:
                self._ears[topic].discard(ear)
                if not self._ears[topic]:
                    del self._ears[topic]

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
            await connection.add_listener(CHANNEL, lambda *heard: self._hear(str(heard[-1])))
            self.is_listening = True
            # Whatever was said while nobody listened is made up for: everyone looks once.
            self._tell_all()
            while not await _is_set_within(closed, self._ask_seconds):
                await connection.execute("SELECT 1")
            raise ConnectionResetError
        finally:
            # Not closed in good manners: one that is dead would not answer to that either.
            connection.terminate()

    def _tell_all(self) -> None:
        for ear in self._everyone:
            ear.tell()

    def _hear(self, topic: str) -> None:
        for ear in self._ears.get(topic, ()):
            ear.tell()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
