"""Direct transactions: statements go to the driver as they are, and all else is in the same transaction."""

import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app import clock
from app.db import Statement
from app.memberships.models import Holder, HolderKind

INSERT = Statement("INSERT INTO holders (kind, name, created_at) VALUES ('person', :name, :now) RETURNING id")
COUNT = Statement("SELECT count(*) AS number FROM holders")
SLEEP = Statement("SELECT pg_sleep(:seconds)")
BROKEN = Statement("SELECT 1 / :nothing")


async def number_of(database):
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Holder))


async def both_ways(session):
    """A row by the driver and one by SQLAlchemy, which see each other."""
    await INSERT.row(session, name="by the driver", now=clock.now())
    session.add(Holder(kind=HolderKind.PERSON, name="by SQLAlchemy", created_at=clock.now()))
    assert await session.scalar(select(func.count()).select_from(Holder)) == 1
    await session.flush()
    assert (await COUNT.row(session)).number == 2


async def test_both_ways_are_one_transaction_that_is_committed(database):
    async with database.transaction(is_direct=True) as session:
        await both_ways(session)
        assert await number_of(database) == 0
    assert await number_of(database) == 2


async def test_what_is_added_is_written_before_the_commit(database):
    async with database.transaction(is_direct=True) as session:
        session.add(Holder(kind=HolderKind.PERSON, name="late", created_at=clock.now()))
    assert await number_of(database) == 1


async def test_both_ways_are_one_transaction_that_is_rolled_back(database):
    async def write_and_fail():
        async with database.transaction(is_direct=True) as session:
            await both_ways(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert await number_of(database) == 0


@pytest.mark.parametrize("way", ["the driver", "SQLAlchemy"])
async def test_an_error_of_the_database_is_known_and_undoes_everything(database, way):
    async def write_and_fail():
        async with database.transaction(is_direct=True) as session:
            await INSERT.row(session, name="undone", now=clock.now())
            if way == "the driver":
                await BROKEN.row(session, nothing=0)
            else:
                await session.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        await write_and_fail()
    assert await number_of(database) == 0


async def test_who_goes_away_in_the_middle_leaves_no_transaction_behind(database):
    async def ask():
        async with database.transaction(is_direct=True) as session:
            await INSERT.row(session, name="undone", now=clock.now())
            await SLEEP.row(session, seconds=5)

    for _each in range(3):
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert await number_of(database) == 0
    async with database.reading() as session:
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert await session.scalar(text(idle)) == 0


@pytest.mark.slow
async def test_a_connection_that_is_lost_in_the_middle_is_an_error_and_replaced(database):
    async def lose_it():
        async with database.transaction(is_direct=True) as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await asyncio.sleep(0.1)
            await COUNT.row(session)

    with pytest.raises(DBAPIError):
        await lose_it()
    async with database.transaction(is_direct=True) as session:
        assert (await COUNT.row(session)).number == 0
