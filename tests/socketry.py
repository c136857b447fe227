"""Real sockets against a real server process: what a test client is too polite to do."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.settings import Settings
from tests.house import READY_WITHIN, Running, free_port

ANSWERED_WITHIN = 15.0


@dataclass
class Door:
    """A server process at a port of its own."""

    port: int
    running: Running
    wires: list["Wire"] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.running.log.read_text()

    async def connect(self) -> "Wire":
        self.wires.append(Wire(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.wires[-1]

    async def hang_up(self) -> None:
        """Close every connection."""
        wires, self.wires = self.wires, []
        await asyncio.gather(*(wire.close() for wire in wires))

    async def stream(self, path: str, *, address: str, browser: str = "") -> "Wire":
        """A stream of events that a browser opens from an address; its head is read."""
        wire = await self.connect()
        cookie = f"cookie: browser={browser}\r\n" if browser else ""
        wire.send(f"GET {path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {address}\r\n{cookie}\r\n")
        await wire.head()
        return wire


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.status, self.headers = 0, dict[str, str]()

    def send(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def head(self) -> int:
        """Read the answer's head; 0 if the connection is closed instead."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            async with asyncio.timeout(ANSWERED_WITHIN):
                lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            self.status = int(lines[0].split(" ")[1])
            self.headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return self.status

    async def reads(self, what: bytes, *, within: float = ANSWERED_WITHIN) -> bytes:
        """Read until this comes."""
        async with asyncio.timeout(within):
            return await self.reader.readuntil(what)

    async def reads_for(self, seconds: float) -> bytes:
        """Whatever comes within so many seconds."""
        heard = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while chunk := await self.reader.read(4096):
                    heard += chunk
        return heard

    async def is_closed(self, *, within: float = ANSWERED_WITHIN) -> bool:
        """Whether the server closes it in time."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(within):
                while await self.reader.read(4096):
                    pass
                return True
        return self.reader.at_eof() or self.reader.exception() is not None

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.contextmanager
def opened_door(settings: Settings, folder: Path, *, files: int = 0, **told: object) -> Iterator[Door]:
    """A server process with these settings; `files`: how many it may open at most."""
    port = free_port()
    secrets = ("database_url", "secret_key", "bbb_secret", "smtp_url")
    environment = {
        f"GUILDHALL_{name.upper()}": getattr(settings, name).get_secret_value() for name in secrets
    }
    plain = ("bbb_url", "public_url", "mail_from")
    environment |= {f"GUILDHALL_{name.upper()}": str(getattr(settings, name)) for name in plain}
    environment |= {f"GUILDHALL_{name.upper()}": str(value) for name, value in told.items()}
    words = ["tests.hasty", *([str(files)] if files else ["0"]), "serve", "--port", str(port)]
    running = Running("door", words, environment, folder)
    try:
        end = time.monotonic() + READY_WITHIN
        while not _answers(port):
            assert running.process.poll() is None, running.log.read_text()[-3000:]
            assert time.monotonic() < end, running.log.read_text()[-3000:]
            time.sleep(0.1)
        yield Door(port, running)
    finally:
        running.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False).status_code == 200
    return False
