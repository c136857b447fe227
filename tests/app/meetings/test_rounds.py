"""When the worker's rounds are due, and what they cost."""

import itertools

import pytest
from sqlalchemy import event, update

from app.meetings.following import follow
from app.memberships.models import Tier
from app.worker import TASKS
from tests.app.meetings.bbb import order
from tests.factories import a_person, a_room, start


def test_bbb_is_followed_every_five_seconds_in_every_minute():
    periodic = TASKS.periodic_registry.periodic_tasks
    (follow,) = [each for each in periodic.values() if each.task.name == "meetings:follow"]
    start = 1_800_000_001.0
    iterator = follow.croniter
    due = [iterator.get_next(ret_type=float, start_time=start)]
    due += [iterator.get_next(ret_type=float) for _ in range(23)]
    assert [later - earlier for earlier, later in itertools.pairwise(due)] == [5.0] * 23


@pytest.mark.slow
async def test_a_rounds_statements_do_not_grow_with_the_meetings(site, database, simulator):
    ada = await a_person(database)
    async with database.transaction() as session:
        await session.execute(update(Tier).values(rooms_per_host=None, at_once_per_host=None))
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    numbers = []
    try:
        for more in (2, 10):
            for number in range(more):
                room = await a_room(database, ada, f"Room {more} {number}")
                meeting = await start(site, room, ada)
                await order(simulator, "connect", meetingID=meeting.external_id, count=3)
            statements.clear()
            await follow(database, site.state.servers)
            numbers.append(len(statements))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert numbers[0] == numbers[1] <= 9
