"""The command line: serve, worker, migrate, check, send-test-mail, create-operator, demo."""

import argparse
import asyncio
import getpass
import os
import sys

import asyncpg
from sqlalchemy.exc import DBAPIError

from app import clock, logs
from app.accounts.service import WeakPasswordError, create_operator
from app.addresses import NotAnAddressError, tidy_address
from app.db import Database
from app.memberships.tier_file import TiersFileError
from app.settings import DatabaseSettings, Settings, SettingsError, read
from app.start import CannotStartError, require_database

PASSWORD_VARIABLE = "GUILDHALL_OPERATOR_PASSWORD"  # noqa: S105  a variable's name


def main(words: list[str]) -> int:
    """Do what the words ask; 2 if the settings are wrong, 1 if it cannot be done."""
    asked = _arguments(words)
    try:
        found: int = asked.run(asked)
    except SettingsError as error:
        print(f"These settings need a look:\n{error}", file=sys.stderr)
        return 2
    except TiersFileError as error:
        print(f"The file of tiers needs a look:\n{error}", file=sys.stderr)
        return 2
    except CannotStartError as error:
        print(error, file=sys.stderr)
        return 1
    except (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # In one line: psycopg writes several.
        cause = " ".join(str(getattr(error, "orig", error)).split())
        print(f"The database cannot be used: {cause}", file=sys.stderr)
        return 1
    return found


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m app", description="Guildhall")
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="the web server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--processes", type=int, default=1)
    serve.add_argument("--fd", type=int, action="append", help="an open socket, instead of host and port")
    # Between the process that looks after others and each of those.
    serve.add_argument("--channel", type=int, help=argparse.SUPPRESS)
    serve.set_defaults(run=_serve)
    commands.add_parser("worker", help="background work").set_defaults(run=_worker)
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.add_argument(
        "--check", action="store_true", help="only say in what it is not as the program needs it"
    )
    migrate.set_defaults(run=_migrate)
    commands.add_parser("check", help="whether settings, database, BBB, mail and proxy fit").set_defaults(
        run=_check
    )
    test_mail = commands.add_parser(
        "send-test-mail", help="send one mail now, and print all that the mail server says"
    )
    test_mail.add_argument("address")
    test_mail.set_defaults(run=_send_test_mail)
    operator = commands.add_parser("create-operator", help="make an operator, or make one of a person")
    operator.add_argument("email")
    operator.add_argument("--name", default="Operator")
    operator.set_defaults(run=_create_operator)
    passwords = commands.add_parser(
        "allow-passwords", help="let the people of an organisation in by password, when its provider is away"
    )
    passwords.add_argument("organisation", help="as its address writes it: riverside-housing")
    passwords.set_defaults(run=_allow_passwords)
    rename = commands.add_parser(
        "rename-server", help="say that a BigBlueButton server has another address and is the same"
    )
    rename.add_argument("old", help="the address that it had")
    rename.add_argument("new", help="the address that it has now")
    rename.add_argument("--yes", action="store_true", help="also if none of its recordings is found there")
    rename.set_defaults(run=_rename_server)
    demo = commands.add_parser("demo", help="everything at once, with demo data: what `make run` does")
    demo.add_argument("--port", type=int, default=8000)
    demo.set_defaults(run=_demo)
    return parser.parse_args(words)


def _serve(asked: argparse.Namespace) -> int:
    from app.serve import CannotListenError, bind, opened, serve, serve_on, sockets_of_systemd

    settings = read(Settings)
    if asked.channel is None:
        _require_database(settings)
    try:
        sockets = opened(asked.fd or []) or sockets_of_systemd() or bind(asked.host, asked.port)
    except CannotListenError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.channel is not None:
        return serve_on(sockets, *opened([asked.channel]))
    return serve(settings, sockets, asked.processes)


