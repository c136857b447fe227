"""The web server: uvicorn, with log lines of our own."""

import gc
import os

import structlog
import uvicorn
from fastapi import FastAPI

from app import clock, logs
from app.main import make_app
from app.settings import Settings, read, unknown_names
from app.web.connections import KEEP_ALIVE_SECONDS, Connection
from app.web.open_files import raise_open_files_limit

log = structlog.get_logger()
GRACE_SECONDS = 3


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


def serve(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    raise_open_files_limit()
    uvicorn.run(
        "app.serve:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=processes,
        # Paths and queries carry tokens and signed addresses: `app.web.frame` writes its own lines.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
        http=Connection,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
