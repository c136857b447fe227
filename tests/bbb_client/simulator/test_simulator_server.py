import asyncio
import os
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from simulated import SECRET

from bbb_client.signing import signed_query
from bbb_client.simulator import Config, Running, RunningClock, StillClock, __main__, running_simulator
from bbb_client.simulator.server import listen


def url(sim: Running, call: str, /, **params: str) -> str:
    return f"{sim.url}{call}?{signed_query(call, params, SECRET)}"


async def until(sim: Running, http: httpx.AsyncClient, call: str, words: str) -> None:
    """Ask until the answer holds the words; at most two seconds."""
    for _ in range(100):
        if words in (await http.get(url(sim, call))).text:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{call} never said {words}")


@pytest.mark.slow
async def test_it_serves_on_a_free_port_and_does_by_itself_what_is_due() -> None:
    config = Config(secret=SECRET, end_delay_seconds=0.1)
    async with running_simulator(config=config) as sim, httpx.AsyncClient() as http:
        target = {"meta_endCallbackUrl": f"{sim.root}/"}
        await http.get(url(sim, "create", meetingID="room-1", name="Room", **target))
        await http.get(url(sim, "end", meetingID="room-1"))
        await until(sim, http, "getMeetings", "noMeetings")
        for _ in range(100):
            if sent := (await http.get(f"{sim.control}callbacks")).json()["sent"]:
                break
            await asyncio.sleep(0.02)
        assert [told["outcome"] for told in sent] == ["status 200"]


async def test_a_still_clock_is_moved_by_the_program_that_runs_it() -> None:
    async with running_simulator(SECRET, clock=StillClock()) as sim, httpx.AsyncClient() as http:
        await http.get(url(sim, "create", meetingID="room-1", name="Room"))
        await sim.advance(299)
        assert "noMeetings" not in (await http.get(url(sim, "getMeetings"))).text
        await sim.advance(1)
        assert "noMeetings" in (await http.get(url(sim, "getMeetings"))).text


@pytest.mark.slow
async def test_a_fast_clock_ends_a_meeting_in_real_seconds() -> None:
    clock = RunningClock(speed=3000)
    async with running_simulator(SECRET, clock=clock) as sim, httpx.AsyncClient() as http:
        await http.get(url(sim, "create", meetingID="room-1", name="Room"))
        await until(sim, http, "getMeetings", "noMeetings")


async def test_a_dropped_connection_breaks_in_the_middle_of_the_answer() -> None:
    async with running_simulator(SECRET) as sim, httpx.AsyncClient() as http:
        await http.post(f"{sim.control}faults", json={"kind": "dropped", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(url(sim, "getMeetings"))
        assert (await http.get(url(sim, "getMeetings"))).status_code == 200


@pytest.mark.slow
async def test_nobody_waits_for_an_ordered_slowness_when_the_server_stops() -> None:
    async with httpx.AsyncClient() as http:
        async with running_simulator(SECRET) as sim:
            await http.post(f"{sim.control}faults", json={"kind": "slow", "seconds": 60})
            slow = asyncio.create_task(http.get(url(sim, "getMeetings")))
            await asyncio.sleep(0.1)  # the call is on its way
            began = time.monotonic()
        assert time.monotonic() - began < 1
        assert (await slow).status_code == 200


def test_a_clock_never_goes_back() -> None:
    real = [0.0]
    clock = RunningClock(speed=60, monotonic=lambda: real[0])
    before = clock.now()
    real[0] = 1.0
    assert clock.now() == before + 60_000
    clock.move_to(before)
    assert clock.now() == before + 60_000
    clock.move_to(before + 100_000)
    assert clock.now() == before + 100_000


def test_the_secret_does_not_show_in_what_the_settings_print() -> None:
    assert "topsecret" not in repr(Config(secret="topsecret"))


@asynccontextmanager
async def program(*words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The simulator as its own program, and the line it prints when it is ready."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "bbb_client.simulator", "--port", "0", "--secret", SECRET, *words)
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_the_program_says_when_it_is_ready_and_stops_when_told(stop: signal.Signals) -> None:
    async with program("--profile", "2.7") as (process, line):
        words, _, address = line.strip().partition(": ")
        assert words == "BigBlueButton 2.7 simulator"
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{address}getMeetings?checksum=not-to-be-logged")).status_code == 200
        began = time.monotonic()
        process.send_signal(stop)
        out, err = await process.communicate()
        assert time.monotonic() - began < 1
        assert (process.returncode, out, err) == (0, b"", b"")


def test_the_program_serves_on_the_other_loopback_until_it_is_told_to_stop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with listen("::1", 0) as sock:
        port = sock.getsockname()[1]
    stopper = threading.Thread(target=_stop_when_answering, args=(port,))
    stopper.start()
    handler = signal.getsignal(signal.SIGTERM)
    __main__.main(["--host", "::1", "--port", str(port), "--secret", SECRET, "--speed", "2"])
    stopper.join()
    assert signal.getsignal(signal.SIGTERM) is handler
    ready = f"BigBlueButton 3.0 simulator: http://[::1]:{port}/bigbluebutton/api/\n"
    assert capsys.readouterr() == (ready, "")


def _stop_when_answering(port: int) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as http:
        http.get(f"http://[::1]:{port}/bigbluebutton/api/")
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_program_ends_with_the_code_of_its_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listen("127.0.0.1", 0) as sock:
        port = str(sock.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["simulator", "--port", port, "--secret", SECRET])
        monkeypatch.delitem(sys.modules, "bbb_client.simulator.__main__")
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("bbb_client.simulator", run_name="__main__")
    assert "in use" in str(ended.value.code)


def test_a_port_in_use_gets_one_clear_line() -> None:
    with listen("127.0.0.1", 0) as sock:
        port = str(sock.getsockname()[1])
        with pytest.raises(SystemExit) as ended:
            __main__.main(["--port", port, "--secret", SECRET])
    assert ended.value.code == f"The simulator cannot listen on 127.0.0.1:{port}: the port is in use"


def test_an_impossible_host_gets_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "listen", _no_such_host)
    with pytest.raises(SystemExit) as ended:
        __main__.main(["--host", "nowhere.invalid", "--secret", SECRET])
    assert ended.value.code == "The simulator cannot listen on nowhere.invalid:8001: unknown host"


def _no_such_host(*_: object) -> socket.socket:
    raise OSError(-2, "unknown host")


@pytest.mark.parametrize("words", [["--speed", "0"], ["--speed", "x"], ["--profile", "1.0"], []])
def test_odd_arguments_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    secret = ["--secret", SECRET] if words else []
    with pytest.raises(SystemExit):
        __main__.main([*secret, *words])
    assert "usage:" in capsys.readouterr().err
