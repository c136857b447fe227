"""PostgreSQL: reached, writable, at the program's revision, and of the same time."""

import asyncio
from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError

from app import clock
from app.check.findings import Finding, look, mend, ok, words_of
from app.check.schema import differences
from app.revision import newest_revision
from app.settings import DatabaseSettings

SUBJECT = "Database"
OLDEST = 15  # PostgreSQL; the tests run on 18, and with 15 it was tried
CLOCKS_APART = 30.0  # seconds: above that the program acts on nothing
MIGRATE = "Run: python -m app migrate"


async def check_database(settings: DatabaseSettings) -> list[Finding]:
    """Connect as the program does, and look."""
    try:
        connection = await asyncpg.connect(settings.dsn(), timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        how = "Look at GUILDHALL_DATABASE_URL, whether PostgreSQL runs there, and at its pg_hba.conf."
        return [mend(SUBJECT, words_of(error), how)]
    try:
        return [
            *_version(connection.get_server_version().major, connection.get_server_version().minor),
            *await _can_write(connection),
            *await _revision(connection, settings),
            await _clock(connection),
        ]
    finally:
        await connection.close(timeout=5)


def _version(major: int, minor: int) -> list[Finding]:
    if major < OLDEST:
        return [
            mend(SUBJECT, f"PostgreSQL {major}.{minor}", f"Guildhall needs PostgreSQL {OLDEST} or newer.")
        ]
    return [ok(SUBJECT, f"PostgreSQL {major}.{minor} answers")]


async def _can_write(connection: asyncpg.Connection) -> list[Finding]:
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        how = "Name the primary, or all hosts with ?target_session_attrs=read-write behind them."
        return [mend(SUBJECT, "this server is a standby and takes no writes", how)]
    if await connection.fetchval("SHOW transaction_read_only") == "on":
        how = "Look for default_transaction_read_only in PostgreSQL's configuration and at the role."
        return [mend(SUBJECT, "nothing can be written", how)]
    return []


async def _revision(connection: asyncpg.Connection, settings: DatabaseSettings) -> list[Finding]:
    newest = newest_revision()
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return [mend(SUBJECT, "it is empty", MIGRATE)]
    if found == newest:
        return [ok(SUBJECT, f"at the program's revision, {newest}"), await _schema(settings)]
    if found is None or found < newest:
        return [mend(SUBJECT, f"at revision {found}; the program needs {newest}", MIGRATE)]
    how = "Fine while an upgrade is under way: restart this program in its new version."
    return [look(SUBJECT, f"at revision {found}, newer than the program's {newest}", how)]


async def _schema(settings: DatabaseSettings) -> Finding:
    try:
        found = await asyncio.to_thread(differences, settings)
    except DBAPIError as error:
        return mend(
            SUBJECT, f"its tables cannot be looked at: {words_of(error)}", "Look at the role's rights."
        )
    if not found:
        return ok(SUBJECT, "its tables are those of the program")
    harm = [difference for difference in found if not difference.harmless]
    first, *more = harm or found
    seen = f"{first}, and {len(more)} more" if more else str(first)
    how = "Somebody has changed it by hand. All of it: python -m app migrate --check"
    return (mend if harm else look)(SUBJECT, seen, how)


async def _clock(connection: asyncpg.Connection) -> Finding:
    asked = clock.now()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    apart = abs((theirs - asked).total_seconds())
    if apart > CLOCKS_APART:
        how = "Set up time synchronisation (chrony, systemd-timesyncd) on both machines."
        return mend("Clock", f"{apart:.0f} s apart from the database's", how)
    return ok("Clock", f"{apart:.1f} s apart from the database's")
