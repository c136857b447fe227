"""A certification authority of the tests' own, as a house has one for its own network."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme


class Authority:
    """Signs for localhost; `file` is what an operator names."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="Riverside Network")
        self.file = folder / "riverside-ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server of these names shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """A CA that nobody knows by itself."""
    return Authority(tmp_path_factory.mktemp("ca"))


@contextlib.asynccontextmanager
async def https_server(context: ssl.SSLContext, content: bytes, kind: str) -> AsyncIterator[int]:
    """A server that answers everything alike, over TLS; gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n"
            writer.write(head.encode() + b"connection: close\r\n\r\n" + content)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
