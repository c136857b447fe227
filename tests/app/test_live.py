"""News reaches every listener of a topic, and listening survives a lost connection."""

import asyncio
import os
import signal
import time

import pytest
from sqlalchemy import text

from app.live import Switchboard, announce
from app.web.streams import EventStream, EventStreams, Whose
from tests.road import Road


async def say(database, *topics):
    async with database.transaction() as session:
        await announce(session, *topics)


async def test_a_listener_hears_its_topic_within_a_second_of_the_commit(site, database):
    switchboard = site.state.switchboard
    with switchboard.audience.subscribed("room:1") as ear, switchboard.audience.subscribed("room:2") as other:
        while not switchboard.is_listening:
            await asyncio.sleep(0.02)
        began = time.monotonic()
        await say(database, "room:1")
        assert await ear.wait(2)
        assert time.monotonic() - began < 1
        assert not await other.wait(0.1)


async def test_what_is_rolled_back_is_not_heard(site, database):
    with site.state.switchboard.audience.subscribed("room:1") as ear:
        async with database.transaction() as session:
            await announce(session, "room:1")
            await session.rollback()
        assert not await ear.wait(0.2)


@pytest.mark.slow
async def test_a_thousand_listeners_hear_of_one_change(site, database):
    switchboard = site.state.switchboard
    ears = [switchboard.audience.subscribed("room:7") for _ in range(1000)]
    listeners = [ear.__enter__() for ear in ears]
    began = time.monotonic()
    await say(database, "room:7")
    heard = await asyncio.gather(*(listener.wait(3) for listener in listeners))
    assert all(heard)
    assert time.monotonic() - began < 1
    for ear in ears:
        ear.__exit__(None, None, None)
    assert "room:7" not in switchboard.audience.topics


@pytest.mark.slow
async def test_a_lost_connection_is_made_anew_and_everyone_looks_once(settings, site, database):
    switchboard = Switchboard(settings.dsn())
    async with switchboard.listening():
        with switchboard.audience.subscribed("room:1") as ear:
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


NEWEST_LISTENER = text("""
    SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'
    ORDER BY backend_start DESC LIMIT 1
""")


async def listened(switchboard):
    while not switchboard.is_listening:
        await asyncio.sleep(0.02)


async def unheard(switchboard):
    while switchboard.is_listening:
        await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_connection_that_is_dead_without_a_word_is_noticed_and_made_anew(settings, site, database):
    """Nothing ever comes on it, and nothing says that it is gone."""
    async with Road(settings.dsn()).open() as road:
        switchboard = Switchboard(road.url, ask_seconds=0.3, answer_seconds=0.3)
        async with switchboard.listening(), asyncio.timeout(10):
            with switchboard.audience.subscribed("room:1") as ear:
                await listened(switchboard)
                await ear.wait(0.1)
                road.forget()
                await say(database, "room:1")
                await unheard(switchboard)
                assert await ear.wait(5), "told to look: what was said meanwhile is made up for"
                await listened(switchboard)
                await say(database, "room:1")
                assert await ear.wait(2)


@pytest.mark.slow
async def test_a_backend_that_hangs_is_noticed_and_left(settings, site, database):
    switchboard = Switchboard(settings.dsn(), ask_seconds=0.3, answer_seconds=0.3)
    async with switchboard.listening(), asyncio.timeout(10):
        await listened(switchboard)
        async with database.transaction() as session:
            pid = await session.scalar(NEWEST_LISTENER)
        os.kill(pid, signal.SIGSTOP)
        try:
            await unheard(switchboard)
            await listened(switchboard)
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_a_quiet_connection_that_answers_is_kept(settings, site, database):
    switchboard = Switchboard(settings.dsn(), ask_seconds=0.02)
    async with switchboard.listening():
        await listened(switchboard)
        with switchboard.audience.subscribed("room:1") as ear:
            await ear.wait(0.1)
            assert not await ear.wait(0.1), "was told to look, as after a loss"
            await say(database, "room:1")
            assert await ear.wait(2)


class Reader:
    """A browser's end of a stream, as the server hands it to the program."""

    def __init__(self):
        self.chunks = []
        self._gone = asyncio.Event()

    async def receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.body":
            self.chunks.append(message["body"])
            if not message.get("more_body"):
                self._gone.set()


async def test_streams_end_by_themselves_when_the_process_stops(settings):
    switchboard = Switchboard(settings.dsn())
    streams = EventStreams(settings, switchboard)

    async def read(reader, *topics):
        stream = EventStream(streams, Whose(len(topics), "127.0.0.1"), topics)
        await stream({"type": "http", "method": "GET"}, reader.receive, reader.send)

    async with asyncio.timeout(2):
        readers = [Reader(), Reader(), Reader()]
        reading = [asyncio.create_task(read(readers[0], "room:1")), asyncio.create_task(read(readers[1]))]
        await asyncio.sleep(0.05)
        assert ([reader.chunks for reader in readers[:2]], streams.count) == ([[b": here\n\n"]] * 2, 2)
        switchboard.close()
        await asyncio.gather(*reading)
        await read(readers[2], "room:1")
        assert readers[2].chunks == [b": here\n\n"], "one that comes too late"
    assert (streams.count, switchboard.audience.topics) == (0, set())
