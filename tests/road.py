"""A road to PostgreSQL that can go dead without a word, as when a firewall forgets a connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit


def _passable() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


class Road:
    """Passes bytes on between a port of this machine and the database; `url` is the database's address by it."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        self._socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._user, self._path = parts.username, parts.path
        self._gate = _passable()
        self._travellers: set[asyncio.Task] = set()
        self.url = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Road"]:
        """Travelled on for as long as the block lasts."""
        server = await asyncio.start_server(self._set_out, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"postgresql://{self._user}@127.0.0.1:{port}{self._path}"
        try:
            yield self
        finally:
            server.close()
            for task in list(self._travellers):
                task.cancel()
            await asyncio.gather(*self._travellers, return_exceptions=True)
            await server.wait_closed()

    def block(self) -> None:
        """Whoever is on the road gets nowhere any more, and is told nothing; who comes now waits with them."""
        self._gate.clear()

    def forget(self) -> None:
        """Whoever is on the road gets nowhere any more, and is told nothing; who comes now travels well."""
        self.block()
        self._gate = _passable()

    def _set_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._travel(reader, writer))
        self._travellers.add(task)
        task.add_done_callback(self._travellers.discard)

    async def _travel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate = self._gate
        with contextlib.suppress(OSError), contextlib.closing(writer):
            await gate.wait()
            answers, questions = await asyncio.open_unix_connection(self._socket)
            with contextlib.closing(questions):
                await asyncio.gather(_carry(reader, questions, gate), _carry(answers, writer, gate))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    while chunk := await reader.read(65536):
        await gate.wait()
        writer.write(chunk)
        await writer.drain()
    await gate.wait()
    writer.close()
