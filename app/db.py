"""PostgreSQL: one engine a process, one transaction a request or job, committed before the answer leaves."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import asyncpg
import structlog
from fastapi import Depends, Request
from sqlalchemy import BigInteger, DateTime, MetaData, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.errors import UnavailableError
from app.gate import Gate
from app.outages import is_of_no_use
from app.settings import DatabaseSettings
from app.statements import Direct, Found
from app.statements import Query as Query  # noqa: PLC0414  whoever asks the database finds it here
from app.statements import Statement as Statement  # noqa: PLC0414  the same

log = structlog.get_logger()
T = TypeVar("T")

# Later than PostgreSQL gives up itself (`statement_timeout`): whoever has not answered by then is dead.
ANSWER_SECONDS = 15.0

# Names that alembic can drop again: every constraint has one.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# What SQLAlchemy and the driver raise where PostgreSQL is away, is asked too much, or refuses.
FAILURES = (
    SQLAlchemyError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


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

    A TraceError that leaves the block is rolled back too, and then writes what it leaves, once. `patience`: seconds
    that somebody waits for a connection before BusyError, if not those of the settings.
    """

    def __init__(self, settings: DatabaseSettings, *, patience: float | None = None) -> None:
        self.dsn = settings.dsn()
        # At the pool's own queue nobody goes before anybody, and nobody is sent away.
        self.gate = Gate(
            settings.database_pool,
            settings.database_queue_seconds if patience is None else patience,
            kept=1,
        )
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_timeout=5,
            # Errors end up in logs: no hashes, addresses or codes in them.
            hide_parameters=True,
        )
        self._suspect_before = 0.0
        event.listen(self.engine.sync_engine, "connect", _note_age)
        event.listen(self.engine.sync_engine, "checkout", self._refuse_dead)
        event.listen(self.engine.sync_engine, "handle_error", self._give_up_useless)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        # Told of every statement that goes to the driver as it is: what SQLAlchemy's events are for all others.
        self.heard: list[Callable[[str], object]] = []
        reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(reading.sync_engine, "before_cursor_execute", _refuse_writing)
        self._readers = async_sessionmaker(reading, expire_on_commit=False, autoflush=False)
        # Without transactions of SQLAlchemy's: the driver's own are around them.
        direct = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._directs = async_sessionmaker(direct, expire_on_commit=False, autoflush=False)

    async def _connect(self) -> asyncpg.Connection:
        """A connection by the driver's own reading of the address: SQLAlchemy's knows no list of hosts."""
        return await asyncpg.connect(
            self.dsn,
            record_class=Found,
            timeout=5,
            command_timeout=ANSWER_SECONDS,
            server_settings={
                "application_name": "guildhall",
                "statement_timeout": "10000",
                # A lock that is not had soon is a sign of trouble: better one error than a queue.
                "lock_timeout": "5000",
                "idle_in_transaction_session_timeout": "30000",
                # Firewalls forget a connection on which nothing goes; a server keeps one whose other end is gone.
                "tcp_keepalives_idle": "30",
                "tcp_keepalives_interval": "10",
                "tcp_keepalives_count": "3",
            },
        )

    @asynccontextmanager
    async def transaction(
        self, *, is_finishing: bool = False, is_direct: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, READ COMMITTED. Raises BusyError when too many wait for a connection.

        `is_finishing`: BigBlueButton has done what is to be written down now, so nobody goes before. `is_direct`: for
        the few things that are asked for most; a `Statement` goes to the driver as it is. Whatever else is done with
        the session is in the same transaction, but a failure undoes all of it: no savepoints.
        """
        begin = self._begin_direct if is_direct else self._begin
        try:
            async with self.gate.passed(is_finishing=is_finishing), begin() as session:
                yield session
        except TraceError as error:
            await self._let_leave(error)
            raise

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def _begin_direct(self) -> AsyncIterator[AsyncSession]:
        async with self._directs() as session:
            direct = session.info["direct"] = await Direct.of(session, self.heard, self._suspect)
            async with direct.transaction():
                yield session
                await session.flush()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for a page that only reads: without BEGIN and COMMIT, two ways less to PostgreSQL and back.

        Under READ COMMITTED each statement sees what is committed at its own moment, so nothing else is different.
        """
        async with self.gate.passed(), self._readers() as session:
            session.info["direct"] = await Direct.of(session, self.heard, self._suspect)
            yield session

    async def _let_leave(self, error: TraceError) -> None:
        """What an error leaves behind; that this fails changes nothing for whoever is told of the error."""
        if error.has_left:
            return
        error.has_left = True
        try:
            async with self.gate.passed(), self._sessions() as session, session.begin():
                await error.leaves(session)
        except (*FAILURES, UnavailableError) as failure:
            log.warning("database.trace_lost", error=type(failure).__name__)

    def _suspect(self, error: BaseException) -> None:
        """An error after which no connection of this time is used again: the others are as dead, or read-only."""
        if is_of_no_use(error):
            self._suspect_before = time.monotonic()

    def _give_up_useless(self, context: ExceptionContext) -> None:
        """Without this, one that answers nothing would be asked to roll back, and be used again."""
        self._suspect(context.original_exception)
        if is_of_no_use(context.original_exception):
            context.is_disconnect = True

    def _refuse_dead(self, connection: Any, record: Any, _proxy: object) -> None:
        """A connection that died while it rested is replaced, with all others of its time, before anyone has one.

        The driver has seen its socket close, so it need not be asked by a ping: that is three more ways to PostgreSQL
        and back for each transaction.
        """
        if connection.driver_connection.is_closed() or record.info["since"] < self._suspect_before:
            raise InvalidatePoolError

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def _refuse_writing(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
    """Without a transaction nothing is rolled back and no lock is held: this is for those who look."""
    if not statement.lstrip().startswith(("SELECT", "WITH")) or " FOR NO KEY UPDATE" in statement:
        raise RuntimeError("a page that only reads was about to write")


def _note_age(_connection: object, record: Any) -> None:
    record.info["since"] = time.monotonic()


def get_database(request: Request) -> Database:
    """The process's database, for functions that own their transactions."""
    database: Database = request.app.state.database
    return database


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's session: returning commits, raising rolls back."""
    async with get_database(request).transaction() as session:
        yield session


async def get_reading(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of a request that only reads."""
    async with get_database(request).reading() as session:
        yield session


# A coroutine, though nothing in it waits: FastAPI hands anything else to a thread.
async def _given_database(request: Request) -> Database:
    return get_database(request)


Databased = Annotated[Database, Depends(_given_database)]
# scope="function": FastAPI would else commit after the answer has left, and a failed commit would answer 303.
Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
Reading = Annotated[AsyncSession, Depends(get_reading, scope="function")]
