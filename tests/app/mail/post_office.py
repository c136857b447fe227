"""A real SMTP server (aiosmtpd) on a port of its own, with TLS, logins and refusals as a test wants them."""

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import quote

from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import SecretStr

USER, PASSWORD = "hall@example.org", "pa:ss/w@rd %"


@dataclass
class PostOffice:
    """What it was handed, and what it says instead: `answers` by command, each once, the last for ever."""

    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    peers_over_tls: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    def url(self, scheme="smtp", host="localhost", login="") -> SecretStr:
        return SecretStr(f"{scheme}://{login and login + '@'}{host}:{self.port}")

    def _answer(self, command: str) -> str | None:
        left = self.answers.get(command, [])
        return (left.pop(0) if len(left) > 1 else left[0]) if left else None

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802  the library's names
        if said := self._answer("MAIL"):
            return said
        envelope.mail_from = address
        return "250 2.1.0 fine"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if said := self._answer("RCPT"):
            return said
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        if said := self._answer("DATA"):
            return said
        self.letters.append(envelope.original_content)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.peers_over_tls.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 2.0.0 queued as 4F1"

    def authenticate(self, _server, _session, _envelope, mechanism, data):
        login = (data.login.decode(), data.password.decode())
        self.logins.append(mechanism)
        return AuthResult(success=login == (USER, PASSWORD), handled=False)


LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


@contextlib.asynccontextmanager
async def post_office(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[PostOffice]:
    """Plain, with STARTTLS, or over TLS from the first byte; `login`: only for who knows the password."""
    office = PostOffice()
    lines: list[asyncio.BaseTransport] = []

    class Line(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            lines.append(transport)
            super().connection_made(transport)

    def answering() -> SMTP:
        with warnings.catch_warnings():
            # Over TLS from the first byte it takes logins, and warns that it does.
            warnings.simplefilter("ignore")
            return Line(
                office,
                hostname="post.example.org",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=login,
                auth_require_tls=tls is None,
                authenticator=office.authenticate if login else None,
                loop=asyncio.get_running_loop(),
            )

    server = await asyncio.get_running_loop().create_server(answering, "127.0.0.1", 0, ssl=tls)
    async with server:
        office.port = server.sockets[0].getsockname()[1]
        yield office
        for line in lines:
            line.close()
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def rude_server(*lines: str | None) -> AsyncIterator[int]:
    """Says these lines, one before each command, and then nothing any more; None: it hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for line in lines:
                if line is None:
                    break
                writer.write(f"{line}\r\n".encode())
                await writer.drain()
                if not await reader.readline():
                    break
            else:
                await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
