"""Streams of events: how many one browser, one address and this process may hold, and what is sent on them.

Server-sent events: a browser hears that something changed, and fetches its page again. Above the limits a page is
told to look by itself now and then, so nobody is lost (`live.js`).
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.live import Switchboard
from app.settings import Settings
from app.web.browser import get_cookie
from app.web.frame import HEAD
from app.web.open_files import open_files_limit
from app.web.rate_limits import client_address

# A comment this often keeps proxies from closing a quiet stream, and finds out who has left without a word.
QUIET_SECONDS = 15.0
LOOK_SECONDS = 0.25
NEWS = b'data: {"changed": true, "spread": %d}\n\n'
HERE, STILL_HERE = b": here\n\n", b": still here\n\n"
# Of the open files of a process: the rest is for pages, the database and files. More than so many are a matter of
# memory: GUILDHALL_STREAMS_PER_PROCESS raises it.
SHARE_OF_FILES, MOST = 0.7, 10_000
RETRY_SECONDS = 30
LOGGED_EVERY_SECONDS = 60.0
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
HELD = "guildhall.held"  # in a request's scope: where a stream is handed out of the layers around the pages

log = structlog.get_logger()


class Stream:
    """One browser's stream: what is to be sent next, at most one thing at a time, so nothing can pile up."""

    def __init__(self, send: Send, switchboard: Switchboard) -> None:
        self._send = send
        self._switchboard = switchboard
        self._next: bytes | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_open = True

    def tell(self, spread: float) -> None:
        """Something changed, or the process stops: then the stream ends, and the browser turns to another process."""
        self._say(NEWS % round(spread * 1000))

    def keep(self) -> None:
        """Say that the stream is still there, unless there is more to say."""
        if self._task is None:
            self._say(STILL_HERE)

    def close(self) -> None:
        """The browser is gone."""
        self.is_open = False
        if self._task is not None:
            self._task.cancel()

    def _say(self, chunk: bytes) -> None:
        self._next = chunk
        # Who does not read has one piece of news waiting, the newest.
        if self._task is None and self.is_open:
            self._task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._next is not None:
                chunk, self._next = self._next, None
                more = not self._switchboard.is_closing
                await self._send(
                    {"type": "http.response.body", "body": chunk if more else b"", "more_body": more}
                )
        finally:
            self._task = None


@dataclass(frozen=True)
class Whose:
    """Who holds a stream: by these it is counted."""

    browser: int
    address: str


