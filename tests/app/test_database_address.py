"""One address of the database serves every driver: several hosts as libpq lists them, sockets, words behind it."""

import asyncio
import socket
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from app.db import Database
from app.settings import DatabaseSettings
from tests.conftest import alembic_config, new_database


@pytest.fixture(scope="module")
def parts(postgres):
    """The socket's folder, the user and the name of a database without tables."""
    url = urlsplit(new_database(postgres, "addresses"))
    return parse_qs(url.query)["host"][0], url.username or "postgres", url.path.lstrip("/")


@pytest.fixture(scope="module")
def nobody():
    """A port of this machine at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def shapes(parts, nobody):
    folder, user, name = parts
    return {
        "a socket behind the question mark": f"postgresql://{user}@/{name}?host={folder}",
        "a socket in place of the host": f"postgresql://{user}@{quote(folder, safe='')}/{name}",
        "postgres for short": f"postgres://{user}@/{name}?host={folder}",
        "the first of two hosts is away": f"postgresql://{user}@127.0.0.1:{nobody},{quote(folder, safe='')}/{name}",
        "the one that takes writes": (
            f"postgresql://{user}@127.0.0.1:{nobody},{quote(folder, safe='')}/{name}?target_session_attrs=read-write"
        ),
        "everything behind the question mark": (
            f"postgresql:///{name}?host=127.0.0.1,{folder}&port={nobody},5432&user={user}"
        ),
        "words for the server": f"postgresql://{user}@/{name}?host={folder}&application_name=x&options=-c%20a.b%3D1",
    }


@pytest.mark.parametrize("shape", shapes(("/", "u", "n"), 1))
async def test_every_driver_finds_the_database(parts, nobody, shape):
    settings = DatabaseSettings(database_url=shapes(parts, nobody)[shape])
    name = parts[2]
    database = Database(settings)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT current_database()")) == name
    await database.close()
    listener = await asyncpg.connect(settings.dsn())
    assert await listener.fetchval("SELECT current_database()") == name
    await listener.close()
    with psycopg.connect(settings.dsn()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (name,)
    await asyncio.to_thread(command.current, alembic_config(settings.dsn()))
