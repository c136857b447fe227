"""What is looked at before a process starts: that the database is there, and has the tables of this program."""

import asyncio

import asyncpg
import structlog

from app.outages import words_of
from app.revision import newest_revision
from app.settings import DatabaseSettings

log = structlog.get_logger()

CONNECT_SECONDS = 10.0
# After a power cut machines start in any order, and PostgreSQL looks through its journal first.
RECOVERS_WITHIN_SECONDS, LOOK_SECONDS = 30.0, 1.0
MIGRATE = "Run: python -m app migrate"


class CannotStartError(Exception):
    """Why a process cannot start, and what to do, in one line."""


async def require_database(settings: DatabaseSettings) -> None:
    """Go on if the database can be used and is at this program's revision, or at one that came after it.

    The program of the version before works on a migrated database until it is restarted (CONTRIBUTING.md), so a
    revision that it does not know yet is a warning and no reason to stay away. Raises CannotStartError.
    """
    try:
        revision = await _revision(settings)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise CannotStartError(f"The database cannot be used: {words_of(error)}") from None
    newest = newest_revision()
    if revision is None:
        raise CannotStartError(f"The database is empty. {MIGRATE}")
    if not revision.isdigit():
        raise CannotStartError(
            f"The database is another program's: its revision is {revision[:40]!r}. Look at GUILDHALL_DATABASE_URL."
        )
    if revision < newest:
        raise CannotStartError(
            f"The database is at revision {revision}, and this program needs {newest}. {MIGRATE}"
        )
    if revision > newest:
        log.warning("database.newer", revision=revision, program=newest)


async def _revision(settings: DatabaseSettings) -> str | None:
    """The newest migration that the database has seen; None if it has seen none."""
    connection = await _connect(settings)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT max(version_num) FROM alembic_version")
        return revision
    finally:
        await connection.close(timeout=2)


async def _connect(settings: DatabaseSettings) -> asyncpg.Connection:
    loop = asyncio.get_running_loop()
    end = loop.time() + RECOVERS_WITHIN_SECONDS
    while True:
        try:
            return await asyncpg.connect(
                settings.dsn(), timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS
            )
        except asyncpg.CannotConnectNowError:
            if loop.time() > end:
                raise
            await asyncio.sleep(LOOK_SECONDS)
