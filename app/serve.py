"""The web server: uvicorn, with log lines of our own, on sockets that outlive its processes."""

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Sequence

import structlog
import uvicorn
from fastapi import FastAPI

from app import clock, logs
from app.draining import GRACE_SECONDS, Server
from app.main import make_app
from app.settings import Settings, read, unknown_names
from app.supervisor import Supervisor
from app.web.connections import KEEP_ALIVE_SECONDS, Connection
from app.web.open_files import raise_open_files_limit

log = structlog.get_logger()

# sd_listen_fds(3): the first of the sockets that systemd opened for us.
FIRST_OF_SYSTEMD = 3


class CannotListenError(Exception):
    """Why nobody can listen there, in one line."""


def from_environment() -> FastAPI:
    """The site with the settings of the environment; each server process calls it once."""
    settings = read(Settings)
    logs.configure(as_json=settings.log_json)
    for name, meant in unknown_names(os.environ).items():
        log.warning("settings.unknown", name=name, meant=meant or None)
    if settings.demo and settings.demo_clock:
        clock.follow(settings.demo_clock)
    app = make_app(settings)
    # What is there now stays as long as the process: looking through it for garbage was a tenth of a long page.
    gc.collect()
    gc.freeze()
    return app


def serve(settings: Settings, sockets: Sequence[socket.socket], processes: int) -> int:
    """Serve on sockets that are bound until SIGINT or SIGTERM; returns the exit code."""
    logs.configure(as_json=settings.log_json)
    raise_open_files_limit()
    if processes == 1:
        return serve_on(sockets)
    return asyncio.run(Supervisor(sockets, processes).run())


def serve_on(sockets: Sequence[socket.socket], channel: socket.socket | None = None) -> int:
    """Serve in this process, on sockets that are bound; `channel` leads to the process that looks after this one."""
    app = from_environment()
    config = uvicorn.Config(
        app,
        # Paths and queries carry tokens and signed addresses: `app.web.frame` writes its own lines.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # `app.web.proxies` reads them
        timeout_graceful_shutdown=GRACE_SECONDS,
        http=Connection,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = Server(app, config, channel)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(list(sockets))
    return 0 if server.started else 3


def bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host.

    Raises CannotListenError.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [_bound(family, address) for family, _type, _protocol, _name, address in dict.fromkeys(found)]
    except OSError as error:
        raise CannotListenError(f"Cannot listen on {host} port {port}: {error.strerror or error}") from None


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listening.bind(address)
    return listening


def sockets_of_systemd() -> list[socket.socket]:
    """The sockets that systemd holds for us, if it does: whoever connects while we are away waits there."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    number = int(os.environ.get("LISTEN_FDS", "0"))
    return opened(range(FIRST_OF_SYSTEMD, FIRST_OF_SYSTEMD + number))


def opened(numbers: Sequence[int]) -> list[socket.socket]:
    """The sockets with these file descriptors.

    Raises CannotListenError.
    """
    try:
        return [socket.socket(fileno=number) for number in numbers]
    except OSError as error:
        raise CannotListenError(f"Cannot listen on these file descriptors: {error.strerror}") from None
