"""The command line: clear lines when something is wrong, an operator from nothing."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest
from alembic import command
from sqlalchemy import select

from app.accounts.models import User
from app.db import Database
from app.demo import run as demo
from app.settings import ROOT, DatabaseSettings
from tests.app.mail.post_office import post_office
from tests.conftest import alembic_config, new_database

pytestmark = pytest.mark.slow


def python_m_app(*words, **environment):
    """Run it as a person would, with these settings only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_missing_settings_are_named(command):
    done = python_m_app(command)
    assert done.returncode == 2
    assert "GUILDHALL_DATABASE_URL: must be set" in done.stderr
    assert "Traceback" not in done.stderr


def test_unsafe_settings_are_refused_at_the_start():
    done = python_m_app(
        "serve",
        GUILDHALL_DATABASE_URL="postgresql://g:hunter2@db/guildhall",
        GUILDHALL_SECRET_KEY="changeme",
        GUILDHALL_BBB_URL="http://bbb.example",
        GUILDHALL_BBB_SECRET="",
        GUILDHALL_PUBLIC_URL="https://meet.example",
    )
    assert done.returncode == 2
    for name in ("SECRET_KEY", "BBB_URL", "BBB_SECRET", "SMTP_URL", "MAIL_FROM"):
        assert f"GUILDHALL_{name}:" in done.stderr
    assert "changeme" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_database_that_is_not_there_gets_one_clear_line():
    done = python_m_app("migrate", GUILDHALL_DATABASE_URL="postgresql://g:hunter2@127.0.0.1:9/guildhall")
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


async def test_an_operator_is_made_from_the_command_line(postgres):
    url = new_database(postgres, "command_line")
    command.upgrade(alembic_config(url), "head")
    words = ("create-operator", "olu@example.org", "--name", "Olu")
    weak = python_m_app(*words, GUILDHALL_DATABASE_URL=url, GUILDHALL_OPERATOR_PASSWORD="short")
    assert weak.returncode == 1
    assert "Traceback" not in weak.stderr
    done = python_m_app(
        *words, GUILDHALL_DATABASE_URL=url, GUILDHALL_OPERATOR_PASSWORD="a kettle full of rain"
    )
    assert done.returncode == 0, done.stderr
    database = Database(DatabaseSettings(database_url=url))
    async with database.transaction() as session:
        user = await session.scalar(select(User))
    await database.close()
    assert (user.email, user.is_operator, user.verified_at is not None) == ("olu@example.org", True, True)


def test_a_port_in_use_gets_one_clear_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert demo.run(port) == 1
        assert demo.run(port - 1) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"Guildhall cannot start: port {port} is in use. Choose another one with {demo.OWN_PORT}.",
        f"Guildhall cannot start: port {port} is in use. Choose another one with {demo.NEXT_PORT}.",
    ]


def test_a_folder_that_cannot_be_written_gets_one_clear_line(capsys, monkeypatch, tmp_path):
    (tmp_path / "var").write_text("a file where the folder should be")
    monkeypatch.setattr(demo, "VAR", tmp_path / "var")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert demo.run(port) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "the folder var/ cannot be written" in line


MAILING = {
    "GUILDHALL_DATABASE_URL": "postgresql://g@127.0.0.1:9/guildhall",
    "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "GUILDHALL_BBB_URL": "https://bbb.example.org",
    "GUILDHALL_BBB_SECRET": "x",
}


async def test_a_test_mail_says_what_the_server_said_and_how_it_ended():
    async with post_office() as office:
        settings = MAILING | {"GUILDHALL_SMTP_URL": office.url().get_secret_value()}
        done = await asyncio.to_thread(python_m_app, "send-test-mail", "jo@example.org", **settings)
        assert done.returncode == 0
        assert "RCPT TO:<jo@example.org>\n    250 2.1.5 fine\n" in done.stdout
        assert "The mail server has taken the mail to jo@example.org." in done.stdout
        assert len(office.letters) == 1
        office.answers["RCPT"] = ["550 5.1.1 nobody here"]
        done = await asyncio.to_thread(python_m_app, "send-test-mail", "jo@example.org", **settings)
        assert done.returncode == 1
        assert "550 5.1.1 nobody here" in done.stdout
        assert "was not sent" in done.stderr


def test_a_test_mail_to_nowhere_ends_in_a_line():
    settings = MAILING | {"GUILDHALL_SMTP_URL": "smtp://127.0.0.1:9"}
    done = python_m_app("send-test-mail", "jo@example.org", **settings)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "Connect call failed" in done.stdout
    for words, environment in (
        (("send-test-mail", "jo"), settings),
        (("send-test-mail", "jo@example.org"), {}),
    ):
        done = python_m_app(*words, **environment)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_an_operator_has_an_address_in_its_one_form(database_url):
    settings = {
        "GUILDHALL_DATABASE_URL": database_url,
        "GUILDHALL_OPERATOR_PASSWORD": "a long walk by the river",
    }
    done = python_m_app("create-operator", "olu@Bücher.example", **settings)
    assert (done.returncode, done.stdout) == (0, "olu@xn--bcher-kva.example is an operator.\n")
    done = python_m_app("create-operator", "olu", **settings)
    assert (done.returncode, "is not an e-mail address" in done.stderr) == (1, True)
