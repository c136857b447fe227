"""The entrance: so many requests are worked at in one process at once; the others stand in a queue, and not for long.

Without it a process that is asked for more than it can do begins everything and finishes nothing: each of a thousand
requests waits for all others at every step. What waits here has only been read.
"""

import asyncio

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.gate import BusyError, Gate, Place
from app.settings import Settings
from app.web.errors import answer_busy

# At work at once, for each connection to the database: one has it, another one reads its form or writes its page.
FOR_EACH_CONNECTION = 2
# Whoever takes longer waits for somebody else: a slow file, a provider, a lock. They need no place for that.
HELD_SECONDS = 1.0
# What a form has at most; of a file no more is read before somebody is let in.
READ_AHEAD = 64_000
# Small, and needed most when there is much to do: BigBlueButton's news, health, files under their hash.
ALWAYS_OPEN = ("/static/", "/health", "/callbacks/")
TOLD_EVERY_SECONDS = 1.0

log = structlog.get_logger()


class Entrance:
    """ASGI middleware before everything that works."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.gate = Gate(FOR_EACH_CONNECTION * settings.database_pool, settings.database_queue_seconds)
        self._sent_away, self._told = 0, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS_OPEN):
            await self.app(scope, receive, send)
            return
        receive = await _read_ahead(scope, receive)
        try:
            place = await self.gate.enter()
        except BusyError:
            self._tell()
            response = await answer_busy(Request(scope, receive))
            await response(scope, receive, send)
            return
        held = asyncio.get_running_loop().call_later(HELD_SECONDS, place.give_back)
        try:
            await self.app(scope, receive, _until_answered(send, place))
        finally:
            held.cancel()
            place.give_back()

    def _tell(self) -> None:
        """One line in a second, however many are sent away."""
        self._sent_away += 1
        now = asyncio.get_running_loop().time()
        if now - self._told >= TOLD_EVERY_SECONDS:
            log.warning("site.busy", sent_away=self._sent_away, waiting=self.gate.waiting)
            self._sent_away, self._told = 0, now


async def _read_ahead(scope: Scope, receive: Receive) -> Receive:
    """Read the form before its turn comes: who sends slowly holds nobody up."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return receive
    messages: list[Message | HTTPException] = []
    size, is_more = 0, True
    while is_more and size < READ_AHEAD:
        try:
            message = await receive()
        except HTTPException as error:  # it is too large: that is answered where all errors are
            messages.append(error)
            break
        messages.append(message)
        size += len(message.get("body", b""))
        is_more = message["type"] == "http.request" and message.get("more_body", False)

    async def again() -> Message:
        if not messages:
            return await receive()
        message = messages.pop(0)
        if isinstance(message, HTTPException):
            raise message
        return message

    return again


def _until_answered(send: Send, place: Place) -> Send:
    """Streams go on for hours, and slow readers for seconds: once the answer begins the work is done."""

    async def sending(message: Message) -> None:
        place.give_back()
        await send(message)

    return sending
