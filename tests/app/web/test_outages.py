"""A database that is full, out of connections, read-only or gone: a 503 that keeps what was typed."""

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager

import asyncpg
import psycopg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.accounts.tokens import create_token
from app.db import Database, Statement
from app.outages import outage_of
from app.settings import DatabaseSettings
from tests.conftest import new_database
from tests.factories import a_person, a_room, signed_in
from tests.road import Road

TITLE = "We can't reach the database right now"


@asynccontextmanager
async def failing(database, table, sqlstate, event="INSERT"):
    """PostgreSQL refuses to write to the table, with this error."""
    async with database.transaction() as session:
        await session.execute(
            text(f"""
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'could not extend file "base/5/2601"' USING ERRCODE = '{sqlstate}'; END $$
            """)
        )
        await session.execute(
            text(f"CREATE TRIGGER fail BEFORE {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fail()")
        )
    try:
        yield
    finally:
        async with database.transaction() as session:
            await session.execute(text(f"DROP TRIGGER fail ON {table}"))
            await session.execute(text("DROP FUNCTION fail"))


@asynccontextmanager
async def failing_too(database, table):
    """As when the disk is full: nothing at all can be written."""
    async with database.transaction() as session:
        await session.execute(
            text(f"CREATE TRIGGER fail BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fail()")
        )
    try:
        yield
    finally:
        async with database.transaction() as session:
            await session.execute(text(f"DROP TRIGGER fail ON {table}"))


@pytest.mark.parametrize(
    ("sqlstate", "kind", "seconds"),
    [
        ("53100", "full", "60"),
        ("53200", "memory", "60"),
        ("53300", "connections", "60"),
        ("53400", "full", "60"),
        ("58030", "full", "60"),
        ("25006", "read_only", "60"),
        ("57P01", "away", "5"),
        ("57P02", "away", "5"),
        ("57P03", "away", "5"),
        ("08006", "away", "5"),
        ("40001", "busy", "5"),
        ("55P03", "busy", "5"),
    ],
)
async def test_a_room_that_cannot_be_made_is_kept_to_be_sent_again(site, database, sqlstate, kind, seconds):
    ada = await a_person(database)
    async with signed_in(site, ada) as browser:
        await browser.open("/rooms/new")
        with structlog.testing.capture_logs() as lines:
            async with failing(database, "rooms", sqlstate):
                answer = await browser.submit("/rooms/new", name="Kept words", description="What I typed.")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, seconds)
        assert TITLE in browser.words
        assert "What I typed." in browser.words
        line = next(line for line in lines if line["event"] == "database.unavailable")
        assert line["kind"] == kind
        assert "could not extend file" in line["cause"]
        await browser.submit("/rooms/new")
        assert browser.page.url.path == "/r/kept-words"
        assert "What I typed." in browser.words


@pytest.fixture
async def host(site, database):
    ada = await a_person(database)
    await a_room(database, ada, "First round")
    async with signed_in(site, ada) as browser:
        yield browser


async def test_operators_find_an_outage_among_what_needs_a_look(site, database, someone):
    operator = await a_person(database, "olu@example.org", is_operator=True)
    # What the tests before this one have left in the process.
    await site.state.alerts.write()
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM alerts"))
    ada = await a_person(database)
    async with signed_in(site, ada) as browser:
        for sqlstate in ("53100", "53100", "55P03"):
            await browser.open("/rooms/new")
            async with failing(database, "rooms", sqlstate), failing_too(database, "alerts"):
                await browser.submit("/rooms/new", name="Kept words")
                await site.state.alerts.write()
    await site.state.alerts.write()
    async with signed_in(site, operator) as browser:
        await browser.open("/admin")
        assert "The database has no space left." in browser.words
        assert "2 times, last" in browser.words


async def test_a_start_and_a_join_keep_what_was_typed(site, database, host, someone):
    await host.open("/r/first-round")
    async with failing(database, "meetings", "53100"):
        answer = await host.submit("/r/first-round/start")
    assert (answer.status_code, TITLE in host.words) == (503, True)
    assert (await host.submit("/r/first-round/start", follow=False)).status_code == 303
    await someone.open("/r/first-round")
    async with failing(database, "attendances", "53100"):
        answer = await someone.submit("/r/first-round/join", name="Wren Typed")
    assert (answer.status_code, TITLE in someone.words) == (503, True)
    assert "Wren Typed" in someone.words
    answer = await someone.submit("/r/first-round/join", follow=False)
    assert "/bigbluebutton/api/join" in answer.headers["location"]


