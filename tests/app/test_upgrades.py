"""From every release to today, with a row in every table: none is lost, and the tables are the program's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, NullPool, create_engine, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import ARRAY, Boolean, Date, DateTime, Enum, LargeBinary, Numeric, String

from app.check.schema import differences
from app.migrations import migrate
from app.settings import DatabaseSettings
from tests.app.test_frozen import frozen
from tests.conftest import alembic_config, new_database

pytestmark = pytest.mark.slow

RELEASES = {"before the first release": "0012"} | {
    release: held["head"] for release, held in frozen().items()
}
# Where any word will not do: a check says so, or the program reads it while it migrates.
KNOWN = {
    ("ledger_entries", "kind"): "confirmation",
    ("ledger_entries", "counts_as"): "confirmation",
    ("ledger_entries", "what"): "money",
    ("procrastinate_jobs", "abort_requested"): False,
}
# `table.column` that a migration has taken out or given another meaning, on purpose.
CHANGED: set[str] = set()
SOMETIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def reflected(connection):
    """The tables as they are now."""
    tables = MetaData()
    tables.reflect(connection)
    tables.remove(tables.tables["alembic_version"])
    return tables


def value(column, position):
    """Something that fits. Moments grow with the position: what ends comes after what starts."""
    kind = column.type
    fitting = [
        (Enum, lambda: kind.enums[0]),
        (String, lambda: column.name),
        (Boolean, lambda: True),
        (DateTime, lambda: SOMETIME + timedelta(days=position)),
        (Date, lambda: date(2026, 1, 2)),
        (Numeric, lambda: 2),
        (LargeBinary, column.name.encode),
        (postgresql.JSONB, lambda: {"of": column.name}),
        (ARRAY, list),
    ]
    return next((make() for types, make in fitting if isinstance(kind, types)), 1)


def row_of(table, rows):
    """A row for this table that refers to those that are in the others; nothing refers to itself."""
    row = {}
    for position, column in enumerate(table.columns):
        if column.server_default is not None and (column.primary_key or column.identity):
            continue
        key = next(iter(column.foreign_keys), None)
        if key is None:
            row[column.name] = KNOWN.get((table.name, column.name), value(column, position))
        elif key.column.table.name in rows:
            row[column.name] = rows[key.column.table.name][key.column.name]
    return row


def fill(connection):
    """One row in each table that has none, with all columns filled."""
    rows = {}
    for table in reflected(connection).sorted_tables:
        if connection.scalar(select(func.count()).select_from(table)) == 0:
            connection.execute(insert(table).values(row_of(table, rows)))
        rows[table.name] = connection.execute(select(table).limit(1)).mappings().one()


def contents(connection):
    """All rows of all tables, column by column."""
    kept = {}
    for table in reflected(connection).sorted_tables:
        rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
        kept[table.name] = [dict(row) for row in rows]
    return kept


@pytest.mark.parametrize("release", RELEASES)
def test_an_upgrade_loses_no_row_and_ends_with_the_tables_of_the_program(postgres, release):
    settings = DatabaseSettings(database_url=new_database(postgres, "upgrade"))
    command.upgrade(alembic_config(settings.dsn()), RELEASES[release])
    engine = create_engine(
        settings.dsn().replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    )
    with engine.begin() as connection:
        fill(connection)
    with engine.begin() as connection:
        before = contents(connection)
    assert all(before.values())
    migrate(settings)
    with engine.begin() as connection:
        after = contents(connection)
    assert {name: len(after.get(name, [])) for name in before} == {
        name: len(rows) for name, rows in before.items()
    }
    assert list(lost(before, after)) == []
    assert differences(settings) == []


def lost(before, after):
    """Values that are not what they were, but for those that were meant to change."""
    for name, rows in before.items():
        for old, new in zip(rows, after[name], strict=True):
            for column, was in old.items():
                if f"{name}.{column}" not in CHANGED and new.get(column) != was:
                    yield f"{name}.{column}: {was!r} became {new.get(column, 'nothing')!r}"
