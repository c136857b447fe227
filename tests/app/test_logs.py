"""Log lines: in JSON mode every one is JSON, whoever writes it; each says of which request or job."""

import asyncio
import json
import subprocess
import sys

import httpx
import pytest
from alembic import command

from app.settings import ROOT
from tests.conftest import alembic_config, new_database
from tests.house import House, opened, until
from tests.socketry import Wire

EVERYBODY_SPEAKS = """
import asyncio, logging, warnings
import structlog
from app import logs

logs.configure(as_json=True)
structlog.contextvars.bind_contextvars(request_id="7")
structlog.get_logger().info("ours", secret=object)
logging.getLogger("uvicorn.error").warning("theirs, %s", "with values")
warnings.warn("a warning")
try:
    raise ValueError("a secret value\\nDETAIL:  Key (email)=(ada@example.org) already exists.")
except ValueError:
    logging.getLogger("asyncio").exception("a traceback")

async def forgotten():
    asyncio.get_running_loop().call_exception_handler({"message": "Task exception was never retrieved"})

asyncio.run(forgotten())
raise RuntimeError("the end")
"""


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
def test_whoever_speaks_speaks_json():
    words = [sys.executable, "-c", EVERYBODY_SPEAKS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    lines = lines_of(done.stderr)
    assert [line["level"] for line in lines] == [
        "info",
        "warning",
        "warning",
        "error",
        "error",
        "critical",
    ]
    assert lines[1]["event"] == "theirs, with values"
    assert "a warning" in lines[2]["event"]
    assert "ValueError" in lines[3]["exception"]
    assert "ada@example.org" not in done.stderr
    assert lines[-1]["event"] == "crashed"
    assert "RuntimeError: the end" in lines[-1]["exception"]
    assert {line["request_id"] for line in lines} == {"7"}
    assert all(line["timestamp"].startswith("20") for line in lines)


class InJson(House):
    """A house that logs as production does."""

    def environment(self):
        return {**super().environment(), "GUILDHALL_LOG_JSON": "true"}


@pytest.mark.slow
async def test_all_lines_of_a_server_and_of_a_worker_are_json_and_name_their_request_or_job(postgres):
    url = new_database(postgres, "logs")
    command.upgrade(alembic_config(url), "head")
    async with opened(InJson, url) as house:
        async with httpx.AsyncClient(base_url=house.url, trust_env=False) as client:
            first, second = [await client.get(f"/r/nowhere-{number}") for number in range(2)]
        wire = Wire(*await asyncio.open_connection("127.0.0.1", house.port))
        wire.send("This is no HTTP\r\n\r\n")
        await wire.head()
        await wire.close()
        house.kill("simulator")

        async def has_noticed():
            return "server.silent" in house.processes["worker"].log.read_text()

        await until(has_noticed, "the worker has noticed", within=60)
        served = lines_of(house.processes["serve"].log.read_text())
        worked = lines_of(house.processes["worker"].log.read_text())
    ids = [line["request_id"] for line in served if line.get("route") == "/r/{slug}"]
    assert ids == [first.headers["x-request-id"], second.headers["x-request-id"]]
    assert ids[0] != ids[1]
    assert any(line["event"] == "Invalid HTTP request received." for line in served)
    silent = next(line for line in worked if line["event"] == "server.silent")
    assert silent["task"] == "meetings:follow"
    assert silent["job"]
