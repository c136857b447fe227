"""How migrations reach the database: one transaction a migration, with a lock time-out."""

from functools import partial

import psycopg
from alembic import context
from sqlalchemy import NullPool, create_engine, text

from app.db import Base
from app.migrations import is_ours
from app.models import __all__ as tables
from app.settings import DatabaseSettings, read

assert tables  # noqa: S101  importing the tables is what the import is for


def run() -> None:
    """Migrate the database of the settings, or the one that a test hands over."""
    dsn = context.config.attributes.get("dsn") or read(DatabaseSettings).dsn()
    engine = create_engine("postgresql+psycopg://", creator=partial(psycopg.connect, dsn), poolclass=NullPool)
    with engine.connect() as connection:
        # A migration that waits for a lock blocks everyone behind it: better it gives up and is run again.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            include_object=is_ours,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
