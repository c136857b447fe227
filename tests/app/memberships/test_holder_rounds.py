"""Rounds over many holders: nobody waits for them, and they wait for nobody."""

import asyncio
import os
import subprocess
import sys

import pytest
from sqlalchemy import text

from app.memberships.limits import hold
from app.memberships.rounds import Pace, for_each_holder
from app.settings import ROOT
from app.worker import CONNECTIONS, NICENESS, database_of
from tests.factories import a_person


@pytest.fixture
async def three(database):
    """Three holders."""
    return [(await a_person(database, f"p{number}@example.org")).holder_id for number in range(3)]


async def test_whoever_is_busy_is_taken_up_at_the_end(database, three):
    seen, let_go = [], asyncio.Event()

    async def work(session, held):
        seen.append(held.holder_id)
        if len(seen) == 2:
            let_go.set()
        return True

    async def holds_the_first():
        async with database.transaction() as session:
            await hold(session, three[0])
            is_held.set()
            await let_go.wait()

    is_held = asyncio.Event()
    holding = asyncio.create_task(holds_the_first())
    await is_held.wait()
    async with asyncio.timeout(2):  # a lock is waited for five seconds
        done = await for_each_holder(database, three, work, name="a.round", pace=Pace(0.5))
    await holding
    assert (seen, done) == ([three[1], three[2], three[0]], 3)


async def test_who_stays_busy_or_is_gone_is_left_to_the_next_round(database, three):
    async def work(_session, _held):
        return True

    async with database.transaction() as session:
        await hold(session, three[1])
        done = await for_each_holder(database, [*three, 10**9], work, name="a.round")
    assert done == 2


async def test_one_who_fails_keeps_nobody_from_theirs(database, three):
    async def work(session, held):
        if held.holder_id == three[0]:
            await session.execute(text("SELECT 1 / 0"))
        return held.holder_id == three[1]

    assert await for_each_holder(database, three, work, name="a.round") == 1


async def test_a_round_rests_for_what_it_has_done_and_never_for_long():
    loop = asyncio.get_running_loop()
    began, pace = loop.time(), Pace(0.25)
    for _each in range(2):
        await asyncio.sleep(0.02)
        await pace.rest()
    assert loop.time() - began >= 4 * 2 * 0.02 * 0.95
    await asyncio.sleep(0.1)
    began = loop.time()
    await Pace(0.01).rest()
    assert loop.time() - began < 0.1
    busy = Pace(0.01)
    await asyncio.sleep(0.01)
    began = loop.time()
    await busy.rest()
    assert 0.15 < loop.time() - began < 0.5


@pytest.mark.slow
def test_the_workers_process_stands_behind_those_that_answer_browsers():
    said = "from app.worker import yield_to_site; import os; yield_to_site(); print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(19, os.nice(0) + NICENESS)


async def test_the_worker_takes_few_connections_and_waits_for_them(settings):
    few = database_of(settings)
    assert few.engine.pool.size() == CONNECTIONS
    await few.close()
