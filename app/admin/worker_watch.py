"""Every server process looks whether a worker is at work, and one of them tells the operators when none is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.heartbeats import GONE, claim_outage, last_round
from app.jobs import Surroundings
from app.mail import Mailer, OutgoingMail, deliver_now

LOOK_SECONDS = 30.0
MAIL = "worker_gone"

log = structlog.get_logger()


class WorkerWatch:
    """The look of one process."""

    def __init__(self, around: Surroundings, mailer: Mailer) -> None:
        self._around, self._mailer = around, mailer
        self._since = clock.now()
        self._seen: datetime | None = None
        self._was_late = False

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look now and then for as long as the block lasts."""
        task = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            # Without the database nobody can be told, and the pages say so themselves.
            with contextlib.suppress(SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self.look()

    async def look(self) -> None:
        """Tell, if there was no round for long and none since the last look either: a clock may have been moved."""
        async with self._around.database.reading() as session:
            last = await last_round(session)
        is_late = clock.now() - (last or self._since) > GONE
        is_sure, self._was_late, self._seen = self._was_late and last == self._seen, is_late, last
        if is_late and is_sure:
            await self._tell(last)

    async def _tell(self, last: datetime | None) -> None:
        async with self._around.database.transaction() as session:
            if not await claim_outage(session, last):
                return
            await self._write(session, last)
        log.error("worker.gone", last_round=last.isoformat() if last else None)
        await hand_over(self._around)

    async def _write(self, session: AsyncSession, last: datetime | None) -> None:
        before = wording.zone().key
        operators = select(User.email, User.language, User.time_zone).where(
            User.is_operator, User.banned_at.is_(None)
        )
        for operator in (await session.execute(operators)).all():
            wording.use_zone(operator.time_zone)
            await self._mailer.send(session, operator.email, MAIL, language=operator.language, last=last)
        wording.use_zone(before)


async def hand_over(around: Surroundings) -> None:
    """Send these mails from here: it is the worker that sends all others."""
    async with around.database.reading() as session:
        mails = list(await session.scalars(select(OutgoingMail.id).where(OutgoingMail.mail == MAIL)))
    for mail_id in mails:
        await deliver_now(around, mail_id)
