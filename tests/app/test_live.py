"""News reaches every listener of a topic, and listening survives a lost connection."""

import asyncio
import time

import pytest
from sqlalchemy import text

from app.live import Switchboard, announce


async def say(database, *topics):
    async with database.transaction() as session:
        await announce(session, *topics)


async def test_a_listener_hears_its_topic_within_a_second_of_the_commit(site, database):
    switchboard = site.state.switchboard
    with switchboard.subscribed("room:1") as ear, switchboard.subscribed("room:2") as other:
        while not switchboard.is_listening:
            await asyncio.sleep(0.02)
        began = time.monotonic()
        await say(database, "room:1")
        assert await ear.wait(2)
        assert time.monotonic() - began < 1
        assert not await other.wait(0.1)


async def test_what_is_rolled_back_is_not_heard(site, database):
    with site.state.switchboard.subscribed("room:1") as ear:
        async with database.transaction() as session:
            await announce(session, "room:1")
            await session.rollback()
        assert not await ear.wait(0.2)


@pytest.mark.slow
async def test_a_thousand_listeners_hear_of_one_change(site, database):
    switchboard = site.state.switchboard
    ears = [switchboard.subscribed("room:7") for _ in range(1000)]
    listeners = [ear.__enter__() for ear in ears]
    began = time.monotonic()
    await say(database, "room:7")
    heard = await asyncio.gather(*(listener.wait(3) for listener in listeners))
    assert all(heard)
    assert time.monotonic() - began < 1
    for ear in ears:
        ear.__exit__(None, None, None)
    assert "room:7" not in switchboard.topics


@pytest.mark.slow
async def test_a_lost_connection_is_made_anew_and_everyone_looks_once(settings, site, database):
    switchboard = Switchboard(settings.dsn())
    async with switchboard.listening():
        with switchboard.subscribed("room:1") as ear:
            while not switchboard.is_listening:
                await asyncio.sleep(0.02)
            await ear.wait(0.1)
            async with database.transaction() as session:
                await session.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
                )
            assert await ear.wait(5), "told to look, since something may have been missed"
            await say(database, "room:1")
            assert await ear.wait(2)
