"""A server that stops without losing anybody: whoever was let in is answered, and told to go elsewhere next time."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence

import structlog
import uvicorn
from fastapi import FastAPI

from app.live import Switchboard

log = structlog.get_logger()

# Whoever holds a connection open asks once more within this time and learns with the answer that it closes, or had
# nothing to ask: closed at once, a request that is under way on it would be lost.
TURN_SECONDS, LINGER_TURNS = 0.05, 30
# Longer than BigBlueButton may take to make a meeting.
GRACE_SECONDS = 30


class Server(uvicorn.Server):
    """uvicorn's server for one site: it says when it listens, and drains before it shuts down."""

    def __init__(self, site: FastAPI, config: uvicorn.Config, channel: socket.socket | None = None) -> None:
        super().__init__(config)
        self._switchboard: Switchboard = site.state.switchboard
        self._channel = channel

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen on the sockets, and say so to whoever waits for it."""
        await super().startup(sockets)
        if self.should_exit:
            return
        if self._channel is None:
            say_listening(sockets or [])
        else:
            self._channel.send(b"ready")
            # Nothing is ever sent to us: what can be read is the end of the process that looks after this one.
            asyncio.get_running_loop().add_reader(self._channel, self._orphaned, self._channel)

    def _orphaned(self, channel: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(channel)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, answer whoever came, and close."""
        # From now on every answer says `Connection: close`: `app.web.frame`.
        self._switchboard.close()
        await self._take_the_last(sockets or [])
        for _ in range(LINGER_TURNS):
            if self.server_state.connections and not self.force_exit:
                await asyncio.sleep(TURN_SECONDS)
        await super().shutdown(sockets)
        # It was asked to stop, and did: no need to die of the signal.
        self._captured_signals.clear()

    async def _take_the_last(self, sockets: Sequence[socket.socket]) -> None:
        """Stop listening, with nobody left behind who is connected and not yet accepted.

        Closing the last copy of a listening socket resets those. Where another process listens on it, they are let in
        here all the same.
        """
        copies = [listening.dup() for listening in sockets]
        for server in self.servers:
            server.close()
        for listening in sockets:
            listening.close()
        # Their descriptors are closed in the loop's next turn, and not after the copies'.
        await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        for copy in copies:
            with contextlib.closing(copy), contextlib.suppress(BlockingIOError, InterruptedError):
                copy.setblocking(False)
                while True:
                    connection, _address = copy.accept()
                    await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn does it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


def say_listening(sockets: Sequence[socket.socket]) -> None:
    """A line of the log, and a word to systemd (sd_notify(3)) if it waits for one."""
    for listening in sockets:
        log.info("serve.listening", message=f"listening on {address_of(listening)}")
    if address := os.environ.get("NOTIFY_SOCKET"):
        # An @ stands for the NUL of an abstract name.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices, contextlib.suppress(OSError):
            notices.sendto(b"READY=1", address.replace("@", "\0", 1) if address[0] == "@" else address)


def address_of(listening: socket.socket) -> str:
    """Where a socket listens, as one would type it."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(name)}"
    host = f"[{name[0]}]" if listening.family == socket.AF_INET6 else name[0]
    return f"http://{host}:{name[1]}"
