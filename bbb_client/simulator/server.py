"""The simulator as an ASGI program, and as a server inside a test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bbb_client.simulator import control
from bbb_client.simulator.api.serve import serve
from bbb_client.simulator.clock import Clock
from bbb_client.simulator.config import Config
from bbb_client.simulator.page import views
from bbb_client.simulator.pulse import advance, run
from bbb_client.simulator.world import World

API = "/bigbluebutton/api"
ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
LOOPBACK = "127.0.0.1"


def create_app(
    config: Config, *, clock: Clock | None = None, http: httpx.AsyncClient | None = None
) -> Starlette:
    """The simulator as an ASGI program; the clock and the client that sends callbacks can be brought along.

    Its `state.world` is the simulated server. Without a lifespan (httpx.ASGITransport runs none) nothing
    happens by itself: move the clock, by however little, and what is due is done.
    """
    app = Starlette(routes=_routes(), lifespan=_lifespan)
    app.state.world = World(config, clock, http)
    return app


@dataclass(frozen=True)
class Running:
    """A simulator that serves on a free port of this machine."""

    root: str  # http://127.0.0.1:port
    world: World

    @property
    def url(self) -> str:
        """The base address of the API, to which call names are appended."""
        return f"{self.root}{API}/"

    @property
    def control(self) -> str:
        """The base address of the control calls."""
        return f"{self.root}/sim/"

    async def advance(self, seconds: float) -> None:
        """Move the clock; all that is due on the way, callbacks too, has happened afterwards."""
        await advance(self.world, seconds)


@asynccontextmanager
async def running_simulator(
    secret: str = "simulator",  # noqa: S107 - a made-up secret for tests, of a server that nobody else reaches
    *,
    config: Config | None = None,
    clock: Clock | None = None,
    http: httpx.AsyncClient | None = None,
) -> AsyncIterator[Running]:
    """Serve a simulator on a free loopback port as long as the block lasts."""
    app = create_app(config or Config(secret=secret), clock=clock, http=http)
    with listen(LOOPBACK, 0) as sock:
        server = InProcessServer(app)
        task = asyncio.create_task(server.serve([sock]))
        try:
            yield Running(f"http://{LOOPBACK}:{sock.getsockname()[1]}", app.state.world)
        finally:
            server.should_exit = True
            await task


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError if the port is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=2048)
    sock.setblocking(False)
    return sock


class SimulatorServer(uvicorn.Server):
    """A server that lets nobody wait for an ordered slowness when it goes down."""

    def __init__(self, app: Starlette) -> None:
        # No access log: it would hold checksums.
        super().__init__(
            uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=1, lifespan="on")
        )
        self._world: World = app.state.world

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer whoever waits, then close."""
        self._world.stopping.set()
        await super().shutdown(sockets)


class InProcessServer(SimulatorServer):
    """A server that leaves the signals to the program that it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def _routes() -> list[Route]:
    here = "/html5client"
    return [
        Route(API, serve, methods=ANY_METHOD),
        Route(API + "/{call:path}", serve, methods=ANY_METHOD),
        Route("/", views.start),
        Route(here + "/", views.show),
        Route(here + "/join", views.show),
        Route(here + "/live", views.live),
        Route(here + "/left", views.left),
        Route(here + "/closed", views.closed, methods=["POST"]),
        Route(here + "/assets/{name}", views.asset),
        Route(here + "/{action:str}", views.act, methods=["POST"]),
        Route("/playback/{kind}/{record_id}", views.playback),
        *control.routes(),
    ]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    pulse = asyncio.create_task(run(app.state.world))
    try:
        yield
    finally:
        pulse.cancel()
        with suppress(asyncio.CancelledError):
            await pulse
        await app.state.world.http.aclose()
