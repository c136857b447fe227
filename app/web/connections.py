"""Connections: a request comes within its time or not at all, and a full house has room for who comes next.

uvicorn waits for a request's lines and body as long as a browser likes, and no server accepts anybody when it can
open no more files. A proxy in front keeps slow browsers away; this holds without one too.
"""

import asyncio
import errno
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.open_files import open_files_limit

# From the first byte of a request, or the connection's beginning, to the end of its headers; and how long these are.
HEAD_SECONDS, HEAD_BYTES = 10.0, 64_000
# Without a byte of a body that is not whole; and for all of it: so long, and longer by what comes at this rate.
BODY_GAP_SECONDS, BODY_SECONDS, BYTES_A_SECOND = 15.0, 20.0, 4_000
LOOK_SECONDS = 1.0
# Whoever takes nothing of an answer for so long is gone.
UNREAD_SECONDS = 60.0
# Longer than a proxy keeps a connection that rests (nginx 1 min, Caddy 2 min): it is the proxy that closes it, so no
# form is sent into a connection that we are closing at that moment.
KEEP_ALIVE_SECONDS = 150
# Files kept free for the database and for pages when connections have taken all others: so many, or such a share.
RESERVE, RESERVE_SHARE = 32, 16
# Of the connections that only wait for their browser, so many are closed at a time when there is no room.
CLOSED_AT_ONCE = 16
LOGGED_EVERY_SECONDS = 60.0

log = structlog.get_logger()


def _answer(status: bytes, words: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n" % status
    return head + more + b"content-length: %d\r\n\r\n%s" % (len(words), words)


TIMED_OUT = _answer(b"408 Request Timeout", b"The request did not come within its time.\n")
TOO_LONG = _answer(b"431 Request Header Fields Too Large", b"The headers of this request are too long.\n")
FULL = _answer(
    b"503 Service Unavailable", b"Too many are here right now. Try again.\n", b"retry-after: 10\r\n"
)


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with a time for what it waits for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the browser has begun and not finished to send.
        self._part: Literal["head", "body"] | None = "head"
        self._began_at = self._last_at = self.loop.time()
        self._received = 0
        self._look: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Let it in, if there is room."""
        super().connection_made(transport)
        if self._has_no_room() and not self._make_room():
            transport.write(FULL)
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """A part of a request."""
        self._last_at = self.loop.time()
        super().data_received(data)
        self._received += len(data)
        if self._part is None and self.cycle.response_complete:
            # Empty lines before the next request: they have ended the wait for it, and begin nothing.
            self._part, self._began_at = "head", self._last_at
        if self._part == "head" and self._received > HEAD_BYTES:
            self._give_up(TOO_LONG)
        elif self._part and self._look is None:
            self._watch()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._part, self._began_at, self._received = "head", self._last_at, 0

    def on_headers_complete(self) -> None:
        """Its headers are whole."""
        self._part, self._received = "body", 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self._part = None
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        for timer in (self._look, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The browser does not take what it asked for."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It goes on."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    @property
    def waits_for_browser(self) -> bool:
        """Whether nothing is lost to anybody but the browser, which is slow or rests, if it is closed."""
        return self._part is not None or self.timeout_keep_alive_task is not None

    @property
    def waits_since(self) -> float:
        """When the last byte came, in the loop's time."""
        return self._last_at

    def _watch(self) -> None:
        left = self._began_at + HEAD_SECONDS - self.loop.time()
        self._look = self.loop.call_later(left if self._part == "head" else LOOK_SECONDS, self._check)

    def _check(self) -> None:
        self._look = None
        if self._part is None or self.transport.is_closing():
            return
        now = self.loop.time()
        if self.flow.read_paused:
            # It is the program that takes its time: the browser's does not pass meanwhile.
            self._began_at, self._last_at = self._began_at + LOOK_SECONDS, now
        if self._is_late(now):
            self._give_up(TIMED_OUT)
        else:
            self._watch()

    def _is_late(self, now: float) -> bool:
        if self._part == "head":
            return now - self._began_at >= HEAD_SECONDS
        allowed = BODY_SECONDS + self._received / BYTES_A_SECOND
        return now - self._last_at >= BODY_GAP_SECONDS or now - self._began_at >= allowed

    def _give_up(self, answer: bytes) -> None:
        """Say why, unless nothing came or an answer has begun, and close. A page that reads hears that it is gone."""
        is_answering = self._part == "body" and self.cycle.response_started
        if self._received and not is_answering:
            self.transport.write(answer)
        log.info("connection.given_up", part=self._part, bytes=self._received)
        self.transport.close()

    def _has_no_room(self) -> bool:
        """Whether the last files of the process are being given out: each gets the lowest number that is free."""
        most = open_files_limit()
        number: int = self.transport.get_extra_info("socket").fileno()
        return number >= most - max(RESERVE, most // RESERVE_SHARE)

    def _make_room(self) -> bool:
        """Close those that wait longest, of the address that has most of them; False if nobody only waits."""
        report_no_descriptors("connections")
        waiting = [
            each
            for each in self.connections
            if isinstance(each, Connection) and each is not self and each.waits_for_browser
        ]
        if not waiting:
            return False
        [(crowd, _number)] = Counter(each.peer for each in waiting).most_common(1)
        for each in sorted(waiting, key=lambda each: (each.peer != crowd, each.waits_since))[:CLOSED_AT_ONCE]:
            each.transport.abort()
        return True

    @property
    def peer(self) -> str:
        """The address at the other end."""
        return self.client[0] if self.client else ""


_reported_at: dict[str, float] = {}
# Whoever else is to know: the site puts its alerts for operators here.
told_of_no_descriptors: list[Callable[[], None]] = []


def report_no_descriptors(where: str) -> None:
    """Tell whoever is to know, and write a line of the log once a minute: whoever is turned away comes again."""
    for tell in told_of_no_descriptors:
        tell()
    now = asyncio.get_running_loop().time()
    if now - _reported_at.get(where, -LOGGED_EVERY_SECONDS) >= LOGGED_EVERY_SECONDS:
        _reported_at[where] = now
        log.error("process.no_descriptors_left", where=where, most=open_files_limit())


def hear_of_no_descriptors(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's handler of what nobody else handles: a lack of files is one line a minute, the rest as ever."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        report_no_descriptors("accept")
    else:
        loop.default_exception_handler(context)
