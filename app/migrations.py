"""Bringing a database up to date, and giving a new one what ships."""

import asyncio

from app.contributions.rules import ship_rules
from app.db import Database
from app.memberships.shipped import ship
from app.settings import ROOT, DatabaseSettings


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001  alembic's signature
    """Leave the job library's own tables alone when comparing tables with models."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def migrate(settings: DatabaseSettings) -> None:
    """Run the migrations that the database lacks, then ship the tiers and rules to a new one.

    Raises TiersFileError: nothing is shipped then, and the next run does.
    """
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.attributes["dsn"] = settings.dsn()
    command.upgrade(config, "head")
    asyncio.run(_ship(settings))


async def _ship(settings: DatabaseSettings) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        await ship(session, settings.tiers_file)
        await ship_rules(session)
    await database.close()