async def test_a_sign_up_keeps_all_but_the_password(site, database, someone):
    await someone.open("/sign-up")
    typed = {"name": "Jo Typed", "email": "jo@example.org", "password": "a kettle full of rain"}
    async with failing(database, "users", "25006"):
        answer = await someone.submit("/sign-up", **typed)
    assert (answer.status_code, TITLE in someone.words) == (503, True)
    assert {"name": "Jo Typed", "email": "jo@example.org"}.items() <= someone.form("/sign-up").fields.items()
    assert "kettle" not in someone.page.text


async def test_whoever_only_reads_is_not_stopped_by_when_they_were_last_seen(site, database, host):
    async with database.transaction() as session:
        await session.execute(text("UPDATE sessions SET last_seen_at = last_seen_at - interval '1 hour'"))
    async with failing(database, "sessions", "25006", "UPDATE"):
        assert (await host.open("/r/first-round")).status_code == 200


async def test_programs_are_told_in_json(site, database, someone):
    ada = await a_person(database)
    async with database.transaction() as session:
        secret = (await create_token(session, ada.id, "a program", days=None)).secret
    headers = {"authorization": f"Bearer {secret}"}
    async with failing(database, "rooms", "53100"):
        answer = await someone.client.post("/api/v1/rooms", json={"name": "Kept"}, headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json()["error"]["code"] == "unavailable"


async def test_a_mistake_of_ours_is_not_called_an_outage(database):
    for statement in ("SELECT 1 / 0", "SELECT nothing", "SELECT CAST(:value AS bigint)"):
        with pytest.raises(DBAPIError) as mistake:
            async with database.transaction() as session:
                await session.execute(text(statement), {"value": "a secret"} if ":value" in statement else {})
        assert outage_of(mistake.value) is None, statement


@pytest.mark.parametrize(
    "error",
    [
        # What the driver says now and then when a server is stopped in the middle of a statement.
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionRefusedError(111, "Connect call failed"),
        TimeoutError(),
    ],
    ids=repr,
)
def test_the_drivers_own_errors_at_a_restart_are_outages_bare_and_as_sqlalchemy_wraps_them(error):
    wrapped = DBAPIError(None, None, Exception("adapted"))
    wrapped.orig.__cause__ = error
    assert (outage_of(error).kind, outage_of(wrapped).kind) == ("away", "away")


@asynccontextmanager
async def own_pool(url):
    database = Database(DatabaseSettings(database_url=url, database_pool=2))
    try:
        yield database
    finally:
        await database.close()


async def write(database):
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE written ()"))
        await session.execute(text("DROP TABLE written"))


async def test_after_a_failover_connections_to_the_server_that_only_reads_now_are_given_up(postgres):
    url = new_database(postgres, "failover")
    async with own_pool(url) as database:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("ALTER DATABASE failover SET default_transaction_read_only = on")
            with pytest.raises(DBAPIError) as error:
                await write(database)
            assert outage_of(error.value).kind == "read_only"
            async with database.reading() as session:
                assert await session.scalar(text("SELECT 1")) == 1, "pages that only read go on"
            admin.execute("SET default_transaction_read_only = off")
            admin.execute("ALTER DATABASE failover SET default_transaction_read_only = off")
        # As after a promotion: the old connections still read only, new ones write.
        with contextlib.suppress(DBAPIError):
            await write(database)
        await write(database)


async def test_a_server_without_a_free_connection_is_an_outage(postgres):
    url = new_database(postgres, "crowded")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS crowded")
        admin.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        async with own_pool(url.replace("//postgres:", "//crowded:")) as database:
            with pytest.raises((DBAPIError, asyncpg.PostgresError)) as error:
                await write(database)
            assert outage_of(error.value).kind == "connections"
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("DROP ROLE crowded")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["transaction", "reading"])
async def test_of_connections_that_are_dead_without_a_word_only_the_first_is_waited_for(
    monkeypatch, postgres, way
):
    monkeypatch.setattr("app.db.ANSWER_SECONDS", 0.5)
    async with Road(new_database(postgres, "dead")).open() as road, own_pool(road.url) as database:
        ask = Statement("SELECT 1 AS one")

        async def look():
            async with getattr(database, way)() as session:
                await ask.row(session)

        await asyncio.gather(look(), look())
        road.forget()
        with pytest.raises((DBAPIError, OSError)) as error:
            await look()
        assert outage_of(error.value).kind == "away"
        for _ in range(4):
            began = time.monotonic()
            await look()
            assert time.monotonic() - began < 3
