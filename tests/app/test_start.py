"""Before a process starts: a database that cannot be used, or a port that is taken, ends it with one line."""

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager

import psycopg
import pytest
import structlog
from alembic import command

from app.settings import DatabaseSettings
from app.start import CannotStartError, require_database
from tests.app.test_command_line import python_m_app
from tests.conftest import alembic_config, new_database

pytestmark = pytest.mark.slow


def environment_of(url, **others):
    """What `serve` and `worker` need to start, with that database."""
    return {
        "GUILDHALL_DATABASE_URL": url,
        "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "GUILDHALL_BBB_URL": "http://127.0.0.1:9/",
        "GUILDHALL_BBB_SECRET": "x",
        **others,
    }


def refused(words, url):
    """The one line with which it refuses to start."""
    done = python_m_app(*words, **environment_of(url))
    assert done.returncode == 1, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert "hunter2" not in lines[0]
    return lines[0]


SERVE, TWO, WORKER = ("serve", "--port", "0"), ("serve", "--port", "0", "--processes", "2"), ("worker",)


def test_a_database_that_is_behind_or_empty_is_refused_with_what_to_run(postgres):
    url = new_database(postgres, "behind")
    assert refused(WORKER, url) == "The database is empty. Run: python -m app migrate"
    command.upgrade(alembic_config(url), "0002")
    line = refused(TWO, url)
    assert line.startswith("The database is at revision 0002, and this program needs 00")
    assert line.endswith("Run: python -m app migrate")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://g:hunter2@127.0.0.1:9/guildhall", "ConnectionRefusedError"),
        ("postgresql://g:hunter2@no-such-host.invalid/guildhall", "gaierror"),
        ("postgresql:///nobody?host=/nowhere", "FileNotFoundError"),
    ],
)
async def test_a_database_that_cannot_be_reached_ends_the_start_with_one_line(address, reason):
    with pytest.raises(CannotStartError) as error:
        await require_database(DatabaseSettings(database_url=address))
    line = str(error.value)
    assert line.startswith(f"The database cannot be used: {reason}: ")
    assert "hunter2" not in line
    assert "\n" not in line


async def test_a_wrong_password_and_a_wrong_name_end_the_start_with_one_line(postgres):
    missing = postgres.replace("/postgres?", "/no_such_database?")
    with pytest.raises(CannotStartError, match=r'database "no_such_database" does not exist$'):
        await require_database(DatabaseSettings(database_url=missing))
    async with refusing_passwords() as port:
        address = f"postgresql://g:hunter2@127.0.0.1:{port}/guildhall"
        line = await asyncio.to_thread(refused, SERVE, address)
        assert line == (
            'The database cannot be used: InvalidPasswordError: password authentication failed for user "g"'
        )
        for words in (("migrate",), ("create-operator", "olu@example.org")):
            done = await asyncio.to_thread(
                python_m_app,
                *words,
                GUILDHALL_DATABASE_URL=address,
                GUILDHALL_OPERATOR_PASSWORD="a kettle full of rain",
            )
            assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
            assert "password authentication failed" in done.stderr


async def test_the_program_of_before_goes_on_on_a_newer_database_and_says_so(postgres):
    url = new_database(postgres, "newer")
    command.upgrade(alembic_config(url), "head")
    settings = DatabaseSettings(database_url=url)
    with structlog.testing.capture_logs() as lines:
        await require_database(settings)
        assert lines == []
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await require_database(settings)
    assert [(line["event"], line["revision"]) for line in lines] == [("database.newer", "9999")]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ae1027a6acf'")
    with pytest.raises(CannotStartError, match="another program's"):
        await require_database(settings)


def test_an_address_that_is_taken_ends_the_start_with_one_line(postgres):
    url = new_database(postgres, "taken")
    command.upgrade(alembic_config(url), "head")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refused(("serve", "--port", port, "--processes", "2"), url)
        assert line == f"Cannot listen on 127.0.0.1 port {port}: Address already in use"


@asynccontextmanager
async def refusing_passwords():
    """What looks like a PostgreSQL that asks for a password and takes none; gives its port."""

    async def refuse(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length = int.from_bytes(await reader.readexactly(4))
                request = await reader.readexactly(length - 4)
                if request[:4] == b"\x00\x03\x00\x00":
                    break
                writer.write(b"N")  # no TLS
            writer.write(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
            await reader.readexactly(5)
            words = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "g"\0\0'
            writer.write(b"E" + (len(words) + 4).to_bytes(4) + words)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
