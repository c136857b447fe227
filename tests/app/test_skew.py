"""A process whose clock is not PostgreSQL's acts on nothing, and says so."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import clock, skew
from app.db import Database
from app.meetings.following import follow
from app.meetings.models import MeetingState
from tests.conftest import new_person
from tests.factories import a_person, a_room, meeting_by, signed_in, start

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("theirs", "took", "off"),
    [
        (0, 0, 0),
        (1, 2, 0),
        (-60, 0, 60),
        (3600, 1, -3599),
        (-5, 90, 5),
        (85, 90, 0),
    ],
)
def test_an_answer_that_took_long_proves_little(theirs, took, off):
    assert skew.off_by(NOW, NOW + theirs * SECOND, NOW + took * SECOND) == off * SECOND


@contextlib.asynccontextmanager
async def another_time(database, settings, ahead):
    """A database whose clock shows another time than ours: a function of that name stands before PostgreSQL's own."""
    async with database.transaction() as session:
        await session.execute(text("CREATE SCHEMA IF NOT EXISTS elsewhen"))
        body = f"SELECT pg_catalog.clock_timestamp() + interval '{ahead.total_seconds()} seconds'"
        create = "CREATE OR REPLACE FUNCTION elsewhen.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        await session.execute(text(f"{create} $${body}$$"))
        name = await session.scalar(text("SELECT current_database()"))
        await session.execute(text(f'ALTER DATABASE "{name}" SET search_path = elsewhen, pg_catalog, public'))
    other = Database(settings)
    try:
        yield other
    finally:
        await other.close()
        async with database.transaction() as session:
            await session.execute(text(f'ALTER DATABASE "{name}" RESET search_path'))
            await session.execute(text("DROP SCHEMA elsewhen CASCADE"))
        skew.note(skew.NONE)


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [-HOUR, HOUR, 31 * SECOND, -31 * SECOND])
async def test_a_round_by_a_wrong_clock_does_nothing_and_says_so(site, database, settings, ahead, capsys):
    """Our meeting is over by the process's clock, and not in truth."""
    ada = await a_person(database)
    running = await start(site, await a_room(database, ada, address="the-place"), ada)
    async with another_time(database, settings, ahead) as other:
        for _ in range(3):
            clock.set_offset(clock.offset() + timedelta(minutes=31))
            await follow(other, site.state.servers)
        assert (await meeting_by(database, running.id)).state == MeetingState.RUNNING
        assert "clock.wrong" in capsys.readouterr().out
        async with signed_in(site, ada) as host:
            await host.open("/r/the-place")
            ended = await host.client.get(
                f"/callbacks/meetings/{running.external_id}/{running.callback_token}/ended"
            )
            assert ended.status_code == 503
    assert (await meeting_by(database, running.id)).state == MeetingState.RUNNING
    await follow(database, site.state.servers)
    assert (await meeting_by(database, running.id)).state == MeetingState.ENDED


@pytest.mark.slow
async def test_by_a_wrong_clock_no_meeting_starts_and_what_was_typed_is_kept(site, database, settings):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place")
    async with another_time(database, settings, HOUR) as other, signed_in(site, ada) as host:
        assert await skew.look(other, site.state.alerts)
        await host.open("/r/the-place")
        assert (await host.submit("/start")).status_code == 503
        assert "clock is wrong" in host.words
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "Not started" in guest.words


@pytest.mark.slow
async def test_half_a_minute_is_near_enough(site, database, settings):
    async with another_time(database, settings, 25 * SECOND) as other:
        assert not await skew.look(other, site.state.alerts)
        await follow(other, site.state.servers)
    assert not skew.is_wrong()


@pytest.mark.slow
async def test_the_operator_reads_it(site, database, settings):
    async with another_time(database, settings, -HOUR) as other:
        for _ in range(2):
            await skew.look(other, site.state.alerts)
    await site.state.alerts.write()
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert "clock is +60 min apart from the database’s" in operator.words


@pytest.mark.parametrize(
    ("seconds", "words"), [(3601, "+60 min"), (-44, "-40 s"), (31, "+30 s"), (-90, "-2 min")]
)
def test_a_difference_is_said_in_short(seconds, words):
    assert skew.in_short(seconds * SECOND) == words


@pytest.mark.slow
async def test_a_worker_stops_its_work_while_the_clock_is_wrong(site, database, settings):
    async with another_time(database, settings, HOUR) as other:
        await asyncio.wait_for(skew.until_wrong(other, site.state.alerts), 5)
        assert skew.is_wrong()
        async with skew.watched(database, site.state.alerts):
            for _ in range(50):
                await asyncio.sleep(0.05)
                if not skew.is_wrong():
                    break
        assert not skew.is_wrong()
