"""What keeps the database from doing its work: full, read-only, gone. Errors of the program's own are none."""

from dataclasses import dataclass
from typing import Literal

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Kind = Literal["full", "memory", "connections", "read_only", "refused", "away", "busy"]


@dataclass(frozen=True)
class Outage:
    """Why the database did not do something: a kind that the site knows, and PostgreSQL's own words."""

    kind: Kind
    cause: str

    @property
    def retry_after(self) -> int:
        """Seconds until it is worth another try: a restart takes some, room on a disk has to be made by somebody."""
        return 5 if self.kind in {"away", "busy"} else 60


# By PostgreSQL's classes of errors; the first that fits counts.
_KINDS: tuple[tuple[type[BaseException], Kind], ...] = (
    (asyncpg.TooManyConnectionsError, "connections"),
    (asyncpg.OutOfMemoryError, "memory"),
    # The disk, or a limit of the server's configuration.
    (asyncpg.InsufficientResourcesError, "full"),
    (asyncpg.PostgresSystemError, "full"),
    # After a failover the server that we knew goes on as a replica.
    (asyncpg.ReadOnlySQLTransactionError, "read_only"),
    (asyncpg.InvalidAuthorizationSpecificationError, "refused"),
    (asyncpg.InvalidCatalogNameError, "refused"),
    # A lock or an answer that did not come in time, two who waited for each other: one may simply try again.
    (asyncpg.LockNotAvailableError, "busy"),
    (asyncpg.QueryCanceledError, "busy"),
    (asyncpg.TransactionRollbackError, "busy"),
    (asyncpg.OperatorInterventionError, "away"),
    (asyncpg.IdleInTransactionSessionTimeoutError, "away"),
    (asyncpg.TransactionTimeoutError, "away"),
    (asyncpg.PostgresConnectionError, "away"),
    # The driver, when a connection broke in the middle of something: closed, or in a state that takes no question.
    (asyncpg.InterfaceError, "away"),
    (asyncpg.InternalClientError, "away"),
    (PoolTimeoutError, "busy"),
    # TimeoutError among them: not even a cancelled statement was answered.
    (OSError, "away"),
)


def outage_of(error: BaseException) -> Outage | None:
    """The outage behind an error of the driver, of SQLAlchemy or of the network; None for any other error."""
    cause = _cause(error)
    if isinstance(cause, asyncpg.DataError):
        # An InterfaceError too: a value that no column can hold.
        return None
    kind = next((kind for classes, kind in _KINDS if isinstance(cause, classes)), None)
    if kind is None and isinstance(error, DBAPIError) and error.connection_invalidated:
        kind = "away"
    return Outage(kind, words_of(cause)) if kind else None


def words_of(cause: BaseException) -> str:
    """For the operator, in one line: PostgreSQL's message without its details, which may repeat values of rows."""
    words = str(cause.args[0] if isinstance(cause, asyncpg.PostgresError) else cause)
    return f"{type(cause).__name__}: {' '.join(words.split())[:200]}".rstrip(": ")


def is_of_no_use(error: BaseException) -> bool:
    """Whether connections of this time are to be replaced: dead, or those to a server that only reads now."""
    cause = _cause(error)
    return isinstance(
        cause,
        OSError
        | asyncpg.InternalClientError
        | asyncpg.ReadOnlySQLTransactionError
        | asyncpg.AdminShutdownError
        | asyncpg.CrashShutdownError,
    )


def _cause(error: BaseException) -> BaseException:
    """What the driver raised: SQLAlchemy wraps it in an error of its own, around one of its adapter's."""
    original = getattr(error, "orig", None) or error
    return (
        original if isinstance(original, asyncpg.PostgresError | OSError) else original.__cause__ or original
    )
