"""Ten thousand hosts: every page takes as many statements as for two, and is quick."""

from functools import partial

import pytest
from sqlalchemy import event, text

from app.accounts.models import User
from tests.factories import a_room
from tests.patience import quickest

HOME = "/organisations/riverside-housing"
PAGES = (
    HOME,
    f"{HOME}/hosts",
    f"{HOME}/hosts?page=200",
    f"{HOME}/hosts?search=person-77",
    f"{HOME}/invitations",
    f"{HOME}/hosts/{{bea}}",
    f"{HOME}/leave",
    "/organisations",
    "/rooms/new",
)
MOST_BYTES = 200_000  # of the operator's page, which does not list them all
SOON = 0.5  # seconds, on a machine that does other things too


@pytest.mark.slow
async def test_ten_thousand_hosts_are_as_quick_as_two(at_ada_s, site, database, ada, bea, riverside):
    await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    engine = database.engine.sync_engine
    said: list[str] = []

    def listener(_connection, _cursor, statement, *_more):
        said.append(statement)

    async def statements(path: str) -> int:
        said.clear()
        assert (await at_ada_s.open(path.format(bea=bea.id))).status_code == 200
        return len(said)

    event.listen(engine, "before_cursor_execute", listener)
    try:
        few = {path: await statements(path) for path in PAGES}
        async with database.transaction() as session:
            for statement in MANY:
                values = {"organisation": riverside.id} if ":organisation" in statement else {}
                await session.execute(text(statement), values)
        for path in PAGES:
            assert await statements(path) == few[path], path
            assert await quickest(SOON, partial(statements, path)) < SOON, path
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    async with database.transaction() as session:
        (await session.get_one(User, ada.id)).is_operator = True
    await at_ada_s.open(f"/admin/organisations/{riverside.id}")
    assert "All 10,002 hosts, as its admins see them" in at_ada_s.words
    assert len(at_ada_s.page.text) < MOST_BYTES
    await at_ada_s.open(f"{HOME}/hosts")
    assert "10,002 hosts" in at_ada_s.words
    assert len((await at_ada_s.client.get(f"{HOME}/hosts.csv")).text.splitlines()) == 10_003


MANY = (
    """
    INSERT INTO holders (kind, name, created_at)
    SELECT 'person', 'person-' || n, now() FROM generate_series(1, 10000) n
    """,
    """
    INSERT INTO users (holder_id, email, name, password_hash, language, time_zone, is_operator, is_bookkeeper,
                       verified_at, created_at)
    SELECT id, name || '@example.org', name, '!', 'en', 'UTC', false, false, now(), now()
    FROM holders WHERE name LIKE 'person-%'
    """,
    """
    INSERT INTO organisation_hosts (organisation_id, user_id, role, joined_at)
    SELECT :organisation, id, 'host', now() FROM users WHERE name LIKE 'person-%'
    """,
    "ANALYZE",
)
