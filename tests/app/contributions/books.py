"""Contributions for tests, recorded the way the site records them."""

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.contributions.corrections import Corrected, reverse
from app.contributions.importing.by_file import import_file
from app.contributions.importing.files import keep_upload
from app.contributions.ledger import Entry, record
from app.contributions.models import EntryKind, Grant, ImportLine, LedgerEntry, What
from app.db import Database
from app.memberships.models import Membership, Tier


def gift(holder_id: int, cents: int = 12_000, *, ago: int = 0, **said) -> Entry:
    """A confirmation of money, so many days ago."""
    day = clock.now().date() - timedelta(days=ago)
    entry = Entry(EntryKind.CONFIRMATION, What.MONEY, day, holder_id, cents, once=secrets.token_hex(8))
    return replace(entry, **said)


def pledge(holder_id: int, cents: int = 50_000, **said) -> Entry:
    """A pledge of money."""
    return gift(holder_id, cents, kind=EntryKind.PLEDGE, **said)


async def recorded(database: Database, entry: Entry) -> LedgerEntry:
    async with database.transaction() as session:
        return await record(session, entry, "Bruna Keller")


async def reversed_(database: Database, entry: LedgerEntry, **said) -> Corrected:
    async with database.transaction() as session:
        return await reverse(session, entry.id, "a wrong figure", "Bruna Keller", **said)


async def grants_of(database: Database, holder_id: int) -> list[tuple[str, str]]:
    """The holder's grants, oldest first: tier and state."""
    async with database.transaction() as session:
        found = select(Tier.key, Grant.state).join(Tier, Tier.id == Grant.tier_id)
        rows = await session.execute(found.where(Grant.holder_id == holder_id).order_by(Grant.id))
        return [(row[0], row[1]) for row in rows]


async def only_grant(database: Database, holder_id: int) -> Grant:
    async with database.transaction() as session:
        return (await session.scalars(select(Grant).where(Grant.holder_id == holder_id))).one()


async def memberships_of(database: Database, holder_id: int) -> list[Membership]:
    """The holder's memberships, in the order of their beginning."""
    async with database.transaction() as session:
        found = select(Membership).where(Membership.holder_id == holder_id)
        return list(await session.scalars(found.order_by(Membership.starts_at, Membership.id)))


async def an_import(
    database: Database, *, imported: bool = True, name: str = "may.csv"
) -> tuple[int, int | None]:
    """A file with two payments that nobody is known for; its number and the first line's if it is imported."""
    day = clock.now().date()
    text = f"date,amount,name,reference\n{day},12.50,Somebody {name},A gift\n{day},-3,Shop {name},\n"
    async with database.transaction() as session:
        file = await keep_upload(session, name, text.encode(), "Bruna Keller")
        if not imported:
            return file.id, None
        await import_file(session, file.id, day, "Bruna Keller")
        lines = select(ImportLine.id).where(ImportLine.file_id == file.id).order_by(ImportLine.number)
        return file.id, await session.scalar(lines.limit(1))
