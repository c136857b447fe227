"""Whether the database has the tables of this program: every difference in plain words, whoever made it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import CheckConstraint, Connection, Index, NullPool, Table, create_engine, inspect, text

from app.migrations import is_ours
from app.models import Base
from app.revision import newest_revision
from app.settings import DatabaseSettings

CONNECT_SECONDS = 10
# Migration 0012 makes them; models know no triggers.
TRIGGERS = ("ledger_entries_append_only", "ledger_entries_corrected_whole", "ledger_entries_not_truncated")
MISSING, UNKNOWN = "is missing", "is not the program's"
_JOBS_SCHEMA = re.compile(r"^CREATE (?:UNIQUE )?(TABLE|INDEX|FUNCTION|TRIGGER|TYPE) (\w+)", re.MULTILINE)
_NAMES = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
    UNION SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    UNION SELECT typname FROM pg_type WHERE typnamespace = current_schema()::regnamespace
    UNION SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
          WHERE relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A')
"""
_INDEXES = """
    SELECT relname, indpred IS NOT NULL FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise: which, and how. `harmless` is more than the program knows, and not in its way."""

    thing: str
    how: str
    harmless: bool = False

    def __str__(self) -> str:
        """Read as one line: `column rooms.slug is missing`."""
        return f"{self.thing} {self.how}"


def differences(settings: DatabaseSettings) -> list[Difference]:
    """Everything in which the database is not as the program's newest migration leaves it; changes nothing.

    A database at another revision is one difference: what else is otherwise follows from it. Raises SQLAlchemy's
    DBAPIError if the database cannot be used.
    """
    with _reading(settings) as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_server_default": True}
        )
        newest, revisions = newest_revision(), context.get_current_heads()
        if revisions != (newest,):
            return [Difference(*_of_revision(", ".join(revisions), newest))]
        compared = [
            difference for change in compare_metadata(context, Base.metadata) for difference in _read(change)
        ]
        return [*_merged(compared), *_checks(connection), *_predicates(connection), *_named(connection)]


@contextmanager
def _reading(settings: DatabaseSettings) -> Iterator[Connection]:
    connect = partial(psycopg.connect, settings.dsn(), connect_timeout=CONNECT_SECONDS)
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def _of_revision(revision: str, newest: str) -> tuple[str, str]:
    if not revision:
        return "the database", "is empty. Run: python -m app migrate"
    if revision.isdigit() and revision > newest:
        return f"the database's revision, {revision},", f"is newer than this program's, {newest}"
    return f"the database's revision, {revision},", f"is not {newest}. Run: python -m app migrate"


def _read(change: Any) -> Iterator[Difference]:
    """What alembic says: a tuple for a thing that is there or not, a list of tuples for a changed column."""
    if isinstance(change, list):
        yield from (_of_column(*part) for part in change)
        return
    kind, *_, item = change
    how = MISSING if kind.startswith("add_") else UNKNOWN
    if kind.endswith("_column"):
        spare = how == UNKNOWN and (item.nullable or item.server_default is not None)
        yield Difference(f"column {change[2]}.{item.name}", how, harmless=spare)
    elif isinstance(item, Table):
        yield Difference(f"table {item.name}", how, harmless=how == UNKNOWN)
    else:
        what = "index" if isinstance(item, Index) else "constraint"
        slow = isinstance(item, Index) and not item.unique and how == UNKNOWN
        yield Difference(f"{what} {item.name} of table {item.table.name}", how, harmless=slow)


def _of_column(kind: str, _schema: str | None, table: str, column: str, *rest: Any) -> Difference:
    _existing, old, new = rest
    hows = {
        "modify_nullable": "may be empty, and must not" if old else "must not be empty, and may",
        "modify_type": f"is of type {old}, not {new}",
        "modify_default": f"has {_default(old)}, not {_default(new)}",
    }
    return Difference(f"column {table}.{column}", hows.get(kind, "has another comment"))


def _default(default: Any) -> str:
    if not default:
        return "no default"
    value = getattr(default, "arg", default)
    return f"the default {getattr(value, 'text', value)}"


def _merged(found: list[Difference]) -> list[Difference]:
    """One line for what is missing under its name and there in another shape; none for parts of a missing table."""
    gone = tuple(f" of {one.thing}" for one in found if one.thing.startswith("table ") and one.how == MISSING)
    lines = dict.fromkeys(one for one in found if not (gone and one.thing.endswith(gone)))
    hows: dict[str, set[str]] = {}
    for one in lines:
        hows.setdefault(one.thing, set()).add(one.how)
    changed = [thing for thing, said in hows.items() if said >= {MISSING, UNKNOWN}]
    return [
        *(one for one in lines if one.thing not in changed),
        *(Difference(thing, "is another than the program's") for thing in changed),
    ]


def _checks(connection: Connection) -> Iterator[Difference]:
    """Alembic compares none. By their names: PostgreSQL keeps the rules in words of its own."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name not in there:
            continue
        names = {_plain(table, str(check["name"])) for check in inspector.get_check_constraints(table.name)}
        ours = {_plain(table, str(one.name)) for one in table.constraints if isinstance(one, CheckConstraint)}
        for name in sorted(names ^ ours):
            yield Difference(f"check {name} of table {table.name}", MISSING if name in ours else UNKNOWN)


def _plain(table: Table, name: str) -> str:
    """The name of a check without the beginning that all of its table have, some of them twice."""
    start = f"ck_{table.name}_"
    return name.removeprefix(start).removeprefix(start)


def _predicates(connection: Connection) -> Iterator[Difference]:
    """Alembic does not compare which rows an index is of: at least whether it is of all."""
    rows = connection.execute(text(_INDEXES))
    of_some_there: dict[str, bool] = {name: of_some for name, of_some in rows}  # noqa: C416  Row is no pair to mypy
    for table in Base.metadata.sorted_tables:
        for index in table.indexes:
            of_some = index.dialect_options["postgresql"]["where"] is not None
            if of_some_there.get(str(index.name), of_some) != of_some:
                how = "is of all rows" if of_some else "is of some rows only"
                yield Difference(f"index {index.name} of table {table.name}", how)


def _named(connection: Connection) -> Iterator[Difference]:
    """The triggers of the ledger, and what the job library works with: by their names."""
    there = set(connection.scalars(text(_NAMES)))
    for trigger in TRIGGERS:
        if trigger not in there:
            yield Difference(
                f"trigger {trigger}, which keeps the ledger append-only,", "is missing or disabled"
            )
    for kind, name in _JOBS_SCHEMA.findall(SchemaManager.get_schema()):
        if name not in there:
            yield Difference(f"{kind.lower()} {name} of the job library", MISSING)
