"""Statements of the pages that are asked for most, and the way to the driver that SQLAlchemy does not stand in."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Generic, TypeVar

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
OF_THE_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# :name, and not ::type.
_VALUE = re.compile(r"(?<![:\w]):(\w+)")


class Found(asyncpg.Record):  # type: ignore[misc]  # the driver has no types
    """A row as the driver brings it, its columns as attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Direct:
    """The driver's connection behind a session whose own transactions are switched off."""

    def __init__(
        self,
        driver: asyncpg.Connection,
        heard: Sequence[Callable[[str], object]],
        suspect: Callable[[BaseException], object],
    ) -> None:
        self._driver, self._heard, self._suspect = driver, heard, suspect

    @classmethod
    async def of(
        cls,
        session: AsyncSession,
        heard: Sequence[Callable[[str], object]],
        suspect: Callable[[BaseException], object],
    ) -> "Direct":
        """Of the session's connection; `heard` are told of each statement, `suspect` of each error."""
        connection = await (await session.connection()).get_raw_connection()
        return cls(connection.driver_connection, heard, suspect)

    async def fetch(self, sql: str, values: Sequence[object]) -> Sequence[Any]:
        """What a statement finds."""
        for hear in self._heard:
            hear(sql)
        with self._as_others_know_them():
            found: Sequence[Any] = await self._driver.fetch(sql, *values)
            return found

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit when the block returns, else roll back. A connection that stays in one is used for nothing else."""
        transaction = self._driver.transaction()
        try:
            with self._as_others_know_them():
                await transaction.start()
            try:
                yield
            except BaseException:
                with suppress(*OF_THE_DRIVER):
                    await transaction.rollback()
                raise
            with self._as_others_know_them():
                await transaction.commit()
        finally:
            if not self._driver.is_closed() and self._driver.is_in_transaction():
                self._driver.terminate()

    @contextmanager
    def _as_others_know_them(self) -> Iterator[None]:
        """The driver's errors as SQLAlchemy hands them on."""
        try:
            yield
        except OF_THE_DRIVER as error:
            self._suspect(error)
            raise _as_sqlalchemy(error) from error


class Statement:
    """A statement of the pages that are asked for most, with :named values.

    Where a page only reads, and in a direct transaction, it goes to the driver as it is: SQLAlchemy takes eight times
    as long over it. In any other transaction it takes the same way as all others.
    """

    def __init__(self, sql: str) -> None:
        names = list(dict.fromkeys(_VALUE.findall(sql)))
        self._text = text(sql)
        self._names = names
        self._sql = _VALUE.sub(lambda found: f"${names.index(found[1]) + 1}", sql)

    async def rows(self, session: AsyncSession, **values: object) -> Sequence[Any]:
        """What it finds, as rows with attributes."""
        direct: Direct | None = session.info.get("direct")
        if direct is None:
            return (await session.execute(self._text, values)).all()
        return await direct.fetch(self._sql, [values[name] for name in self._names])

    async def row(self, session: AsyncSession, **values: object) -> Any | None:
        """The one row that it finds, or None."""
        return next(iter(await self.rows(session, **values)), None)


class Query(Generic[T]):
    """A statement whose rows become `kind`, a dataclass: its columns have the names of the fields."""

    def __init__(self, kind: Callable[..., T], sql: str) -> None:
        self._kind, self._statement = kind, Statement(sql)

    async def rows(self, session: AsyncSession, **values: object) -> list[T]:
        """What it finds."""
        found = await self._statement.rows(session, **values)
        # The driver's rows are mappings, those of SQLAlchemy have one.
        return [self._kind(**getattr(row, "_mapping", row)) for row in found]

    async def row(self, session: AsyncSession, **values: object) -> T | None:
        """The one row that it finds, or None."""
        return next(iter(await self.rows(session, **values)), None)


def _as_sqlalchemy(error: Exception) -> DBAPIError:
    """The driver's error as SQLAlchemy hands it on: those who handle errors know them so."""
    carrier = Exception(type(error).__name__)
    carrier.__cause__ = error
    return DBAPIError(None, None, carrier)
