"""PostgreSQL: one engine a process, one transaction a request or job, committed before the answer leaves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import structlog
from fastapi import Depends, Request
from sqlalchemy import BigInteger, DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.settings import DatabaseSettings

log = structlog.get_logger()

# Names that alembic can drop again: every constraint has one.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table: times are `timestamptz`, whole numbers that may grow are `bigint`."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it so
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        int: BigInteger,
    }


class WithId:
    """A row with a number of its own, given by the database."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class TraceError(Exception):
    """An error that undoes its transaction and yet leaves something in the database: `leaves` writes it then."""

    has_left = False

    async def leaves(self, session: AsyncSession) -> None:
        """Write what is to stay, in a transaction of its own."""
        raise NotImplementedError


class Database:
    """The connections of one process. `transaction()` commits when its block returns, else rolls back.

    A TraceError that leaves the block is rolled back too, and then writes what it leaves, once.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.dsn = settings.dsn()
        self.engine: AsyncEngine = create_async_engine(
            settings.dsn("asyncpg"),
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_timeout=5,
            # A connection that died while it rested is replaced before anyone is handed it.
            pool_pre_ping=True,
            # Errors end up in logs: no hashes, addresses or codes in them.
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                "command_timeout": 15,
                "server_settings": {
                    "application_name": "guildhall",
                    "statement_timeout": "10000",
                    # A lock that is not had soon is a sign of trouble: better one error than a queue.
                    "lock_timeout": "5000",
                    "idle_in_transaction_session_timeout": "30000",
                },
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, READ COMMITTED."""
        try:
            async with self._sessions() as session, session.begin():
                yield session
        except TraceError as error:
            await self._let_leave(error)
            raise

    async def _let_leave(self, error: TraceError) -> None:
        """What an error leaves behind; that this fails changes nothing for whoever is told of the error."""
        if error.has_left:
            return
        error.has_left = True
        try:
            async with self._sessions() as session, session.begin():
                await error.leaves(session)
        except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            log.warning("database.trace_lost", error=type(failure).__name__)

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def get_database(request: Request) -> Database:
    """The process's database, for functions that own their transactions."""
    database: Database = request.app.state.database
    return database


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's session: returning commits, raising rolls back."""
    async with get_database(request).transaction() as session:
        yield session


# A coroutine, though nothing in it waits: FastAPI hands anything else to a thread.
async def _given_database(request: Request) -> Database:
    return get_database(request)


Databased = Annotated[Database, Depends(_given_database)]
# scope="function": FastAPI would else commit after the answer has left, and a failed commit would answer 303.
Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
