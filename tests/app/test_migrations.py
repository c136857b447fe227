"""Migrations run up and down, and lose nothing. What they make is compared in check/test_schema.py."""

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, text

from tests.conftest import alembic_config, new_database


@pytest.fixture
def url(postgres):
    """An empty database."""
    return new_database(postgres, "migrations")


def tables(url):
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        return {name for (name,) in found}


@pytest.mark.slow
def test_every_step_goes_up_down_and_up_again(url):
    config = alembic_config(url)
    steps = [step.revision for step in reversed([*ScriptDirectory.from_config(config).walk_revisions()])]
    for step in steps:
        command.upgrade(config, step)
        command.downgrade(config, "-1")
        command.upgrade(config, step)
    command.downgrade(config, "base")
    assert tables(url) == set()
    with psycopg.connect(url) as connection:
        left = connection.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%'"
        ).fetchall()
    assert left == []


@pytest.mark.slow
def test_a_migration_does_not_wait_for_a_lock_for_ever(url):
    config = alembic_config(url)
    command.upgrade(config, "0001")
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Exception, match="lock timeout"):
            command.upgrade(config, "head")
    command.upgrade(config, "head")


def test_the_migrations_have_one_head():
    assert len(ScriptDirectory.from_config(alembic_config("postgresql://x/y")).get_heads()) == 1


@pytest.mark.slow
def test_a_new_installation_ships_tiers_once_and_keeps_what_operators_made_of_them(url):
    from app.migrations import migrate
    from app.settings import DatabaseSettings

    settings = DatabaseSettings(database_url=url)
    migrate(settings)
    engine = create_engine(
        settings.dsn().replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    )
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tiers")) == 4
        connection.execute(text("UPDATE tiers SET meeting_minutes = 90 WHERE key = 'free'"))
    migrate(settings)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT meeting_minutes FROM tiers WHERE key = 'free'")) == 90
        assert connection.scalar(text("SELECT count(*) FROM tiers")) == 4


@pytest.mark.slow
def test_tokens_from_before_there_were_scopes_go_on_and_limited_ones_end_with_the_scopes(url):
    config = alembic_config(url)
    command.upgrade(config, "0016")
    with psycopg.connect(url) as connection:
        connection.execute("""
            WITH holder AS (
                INSERT INTO holders (kind, name, created_at) VALUES ('person', 'Ada', now()) RETURNING id
            ), person AS (
                INSERT INTO users (holder_id, email, name, password_hash, language, time_zone, is_operator,
                                   is_bookkeeper, created_at)
                SELECT id, 'ada@example.org', 'Ada', '!', 'en', 'UTC', false, false, now() FROM holder RETURNING id
            ) INSERT INTO api_tokens (token_hash, user_id, name, created_at)
              SELECT name::bytea, id, name, now() FROM person, unnest(ARRAY['robot', 'reader']) AS name
        """)
    command.upgrade(config, "0017")
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT scopes, expires_at FROM api_tokens").fetchall()
        assert rows == [(["read", "rooms", "organisation"], None)] * 2
        assert connection.execute("SELECT credentials_version FROM users").fetchall() == [(1,)]
        connection.execute("UPDATE api_tokens SET scopes = '{read}' WHERE name = 'reader'")
    command.downgrade(config, "0016")
    with psycopg.connect(url) as connection:
        ended = connection.execute("SELECT name, expires_at <= now() FROM api_tokens ORDER BY id").fetchall()
    assert ended == [("robot", None), ("reader", True)]
