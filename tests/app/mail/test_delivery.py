"""Mail leaves only if its transaction does, by SMTP, and is forgotten once it is sent."""

import asyncio
import contextlib
import email
import email.policy
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text

from app import clock, jobs, mail
from app.mail import OutgoingMail
from tests.factories import a_person

HEADERS = {"date", "from", "to", "subject", "message-id", "auto-submitted", "mime-version", "content-type"}


@contextlib.asynccontextmanager
async def smtp_server(meanwhile=None):
    """A small SMTP server on a port of its own; gives the port and the letters it was handed.

    `meanwhile` is called while it takes a letter.
    """
    letters = []

    async def talk(reader, writer):
        async def say(line):
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                await say("354 go on")
                letters.append(await reader.readuntil(b"\r\n.\r\n"))
                if meanwhile:
                    await meanwhile()
            await say("221 bye" if verb == "QUIT" else "250 fine")
            if verb == "QUIT":
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], letters


async def write(site, *, fail=False, then=None):
    async with site.state.database.transaction() as session:
        link = "http://127.0.0.1:8000/verify/x"
        await site.state.mailer.send(
            session, "ada@example.org", "verify_address", language="en", link=link, then=then
        )
        if fail:
            raise RuntimeError


async def waiting(database):
    async with database.transaction() as session:
        mails = await session.scalar(select(func.count()).select_from(OutgoingMail))
        tasks = await session.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail:deliver'")
        )
    return mails, tasks


def context(site, **changes):
    settings = site.state.settings.model_copy(update=changes)
    around = jobs.Surroundings(settings, site.state.database, site.state.alerts)
    return SimpleNamespace(additional_context={"surroundings": around})


async def deliver_all(site, **changes):
    async with site.state.database.transaction() as session:
        ids = [*await session.scalars(select(OutgoingMail.id))]
    for number in ids:
        await mail.deliver.func(context(site, **changes), mail_id=number)


async def test_a_mail_leaves_by_smtp_and_is_forgotten(site, database):
    from pydantic import SecretStr

    await write(site)
    assert await waiting(database) == (1, 1)
    async with smtp_server() as (port, letters):
        await deliver_all(site, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    assert (await waiting(database))[0] == 0
    letter = email.message_from_bytes(letters[0])
    assert (letter["To"], letter["From"]) == ("ada@example.org", "Guildhall <hall@example.org>")
    assert [part.get_content_type() for part in letter.walk()][1:] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?Hall=0aBcc=3A_eve=40example.org?=",
        "=?utf-8?b?SGFsbA1CY2M6IGV2ZUBleGFtcGxlLm9yZw0KDQpZb3VyIHBhc3N3b3Jk?=",
        "=?utf-8?q?Hall=0d=0a=0d=0aYour_password=3A?= and so on",
        "==??utf-8?q?=0aBcc=3A?=",
    ],
)
async def test_what_somebody_is_called_brings_no_headers_and_no_body_of_its_own(site, database, typed):
    from pydantic import SecretStr

    async with database.transaction() as session:
        reader = await a_person(database, "olu@example.org")
        known = {"name": typed, "link": "http://127.0.0.1:8000/", "reader": reader.id}
        await site.state.mailer.send(session, "olu@example.org", "interest_new", language="en", **known)
    async with smtp_server() as (port, letters):
        await deliver_all(site, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    letter = email.message_from_bytes(letters[0], policy=email.policy.default)
    assert {name.lower() for name in letter.keys()} - {"list-unsubscribe"} == HEADERS  # noqa: SIM118  a message has no other way
    assert letter["Subject"] == typed.replace("=?", "= ?") + " wants to join"
    assert letter.get_body(("plain",)).get_content().startswith(typed)


async def test_a_mail_says_when_it_was_written_and_not_when_it_was_tried(site, database, move_clock):
    from pydantic import SecretStr

    written = clock.now()
    await write(site)
    await move_clock(days=1)
    async with smtp_server() as (port, letters):
        await deliver_all(site, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    letter = email.message_from_bytes(letters[0], policy=email.policy.default)
    assert abs(letter["Date"].datetime - written).total_seconds() < 60


async def test_a_mail_of_a_transaction_that_failed_was_never_written(site, database):
    with pytest.raises(RuntimeError):
        await write(site, fail=True)
    assert await waiting(database) == (0, 0)


@pytest.mark.slow
async def test_a_mail_that_cannot_be_sent_stays_to_be_tried_again(site, database):
    from pydantic import SecretStr

    await write(site)
    with pytest.raises(Exception, match=r"(?i)connect"):
        await deliver_all(site, smtp_url=SecretStr("smtp://127.0.0.1:9"))
    assert (await waiting(database))[0] == 1


async def test_in_demo_mode_a_mail_stays_for_the_browser(site, database):
    from pydantic import SecretStr

    await write(site)
    await deliver_all(site, demo=True, smtp_url=SecretStr(""))
    assert (await waiting(database))[0] == 1


async def test_unsent_mails_are_forgotten_after_a_week(site, database, move_clock):
    await write(site)
    await move_clock(days=8)
    async with database.transaction() as session:
        await mail.forget_old(session, site.state.settings)
    assert (await waiting(database))[0] == 0


async def following(database):
    """What the worker is to do after mails were sent."""
    async with database.transaction() as session:
        found = text("SELECT task_name, args FROM procrastinate_jobs WHERE task_name <> 'mail:deliver'")
        return [tuple(row) for row in await session.execute(found)]


AFTERWARDS = mail.Then("keeping:warned", {"holder_id": 7})


async def test_what_follows_is_left_to_the_worker_once_the_mail_was_handed_over(site, database):
    from pydantic import SecretStr

    await write(site, then=AFTERWARDS)
    with pytest.raises(Exception, match=r"(?i)connect"):
        await deliver_all(site, smtp_url=SecretStr("smtp://127.0.0.1:9"))
    assert await following(database) == []
    async with smtp_server() as (port, _letters):
        await deliver_all(site, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    assert await following(database) == [("keeping:warned", {"holder_id": 7})]
    assert (await waiting(database))[0] == 0


async def test_a_mail_in_the_demos_mailbox_counts_as_sent_once(site, database):
    from pydantic import SecretStr

    await write(site, then=AFTERWARDS)
    for _ in range(2):
        await deliver_all(site, demo=True, smtp_url=SecretStr(""))
    assert await following(database) == [("keeping:warned", {"holder_id": 7})]


async def test_a_mail_that_was_taken_back_while_it_was_sent_is_followed_by_nothing(site, database):
    from pydantic import SecretStr

    await write(site, then=AFTERWARDS)

    async def take_back():
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM outgoing_mails"))

    async with smtp_server(meanwhile=take_back) as (port, letters):
        await deliver_all(site, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
    assert len(letters) == 1
    assert await following(database) == []
