"""How many statements reach PostgreSQL, whatever way they take."""

import contextlib

from sqlalchemy import event


@contextlib.contextmanager
def counting(database):
    """The statements that reach PostgreSQL while the block lasts."""
    said = []

    def hear(_connection, _cursor, statement, *_rest):
        said.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    database.heard.append(said.append)
    try:
        yield said
    finally:
        database.heard.remove(said.append)
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)
