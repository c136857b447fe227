"""When BigBlueButton or the database does not answer, and when a program asks too often."""

import asyncio

import httpx
import pytest

from app import clock
from app.api.rates import CHANGES, READS
from app.main import make_app
from tests.app.api.conftest import error, program

pytestmark = pytest.mark.slow

HALL = "/rooms/hall"


async def fault(simulator, **order) -> None:
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        (await control.post("faults", json=order)).raise_for_status()


async def test_a_server_that_cannot_be_asked_is_503_and_frees_the_place(ada, site, database):
    await ada.room("Hall")
    url = "http://127.0.0.1:9/bigbluebutton/"
    dead = make_app(site.state.settings.model_copy(update={"bbb_url": url}))
    async with dead.state.servers.connected():
        token = ada.client.headers["authorization"].partition(" ")[2]
        async with program(dead, token) as hers:
            answer = await hers.post(f"{HALL}/start")
    await dead.state.database.close()
    error(answer, 503, "conference_server_silent")
    assert int(answer.headers["retry-after"]) > 0
    assert (await ada.post(f"{HALL}/start")).status_code == 201


async def test_a_server_that_refuses_us_is_503_with_a_code_of_its_own(ada, simulator):
    await ada.room("Hall")
    await fault(simulator, kind="checksum-refused")
    error(await ada.post(f"{HALL}/start"), 503, "conference_server_refused")


async def test_an_end_that_bbb_does_not_hear_is_503(ada, simulator):
    await ada.room("Hall")
    await ada.post(f"{HALL}/start")
    await fault(simulator, kind="error-500", call="end")
    error(await ada.post(f"{HALL}/end"), 503, "conference_server_silent")


async def test_no_connection_is_held_while_bbb_is_asked(ada, site, database, simulator):
    await ada.room("Hall")
    await fault(simulator, kind="slow", seconds=1.0, call="create")
    starting = asyncio.create_task(ada.post(f"{HALL}/start"))
    await asyncio.sleep(0.5)
    assert not starting.done()
    assert database.engine.pool.checkedout() == 0
    assert (await ada.get(HALL)).json()["live"]["state"] == "starting"
    assert (await starting).status_code == 201
    await fault(simulator, kind="slow", seconds=1.0, call="end")
    ending = asyncio.create_task(ada.post(f"{HALL}/end"))
    await asyncio.sleep(0.5)
    assert not ending.done()
    assert database.engine.pool.checkedout() == 0
    assert (await ending).status_code == 200


async def test_a_database_that_is_away_is_503(settings):
    away = settings.database_url.get_secret_value().replace("/guildhall", "/nowhere_guildhall")
    lost = make_app(settings.model_copy(update={"database_url": type(settings.database_url)(away)}))
    async with program(lost, "gh_whatever") as running:
        answer = await running.get("/me")
    await lost.state.database.close()
    error(answer, 503, "unavailable")
    assert answer.headers["retry-after"]


async def test_a_token_that_changes_too_often_is_429_across_processes_and_may_go_on_later(
    ada, site, settings, move_clock
):
    await move_clock(seconds=60 - _second())
    other = make_app(settings)
    async with program(other, ada.client.headers["authorization"].partition(" ")[2]) as elsewhere:
        for number in range(CHANGES.times):
            assert (await (ada, elsewhere)[number % 2].call("PATCH", HALL, {})).status_code == 404
        for process in (ada, elsewhere):
            answer = await process.post("/rooms", {"name": "Hall"})
            error(answer, 429, "too_many_requests")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    await other.state.database.close()
    assert (await ada.get("/rooms")).json()["total"] == 0
    await move_clock(seconds=int(answer.headers["retry-after"]) + 1)
    await ada.room("Hall")


async def test_a_token_that_reads_too_often_is_429_and_another_one_is_not(ada, eve, move_clock):
    await move_clock(seconds=60 - _second())
    for _ in range(READS.times):
        assert (await ada.get("/meetings/1")).status_code == 404
    answer = await ada.get("/meetings/1")
    error(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert (await eve.get("/me")).status_code == 200
    await ada.room("Hall")
    await move_clock(minutes=1)
    assert (await ada.get("/me")).status_code == 200


def _second() -> float:
    """How far the minute is: a test that counts in a minute begins with one."""
    return clock.now().timestamp() % 60
