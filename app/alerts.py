"""What a process wants operators to look at: noted at once in memory, kept in the database as soon as it answers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg
import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.db import Base, Database

log = structlog.get_logger()

WRITE_EVERY = 10.0  # seconds
LOG_EVERY = 60.0  # seconds, for each kind and subject
KEEP = timedelta(days=30)
SHOWN_FOR = timedelta(days=7)
# Somebody who makes up subjects, network addresses say, fills neither the memory nor the table.
MOST_SUBJECTS = 20
OTHERS = "…"


class Kind(StrEnum):
    """What happened; the words for operators are in `app.admin.alert_words`."""

    DATABASE = "database"
    """it could not do its work; subject: the kind of outage"""
    FILES = "files"
    """a process had no file descriptors left"""
    PROXY = "proxy"
    """forwarded headers come from an address that is not believed; subject: that address"""
    PROXY_SILENT = "proxy_silent"
    """a proxy that is believed sends no X-Forwarded-For; subject: its address"""
    CLOCK = "clock"
    """a process's clock is off; subject: by how much"""


class Alert(Base):
    """Something that operators are to look at, and how often it happened. Gone after 30 days without it."""

    __tablename__ = "alerts"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
    dismissed_at: Mapped[datetime | None]


class Alerts:
    """The alerts of one process: `note` from anywhere, `kept` around the process's life."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._times: dict[tuple[Kind, str], int] = {}
        self._logged: dict[tuple[Kind, str], float] = {}

    def note(self, kind: Kind, subject: str = "") -> None:
        """Count that it happened. Never raises, asks no database; the log has a line a minute. No secrets, please."""
        key = (kind, subject[:200])
        if key not in self._times and sum(one is kind for one, _ in self._times) >= MOST_SUBJECTS:
            key = (kind, OTHERS)
        self._times[key] = self._times.get(key, 0) + 1
        now = time.monotonic()
        if now - self._logged.get(key, -LOG_EVERY) >= LOG_EVERY:
            self._logged = {one: at for one, at in self._logged.items() if now - at < LOG_EVERY} | {key: now}
            log.warning("alert", kind=kind.value, subject=key[1])

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write what was noted every ten seconds, and once more at the end."""
        writing = asyncio.create_task(self._write_on())
        try:
            yield
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
            await self.write()

    async def write(self) -> None:
        """Put what was noted into the database; what it does not take now is kept for the next time."""
        times, self._times = self._times, {}
        if not times:
            return
        try:
            async with self._database.transaction() as session:
                for (kind, subject), count in sorted(times.items()):
                    await _count(session, kind, subject, count)
        except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            for key, count in times.items():
                self._times[key] = self._times.get(key, 0) + count

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            await self.write()


async def _count(session: AsyncSession, kind: Kind, subject: str, count: int) -> None:
    now = clock.now()
    alert = insert(Alert).values(kind=kind.value, subject=subject, first_at=now, last_at=now, times=count)
    await session.execute(
        alert.on_conflict_do_update(
            index_elements=[Alert.kind, Alert.subject], set_={"last_at": now, "times": Alert.times + count}
        )
    )


async def open_alerts(session: AsyncSession) -> Sequence[Alert]:
    """What happened in the last week and nobody has dismissed since, the newest first."""
    is_open = or_(Alert.dismissed_at.is_(None), Alert.dismissed_at < Alert.last_at)
    found = select(Alert).where(is_open, Alert.last_at > clock.now() - SHOWN_FOR)
    return list(await session.scalars(found.order_by(Alert.last_at.desc(), Alert.kind, Alert.subject)))


async def dismiss(session: AsyncSession, kind: str, subject: str) -> None:
    """An operator has looked at it; when it happens again it is shown again."""
    await session.execute(
        update(Alert).where(Alert.kind == kind, Alert.subject == subject).values(dismissed_at=clock.now())
    )


async def forget_old(session: AsyncSession) -> None:
    """Delete what has not happened for 30 days."""
    await session.execute(delete(Alert).where(Alert.last_at < clock.now() - KEEP))
