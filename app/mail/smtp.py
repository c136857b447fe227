"""One conversation with the SMTP server, step by step: what was asked, and what it said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from app.mail.faults import NotSentError, Reason, Stage, reason_of
from app.mail.message import message_of
from app.mail.models import OutgoingMail
from app.settings import LOOPBACK, Settings
from app.trust import trust_of

# Each command, and all of them together: a server that hangs holds nobody up for longer.
SECONDS, SECONDS_IN_ALL = 20.0, 60.0

Hear = Callable[[str, str], None]


def _nobody(asked: str, said: str) -> None:
    del asked, said


class Conversation:
    """With one server, for one letter. `hear` is told each step and the server's answer, never a password."""

    def __init__(self, settings: Settings, hear: Hear = _nobody) -> None:
        parts = urlsplit(settings.smtp_url.get_secret_value() or "smtp://localhost:25")
        self.host, self.is_secure = parts.hostname or "localhost", parts.scheme == "smtps"
        self.port = parts.port or (465 if self.is_secure else 587)
        self.user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._settings, self._hear = settings, hear
        self._stage = Stage.CONNECT
        self._client = SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.is_secure,
            start_tls=False,
            tls_context=trust_of(settings),
            timeout=SECONDS,
            local_hostname=_own_name(settings),
        )

    async def send(self, mail: OutgoingMail) -> str:
        """Hand the letter over; returns what the server said when it took it. Raises NotSentError."""
        sender = self._settings.sender.address
        async with self._blamed():
            await self._open()
            self._stage = Stage.SENDER
            self._heard(f"MAIL FROM:<{sender}>", await self._client.mail(sender))
            self._stage = Stage.RECIPIENT
            self._heard(f"RCPT TO:<{mail.to}>", await self._client.rcpt(mail.to))
            self._stage = Stage.DATA
            answer = await self._client.data(message_of(mail, self._settings))
            said = self._heard("DATA", answer)
            # It has it. Whether it says good-bye does not matter any more.
            with suppress(SMTPException, OSError):
                self._heard("QUIT", await self._client.quit())
        return said

    async def look(self) -> None:
        """As far as a letter could be handed over, and good-bye. Raises NotSentError."""
        async with self._blamed():
            await self._open()
            with suppress(SMTPException, OSError):
                self._heard("QUIT", await self._client.quit())

    async def _open(self) -> None:
        """As far as a letter can be handed over: connected, over TLS where it is offered, logged in."""
        kind = "TLS from the first byte" if self.is_secure else "STARTTLS where it is offered"
        greeting = await self._client.connect()
        self._heard(f"connect to {self.host}, port {self.port}, {kind}", greeting)
        await self._greet()
        # A password goes over the wire in clear to this machine only.
        must = self.user is not None and self.host not in LOOPBACK
        if not self.is_secure and (must or self._client.supports_extension("starttls")):
            self._stage = Stage.TLS
            self._heard("STARTTLS", await self._client.starttls())
            await self._greet()
        if self.user is not None:
            self._stage = Stage.LOGIN
            self._heard(f"log in as {self.user}", await self._client.login(self.user, self._password))

    async def _greet(self) -> None:
        try:
            self._heard("EHLO", await self._client.ehlo())
        except SMTPHeloError:
            self._heard("HELO", await self._client.helo())

    def _heard(self, asked: str, answer: tuple[int, str]) -> str:
        said = f"{answer[0]} {answer[1]}"
        self._hear(asked, said)
        return said

    @asynccontextmanager
    async def _blamed(self) -> AsyncIterator[None]:
        """What went wrong, as NotSentError; the connection is closed however it ends."""
        try:
            async with asyncio.timeout(SECONDS_IN_ALL):
                yield
        except SMTPResponseException as error:
            raise NotSentError(
                reason_of(self._stage, error.code, error.message), f"{error.code} {error.message}"
            ) from error
        except (SMTPException, OSError) as error:
            raise NotSentError(self._reason(error), _words(error)) from error
        finally:
            self._client.close()

    def _reason(self, error: Exception) -> Reason:
        """Why there was no answer."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Reason.UNTRUSTED
            if isinstance(cause, ssl.SSLError):
                return Reason.TLS
            cause = cause.__cause__
        if isinstance(error, TimeoutError):
            return Reason.TIMEOUT
        if isinstance(error, SMTPServerDisconnected):
            return Reason.DISCONNECTED
        if isinstance(error, OSError):
            return Reason.UNREACHABLE
        return Reason.TLS if self._stage is Stage.TLS else Reason.LOGIN  # the server does not offer it


def _words(error: Exception) -> str:
    return str(error) or f"no answer within {SECONDS_IN_ALL:g} seconds"


def _own_name(settings: Settings) -> str:
    """Who we say we are (RFC 5321, 4.1.3): the site's name, which is known without asking anybody."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    try:
        number = ip_address(host)
    except ValueError:
        return host
    return f"[{number}]" if number.version == 4 else f"[IPv6:{number}]"  # noqa: PLR2004  a version, by its name
