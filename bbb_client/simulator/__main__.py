"""The simulator from the command line: `python -m bbb_client.simulator`."""

import argparse
import errno
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bbb_client.simulator.clock import RunningClock
from bbb_client.simulator.config import Config
from bbb_client.simulator.profiles import PROFILES
from bbb_client.simulator.server import API, SimulatorServer, create_app, listen

STOPPING = (signal.SIGINT, signal.SIGTERM)
FASTEST = 3600  # simulated seconds in a real one


def arguments(words: list[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        "python -m bbb_client.simulator", description="A BigBlueButton in memory."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--secret", required=True, help="the shared secret; empty: checksums are not checked")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="simulated seconds in a real one (default 1)"
    )
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default="3.0", help="the version (default 3.0)"
    )
    parser.add_argument("--public-url", default="", help="where browsers reach it, if not where they ask")
    parser.add_argument("--tolerant", action="store_true", help="take POSTs signed in any documented way")
    parser.add_argument("--open-control", action="store_true", help="let other machines use /sim too")
    return parser.parse_args(words)


class Server(SimulatorServer):
    """A server that ends when it is told to, without raising the signal again: that is no failure."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as long as the server runs."""
        before = {number: signal.signal(number, self.handle_exit) for number in STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def main(words: list[str]) -> None:
    """Serve until SIGINT or SIGTERM; exit with 1 and a line if the port cannot be had."""
    asked = arguments(words)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log callback addresses, which hold tokens
    try:
        sock = listen(asked.host, asked.port)
    except OSError as error:
        why = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror
        sys.exit(f"The simulator cannot listen on {asked.host}:{asked.port}: {why}")
    _serve(asked, sock)


def _serve(asked: argparse.Namespace, sock: socket.socket) -> None:
    with sock:
        server = Server(create_app(_config(asked), clock=RunningClock(asked.speed)))
        address = _address(sock.getsockname())
        sys.stdout.write(f"BigBlueButton {asked.profile} simulator: http://{address}{API}/\n")
        sys.stdout.flush()
        server.run([sock])


def _config(asked: argparse.Namespace) -> Config:
    return Config(
        secret=asked.secret,
        profile=asked.profile,
        public_url=asked.public_url,
        tolerant_posts=asked.tolerant,
        open_control=asked.open_control,
    )


def _address(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {FASTEST}")
    return speed


if __name__ == "__main__":
    main(sys.argv[1:])
