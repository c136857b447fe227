"""Ten thousand holders with memberships: the rounds and lists about them stay quick."""

import json
import time
from functools import partial

import pytest
from sqlalchemy import event, text

from app import clock
from app.contributions.readers import Post
from app.contributions.reminding import HOLDERS_AT_ONCE, remind
from app.worker import mailer_of
from tests.app.contributions.many import CONTRIBUTORS, many
from tests.patience import quickest

SOON = 1.5  # seconds, at most: a list that grows with the house takes more
# Everybody's ends: a tenth of them within the next month, half of them long ago, with a renewal each.
ENDS = """
    UPDATE memberships SET starts_at = CAST(:now AS timestamptz) - interval '300 days',
        ends_at = CAST(:now AS timestamptz) + make_interval(days => 40 + CAST(id % 300 AS int))
"""
EARLIER = """
    INSERT INTO memberships (holder_id, tier_id, starts_at, ends_at, reason, granted_by)
    SELECT holder_id, tier_id, starts_at - interval '365 days', starts_at, 'earlier', 'many' FROM memberships
"""
NEAR = """
    UPDATE memberships SET ends_at = CAST(:now AS timestamptz) + interval '20 days'
    WHERE id IN (SELECT max(id) FROM memberships WHERE reason = 'many' GROUP BY holder_id ORDER BY 1 LIMIT :near)
"""
PEOPLE = """
    INSERT INTO users (holder_id, email, name, password_hash, language, time_zone, created_at, verified_at,
                       is_operator, is_bookkeeper)
    SELECT id, 'p' || id || '@many.example', name, '!', 'en', 'UTC', :now, :now, false, false
    FROM holders WHERE name LIKE 'Contributor%'
"""
CUSTODY = """
    UPDATE organisations SET custodian_id = (SELECT min(id) FROM organisations)
    WHERE id <> (SELECT min(id) FROM organisations)
"""


async def everyone_has_one(database, near):
    await many(database)
    async with database.transaction() as session:
        await session.execute(text(ENDS), {"now": clock.now()})
        await session.execute(text(EARLIER))
        await session.execute(text(NEAR), {"now": clock.now(), "near": near})
        await session.execute(text(PEOPLE), {"now": clock.now()})
        await session.execute(text(CUSTODY))
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute("ANALYZE memberships")


@pytest.fixture
def counted(database):
    """How many statements something takes."""
    seen = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        seen.append(statement)

    async def count(act):
        seen.clear()
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            await act()
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        return len(seen)

    return count


@pytest.mark.slow
async def test_a_round_of_reminders_among_ten_thousand_looks_at_those_whose_end_is_near(
    database, settings, counted
):
    post = Post(mailer_of(settings), "http://127.0.0.1:8000/membership")
    near = 3 * HOLDERS_AT_ONCE + 10
    await everyone_has_one(database, near)
    began = time.perf_counter()
    first = await counted(partial(remind, database, post))
    print(f"a round that writes {near} mails: {time.perf_counter() - began:.2f} s, {first} statements")
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM outgoing_mails")) == near
    took = await quickest(SOON, partial(remind, database, post))
    again = await counted(partial(remind, database, post))
    print(f"a round with nothing due among {CONTRIBUTORS}: {took * 1000:.0f} ms, {again} statements")
    assert took < SOON
    # Three a page of holders, with what opens and closes its transaction.
    assert again <= 4 * (near // HOLDERS_AT_ONCE + 1)


@pytest.mark.slow
async def test_ten_thousand_holders_are_listed_quickly(olu, database, counted):
    await everyone_has_one(database, 100)
    async with database.transaction() as session:
        holder = await session.scalar(text("SELECT min(holder_id) FROM memberships"))
        house = await session.scalar(text("SELECT max(id) FROM organisations"))
        tier = await session.scalar(text("SELECT id FROM tiers WHERE key = 'session-organiser'"))
    paths = (
        "/admin/organisations",
        f"/admin/organisations/{house}",
        f"/admin/holders/{holder}/membership",
        f"/admin/tiers/{tier}/holders",
        f"/admin/tiers/{tier}/holders?page=200",
        "/ledger/reports/custody",
        "/ledger/reports/custody?page=20",
        "/ledger/reports/custody.csv",
        "/ledger/reports/due",
    )
    took, asked = {}, {}
    for path in paths:
        assert (await olu.open(path)).status_code == 200
        took[path] = await quickest(SOON, partial(olu.open, path))
        asked[path] = await counted(partial(olu.open, path))
    print(json.dumps({path: (round(took[path] * 1000), asked[path]) for path in paths}, indent=1))
    assert max(took.values()) < SOON, took
    assert max(asked.values()) <= 20, asked
