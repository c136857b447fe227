"""`migrate --check`: whatever in the database is not as the models have it is named in plain words."""

import psycopg
import pytest
from alembic import command
from sqlalchemy.exc import DBAPIError

from app.check.database import check_database
from app.check.findings import lines_of
from app.check.schema import TRIGGERS, differences
from app.settings import DatabaseSettings
from tests.app.test_command_line import python_m_app
from tests.conftest import alembic_config, new_database

pytestmark = pytest.mark.slow

# What somebody did, or an edited migration left out, and what is said of it.
CHANGES = [
    ("ALTER TABLE rooms DROP COLUMN access_code", "column rooms.access_code is missing"),
    ("ALTER TABLE rooms ADD COLUMN colour text NOT NULL", "column rooms.colour is not the program's"),
    ("DROP TABLE site_texts", "table site_texts is missing"),
    ("CREATE TABLE our_notes (id int)", "table our_notes is not the program's"),
    ("DROP INDEX uq_users_email", "index uq_users_email of table users is missing"),
    ("CREATE INDEX ix_ours ON users (name)", "index ix_ours of table users is not the program's"),
    (
        """DROP INDEX uq_invitations_open;
           CREATE INDEX uq_invitations_open ON invitations (email) WHERE accepted_at IS NULL""",
        "index uq_invitations_open of table invitations is another than the program's",
    ),
    (
        "DROP INDEX uq_grants_proposed; CREATE UNIQUE INDEX uq_grants_proposed ON grants (holder_id, rule_id)",
        "index uq_grants_proposed of table grants is of all rows",
    ),
    (
        "ALTER TABLE meetings ALTER COLUMN state DROP NOT NULL",
        "column meetings.state may be empty, and must not",
    ),
    (
        "ALTER TABLE meetings ALTER COLUMN person_seconds TYPE text",
        "column meetings.person_seconds is of type TEXT, not BIGINT",
    ),
    (
        "ALTER TABLE meetings ALTER COLUMN large_session DROP DEFAULT",
        "column meetings.large_session has no default, not the default false",
    ),
    (
        "ALTER TABLE grant_rules ALTER COLUMN days SET DEFAULT 7",
        "column grant_rules.days has the default 7, not the default 365",
    ),
    (
        "ALTER TABLE policy DROP CONSTRAINT ck_policy_ck_policy_only_one",
        "check only_one of table policy is missing",
    ),
    (
        "ALTER TABLE tasks ADD CONSTRAINT paid CHECK (id > 0)",
        "check paid of table tasks is not the program's",
    ),
    (
        "ALTER TABLE sessions DROP CONSTRAINT fk_sessions_user_id",
        "constraint fk_sessions_user_id of table sessions is missing",
    ),
    (
        """ALTER TABLE api_tokens DROP CONSTRAINT fk_api_tokens_user_id,
           ADD CONSTRAINT fk_api_tokens_user_id FOREIGN KEY (user_id) REFERENCES users""",
        "constraint fk_api_tokens_user_id of table api_tokens is another than the program's",
    ),
    (
        "DROP TRIGGER ledger_entries_append_only ON ledger_entries",
        "trigger ledger_entries_append_only, which keeps the ledger append-only, is missing or disabled",
    ),
    (
        "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_not_truncated",
        "trigger ledger_entries_not_truncated, which keeps the ledger append-only, is missing or disabled",
    ),
    (
        "DROP FUNCTION procrastinate_fetch_job_v2",
        "function procrastinate_fetch_job_v2 of the job library is missing",
    ),
    (
        "DROP TABLE procrastinate_periodic_defers CASCADE",
        "table procrastinate_periodic_defers of the job library is missing",
    ),
]


@pytest.fixture(scope="module")
def migrated(postgres):
    """A database at the newest revision."""
    url = new_database(postgres, "schema_migrated")
    command.upgrade(alembic_config(url), "head")
    return url


@pytest.fixture(scope="module")
def lines(postgres):
    """What is said of a database to which all of that happened."""
    url = new_database(postgres, "schema_changed")
    command.upgrade(alembic_config(url), "head")
    with psycopg.connect(url) as connection:
        for statement, _line in CHANGES:
            connection.execute(statement)
    return [str(one) for one in differences(DatabaseSettings(database_url=url))]


@pytest.mark.parametrize(("statement", "line"), CHANGES, ids=[line for _statement, line in CHANGES])
def test_what_is_otherwise_is_named(lines, statement, line):
    assert line in lines, (statement, lines)


def test_nothing_else_is_named_and_nothing_twice(lines):
    of_periodic = [line for line in lines if "index procrastinate_periodic_defers" in line]
    assert sorted(set(lines) - set(of_periodic)) == sorted({line for _statement, line in CHANGES})
    assert len(lines) == len(set(lines))


def test_the_triggers_that_are_looked_for_are_those_of_the_migrations(migrated):
    with psycopg.connect(migrated) as connection:
        found = connection.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE 'procrastinate%'"
        ).fetchall()
    assert {name for (name,) in found} == set(TRIGGERS)


def test_a_migrated_database_has_no_difference(migrated):
    assert differences(DatabaseSettings(database_url=migrated)) == []


def test_another_revision_is_the_only_difference(postgres):
    url = new_database(postgres, "schema_old")
    settings = DatabaseSettings(database_url=url)
    assert [str(one) for one in differences(settings)] == [
        "the database is empty. Run: python -m app migrate"
    ]
    command.upgrade(alembic_config(url), "0012")
    (old,) = differences(settings)
    assert str(old).startswith("the database's revision, 0012, is not 00")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (newer,) = differences(settings)
    assert str(newer).startswith("the database's revision, 9999, is newer than this program's")


def test_a_database_that_is_not_there_is_no_difference():
    with pytest.raises(DBAPIError):
        differences(DatabaseSettings(database_url="postgresql://g:hunter2@127.0.0.1:9/guildhall"))


async def test_the_command_and_check_tell_of_a_column_that_an_edited_migration_left_out(postgres):
    url = new_database(postgres, "schema_edited")
    command.upgrade(alembic_config(url), "head")
    fine = python_m_app("migrate", "--check", GUILDHALL_DATABASE_URL=url)
    assert (fine.returncode, fine.stdout, fine.stderr) == (
        0,
        "The database is as this program needs it.\n",
        "",
    )
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE our_notes (id int)")
    settings = DatabaseSettings(database_url=url)
    assert "LOOK  Database: table our_notes is not the program's" in lines_of(await check_database(settings))
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE our_notes")
        connection.execute("ALTER TABLE rooms DROP COLUMN access_code")
    done = python_m_app("migrate", "--check", GUILDHALL_DATABASE_URL=url)
    assert (done.returncode, done.stdout, done.stderr) == (1, "column rooms.access_code is missing\n", "")
    again = python_m_app("migrate", GUILDHALL_DATABASE_URL=url)
    assert again.returncode == 0
    assert "up to date" not in again.stdout
    assert "column rooms.access_code is missing" in again.stderr
    assert "MEND  Database: column rooms.access_code is missing" in lines_of(await check_database(settings))


def test_wrong_settings_are_2():
    assert python_m_app("migrate", "--check", GUILDHALL_DATABASE_URL="mysql://x/y").returncode == 2