class EventStreams:
    """All streams of this process."""

    def __init__(self, settings: Settings, switchboard: Switchboard) -> None:
        self._settings = settings
        self._switchboard = switchboard
        self._of: Counter[int | str] = Counter()
        self._count = 0
        # In the order in which they are due to hear a comment.
        self._quiet: deque[tuple[float, Stream]] = deque()
        self._logged: dict[str, float] = {}

    @property
    def count(self) -> int:
        """How many are open."""
        return self._count

    @property
    def is_closing(self) -> bool:
        """Whether the process stops: streams end, and browsers turn to another one."""
        return self._switchboard.is_closing

    @property
    def most(self) -> int:
        """How many this process may hold."""
        return self._settings.streams_per_process or min(int(SHARE_OF_FILES * open_files_limit()), MOST)

    def refusal(self, request: Request) -> Response | None:
        """The answer for whoever holds as many streams as one may; None for all others. The database is not asked."""
        return self.refusal_of(_whose(request))

    def open(self, request: Request, topics: Sequence[str]) -> Response:
        """The stream of news of these topics."""
        if HEAD in request.scope:  # a stream that nobody reads would never end
            return Response(headers=HEADERS, media_type="text/event-stream")
        return EventStream(self, _whose(request), topics)

    def refusal_of(self, whose: Whose) -> Response | None:
        """The same once more, at the moment at which the stream begins."""
        if self._count >= self.most:
            why, status = "process", 503
        elif self._of[whose.address] >= self._settings.streams_per_address:
            why, status = "address", 429
        elif self._of[whose.browser] >= self._settings.streams_per_browser:
            why, status = "browser", 429
        else:
            return None
        self._log_refusal(why)
        seconds = RETRY_SECONDS + random.randrange(RETRY_SECONDS)  # noqa: S311  so that not all come back at once
        return Response(
            "Look at the page itself now and then.\n",
            status,
            {"retry-after": str(seconds), "cache-control": "no-store"},
            "text/plain",
        )

    def _log_refusal(self, why: str) -> None:
        """One line a minute and reason: whoever is refused comes again."""
        now = asyncio.get_running_loop().time()
        if now - self._logged.get(why, -LOGGED_EVERY_SECONDS) >= LOGGED_EVERY_SECONDS:
            self._logged[why] = now
            log.warning("streams.refused", why=why, open=self._count, most=self.most)

    async def serve(self, topics: Sequence[str], receive: Receive, send: Send) -> None:
        """Send what happens until the browser leaves or the process stops."""
        stream = Stream(send, self._switchboard)
        self._switchboard.audience.add(stream, topics)
        self._keep(stream)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            stream.close()
            self._switchboard.audience.remove(stream, topics)

    def take(self, whose: Whose, number: int = 1) -> None:
        """One stream more; -1: one less."""
        self._count += number
        for subject in (whose.browser, whose.address):
            self._of[subject] += number
            if not self._of[subject]:
                del self._of[subject]

    def _keep(self, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        if not self._quiet:
            loop.call_later(LOOK_SECONDS, self._keep_quiet_ones)
        self._quiet.append((loop.time() + QUIET_SECONDS, stream))

    def _keep_quiet_ones(self) -> None:
        """One timer for all streams: most of what they do is nothing."""
        loop = asyncio.get_running_loop()
        while self._quiet and self._quiet[0][0] <= loop.time():
            _due, stream = self._quiet.popleft()
            if stream.is_open:
                stream.keep()
                self._quiet.append((loop.time() + QUIET_SECONDS, stream))
        if self._quiet:
            loop.call_later(LOOK_SECONDS, self._keep_quiet_ones)


class EventStream(Response):
    """The answer to whoever asks for events; handed out of the layers around the pages, if `Held` is there."""

    def __init__(self, streams: EventStreams, whose: Whose, topics: Sequence[str]) -> None:
        super().__init__(headers=HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]
        self.streams, self.whose, self.topics = streams, whose, topics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, and go on until the browser leaves."""
        if refusal := self.streams.refusal_of(self.whose):
            await refusal(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if self.streams.is_closing:
            await send(start)
            await send({"type": "http.response.body", "body": HERE})
            return
        # Counted at the moment of the last look: of fifty at once, none is one too many.
        self.streams.take(self.whose)
        is_handed_out = False
        try:
            await send(start)
            await send({"type": "http.response.body", "body": HERE, "more_body": True})
            held: list[EventStream] | None = scope.get(HELD)
            if held is None:
                await self.serve(receive, send)
            else:
                held.append(self)
                is_handed_out = True
        finally:
            if not is_handed_out:
                self.end()

    async def serve(self, receive: Receive, send: Send) -> None:
        """Go on."""
        await self.streams.serve(self.topics, receive, send)

    def end(self) -> None:
        """It is over: another one may have its place."""
        self.streams.take(self.whose, -1)


class Held:
    """ASGI middleware around everything else: a stream lasts an hour, and what stands around a page need not.

    Each layer keeps a frame, and each request its viewer, form and route: 43 kB a stream, of which these are 30.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        held: list[EventStream] = []
        scope[HELD] = held
        try:
            await self.app(scope, receive, send)
            if held:
                _forget(scope)
                await held[0].serve(receive, send)
        finally:
            for stream in held:
                stream.end()


def _forget(scope: Scope) -> None:
    """What a stream no longer needs of its request. The server itself asks for the method."""
    scope["headers"].clear()
    for name in set(scope) - {"type", "method"}:
        del scope[name]


def _whose(request: Request) -> Whose:
    """By the browser's cookie; without one, all of an address are one browser: our pages give each of theirs one."""
    address = client_address(request)
    return Whose(hash(get_cookie(request, "browser") or f"none at {address}"), address)


def streams_of(request: Request) -> EventStreams:
    """The streams of this process."""
    found: Any = request.app.state.streams
    assert isinstance(found, EventStreams)  # noqa: S101  the wiring puts it there
    return found
