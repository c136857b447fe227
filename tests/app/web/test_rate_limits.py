"""Tries are counted in PostgreSQL: exactly, whoever counts at the same moment."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.requests import Request

from app.errors import TooManyError
from app.web.models import RateCount
from app.web.rate_limits import Rate, client_address, forget_old, spend

FIVE = Rate("test", 5, timedelta(minutes=10))


def request(site, host="192.0.2.7"):
    return Request({"type": "http", "app": site, "client": (host, 1), "headers": []})


async def attempt(site, database, subject="someone"):
    async with database.transaction() as session:
        await spend(session, request(site), FIVE, subject)


async def test_fifty_simultaneous_tries_end_exactly_at_the_limit(site, database):
    results = await asyncio.gather(*(attempt(site, database) for _ in range(50)), return_exceptions=True)
    assert results.count(None) == 5
    assert sum(isinstance(result, TooManyError) for result in results) == 45
    assert all(0 < result.retry_after <= 600 for result in results if result)


async def test_each_subject_has_its_own_count_and_a_new_window_begins_anew(site, database, move_clock):
    for _ in range(5):
        await attempt(site, database)
    with pytest.raises(TooManyError):
        await attempt(site, database)
    await attempt(site, database, "someone else")
    await move_clock(minutes=10)
    await attempt(site, database)


async def test_no_address_is_kept_and_old_counts_are_forgotten(site, database, move_clock):
    await attempt(site, database, "ada@example.org")
    async with database.transaction() as session:
        assert "ada" not in (await session.scalar(select(RateCount.key)))
    await move_clock(minutes=30)
    async with database.transaction() as session:
        await forget_old(session)
        assert await session.scalar(select(func.count()).select_from(RateCount)) == 0


def test_one_household_is_one_address(site):
    assert client_address(request(site, "192.0.2.7")) == "192.0.2.7"
    one = client_address(request(site, "2001:db8:1:2:aaaa::1"))
    assert one == client_address(request(site, "2001:db8:1:2:bbbb::2"))
    assert one != client_address(request(site, "2001:db8:1:3::1"))
