"""Everything at once on this machine: PostgreSQL, the BBB simulator, the site, the worker, demo data."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import httpx

from app import clock
from app.settings import ROOT

VAR = ROOT / "var"
HOST = "127.0.0.1"
READY_WITHIN = 30.0
OWN_PORT, NEXT_PORT = "PORT=", "PORT= (the simulator takes the one after it)"


class CannotRunError(Exception):
    """Why the demo cannot run, in one line."""


def run(port: int) -> int:
    """Run the demo until Ctrl-C; 1 and one clear line if it cannot."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            _run(stack, port)
    except CannotRunError as error:
        print(f"Guildhall cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The data stays in var/.")
    return 0


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


def _run(stack: ExitStack, port: int) -> None:
    for wanted, what in ((port, OWN_PORT), (port + 1, NEXT_PORT)):
        _check_port(wanted, what)
    _check_folder()
    from app.demo.postgres import embedded_postgres

    _say("Starting PostgreSQL in var/postgres")
    url = stack.enter_context(embedded_postgres(VAR / "postgres"))
    environment = _environment(url, port)
    os.environ.update(environment)
    simulator = stack.enter_context(_simulator(port + 1, environment["GUILDHALL_BBB_SECRET"]))
    _say("Bringing the database up to date")
    _prepare()
    _await_answer(f"http://{HOST}:{port + 1}/bigbluebutton/api", simulator)
    _move_simulator(port + 1)
    # Before the worker asks for them: what the simulator does not have would be gone.
    asyncio.run(_put_recordings(port + 1))
    _say(f"Starting the site and the worker; their log is in {_log_path().relative_to(ROOT)}")
    log = stack.enter_context(_log_path().open("a"))
    site = stack.enter_context(_process([sys.executable, "-m", "app", "serve", "--port", str(port)], log))
    worker = stack.enter_context(_process([sys.executable, "-m", "app", "worker"], log))
    _await_answer(f"http://{HOST}:{port}/health", site)
    asyncio.run(_begin_meeting(port + 1))
    _print_sign_ins(port)
    _watch({"site": site, "worker": worker, "simulator": simulator})


def _prepare() -> None:
    from app.demo.data import fill
    from app.migrations import migrate
    from app.settings import DatabaseSettings, read

    settings = read(DatabaseSettings)
    migrate(settings)
    if asyncio.run(fill(settings)):
        _say("Filled the empty database with demo data")


async def _put_recordings(simulator_port: int) -> None:
    from app.demo.recordings import put_recordings
    from app.settings import Settings, read

    await put_recordings(read(Settings), f"http://{HOST}:{simulator_port}")


async def _begin_meeting(simulator_port: int) -> None:
    from app.demo.data import begin_meeting
    from app.settings import Settings, read

    await begin_meeting(read(Settings), f"http://{HOST}:{simulator_port}")


def _environment(url: str, port: int) -> dict[str, str]:
    kept = _kept_secrets()
    return {
        "GUILDHALL_DEMO": "true",
        "GUILDHALL_LOG_JSON": "false",
        "GUILDHALL_DATABASE_URL": url,
        "GUILDHALL_SECRET_KEY": kept["secret_key"],
        "GUILDHALL_BBB_SECRET": kept["bbb_secret"],
        "GUILDHALL_BBB_URL": f"http://{HOST}:{port + 1}/bigbluebutton/",
        "GUILDHALL_SIMULATOR_URL": f"http://{HOST}:{port + 1}",
        "GUILDHALL_PUBLIC_URL": f"http://{HOST}:{port}",
        "GUILDHALL_MAIL_FROM": "Guildhall <hall@example.org>",
        "GUILDHALL_DEMO_CLOCK": str(VAR / "clock"),
    }


def _kept_secrets() -> dict[str, str]:
    """Made once, so that people stay signed in over a second run."""
    file = VAR / "secrets.json"
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    made = {"secret_key": secrets.token_hex(32), "bbb_secret": secrets.token_hex(20)}
    file.touch(mode=0o600)
    file.write_text(json.dumps(made))
    return made


def _check_port(port: int, how: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise CannotRunError(f"port {port} is in use. Choose another one with {how}.") from None


def _check_folder() -> None:
    try:
        VAR.mkdir(exist_ok=True)
        probe = VAR / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotRunError(f"the folder var/ cannot be written: {error.strerror}.") from None


@contextmanager
def _simulator(port: int, secret: str) -> Iterator[subprocess.Popen[str]]:
    _say("Starting the BigBlueButton simulator")
    words = [sys.executable, "-m", "bbb_client.simulator", "--port", str(port), "--secret", secret]
    with _log_path().open("a") as log, _process(words, log) as process:
        yield process


@contextmanager
def _process(words: list[str], log: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, in a group of its own: Ctrl-C reaches us, and we stop it in order."""
    process = subprocess.Popen(  # noqa: S603  our own program
        words, cwd=ROOT, stdout=log, stderr=log, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(8)
        if process.poll() is None:
            process.kill()
            process.wait()


def _await_answer(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CannotRunError(f"a process stopped; see {_log_path()}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise CannotRunError(f"{url} does not answer; see {_log_path()}")


def _move_simulator(port: int) -> None:
    """If the demo's clock was moved in an earlier run, the simulator's follows."""
    seconds = clock.read_offset(VAR / "clock").total_seconds()
    if seconds:
        httpx.post(f"http://{HOST}:{port}/sim/clock", json={"advance_seconds": seconds}, timeout=20)
        clock.set_offset(timedelta(seconds=seconds))


def _watch(processes: dict[str, subprocess.Popen[str]]) -> None:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise CannotRunError(f"the {name} stopped; see {_log_path()}")
        time.sleep(0.5)


def _print_sign_ins(port: int) -> None:
    from app.demo.people import PASSWORD, SIGN_INS

    print(f"\nGuildhall is at  http://{HOST}:{port}\n")
    print(f"Sign in with the password  {PASSWORD}  as")
    for email, who in SIGN_INS:
        print(f"  {email:<28} {who}")
    print(f"  {'(nobody)':<28} a participant: open  http://{HOST}:{port}/r/open-house")
    print(f"\nMail, the clock and the style guide:  http://{HOST}:{port}/demo")
    print("Ctrl-C stops everything.", flush=True)


def _log_path() -> Path:
    return VAR / "log.txt"


def _say(text: str) -> None:
    print(f"· {text}", flush=True)