def _worker(_asked: argparse.Namespace) -> int:
    from app.worker import work, yield_to_site

    settings = read(Settings)
    yield_to_site()
    logs.configure(as_json=settings.log_json)
    if settings.demo and settings.demo_clock:
        clock.follow(settings.demo_clock)
    _require_database(settings)
    asyncio.run(work(settings))
    return 0


def _require_database(settings: Settings) -> None:
    logs.configure(as_json=settings.log_json)
    asyncio.run(require_database(settings))


def _migrate(asked: argparse.Namespace) -> int:
    from app.check.schema import differences
    from app.migrations import migrate

    settings = read(DatabaseSettings)
    if not asked.check:
        migrate(settings)
    lines = [str(difference) for difference in differences(settings)]
    if not lines:
        print("The database is as this program needs it." if asked.check else "The database is up to date.")
        return 0
    if not asked.check:
        # All migrations have run: what they did not bring, the next run will not either.
        print("All migrations have run. But the database is not as this program needs it:", file=sys.stderr)
    print("\n".join(lines), file=sys.stdout if asked.check else sys.stderr)
    return 1 if asked.check else 0


def _check(_asked: argparse.Namespace) -> int:
    from app.check.environment import misspelt
    from app.check.findings import lines_of
    from app.check.run import broken, check_all, summary

    try:
        settings = read(Settings)
    except SettingsError:
        # One that is missing may be there under a misspelt name.
        for line in lines_of(misspelt(os.environ)):
            print(line, file=sys.stderr)
        raise
    logs.configure(as_json=False)
    findings = asyncio.run(check_all(settings))
    for line in lines_of(findings):
        print(line)
    print(summary(findings))
    return 1 if any(broken(findings)) else 0


def _send_test_mail(asked: argparse.Namespace) -> int:
    from app.mail.trial import send_test_mail

    def hear(done: str, said: str) -> None:
        first, *more = said.splitlines() or [""]
        print(f"{done}\n    {first}", *(f"    {line}" for line in more), sep="\n")

    try:
        address = tidy_address(asked.address, private=True)
    except NotAnAddressError:
        print(f"{asked.address} is not an e-mail address.", file=sys.stderr)
        return 2
    if not asyncio.run(send_test_mail(read(Settings), address, hear)):
        print(f"The mail to {address} was not sent.", file=sys.stderr)
        return 1
    print(f"The mail server has taken the mail to {address}.")
    return 0


def _create_operator(asked: argparse.Namespace) -> int:
    try:
        email = tidy_address(asked.email, private=True)
    except NotAnAddressError:
        print(f"{asked.email} is not an e-mail address.", file=sys.stderr)
        return 1
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password (at least 10 characters): ")
    try:
        asyncio.run(_make_operator(read(DatabaseSettings), email, asked.name, password))
    except WeakPasswordError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(f"{email} is an operator.")
    return 0


async def _make_operator(settings: DatabaseSettings, email: str, name: str, password: str) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        await create_operator(session, email=email, name=name, password=password)
    await database.close()


def _allow_passwords(asked: argparse.Namespace) -> int:
    if not asyncio.run(_stop_requiring(read(DatabaseSettings), asked.organisation)):
        print(f"{asked.organisation} has no sign-in of its own.", file=sys.stderr)
        return 1
    print(f"The people of {asked.organisation} may use passwords again.")
    return 0


async def _stop_requiring(settings: DatabaseSettings, slug: str) -> bool:
    from app.organisations.providers import allow_passwords_again

    database = Database(settings)
    async with database.transaction() as session:
        found = await allow_passwords_again(session, slug)
    await database.close()
    return found


def _rename_server(asked: argparse.Namespace) -> int:
    from app.recordings.renaming import RenameRefusedError, rename

    try:
        told = asyncio.run(rename(read(Settings), asked.old, asked.new, even_if_empty=asked.yes))
    except RenameRefusedError as error:
        print(error, file=sys.stderr)
        return 1
    print(told)
    return 0


def _demo(asked: argparse.Namespace) -> int:
    from app.demo.run import run

    return run(asked.port)
