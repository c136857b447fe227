"""What must go on and was seen to: the worker's rounds. Whoever is still alive tells operators when they stop."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.db import Base, Database

# A round comes every five seconds, and takes longer when BigBlueButton does not answer.
SILENT = timedelta(minutes=1)
GONE = timedelta(minutes=5)

ROUND = "worker"


class Heartbeat(Base):
    """When something was last seen to go on; `told_at`: operators were told that it has stopped since."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


async def note_round(database: Database) -> None:
    """The worker has finished a round: whatever was told of an outage is over."""
    beat = insert(Heartbeat).values(name=ROUND, at=clock.now(), told_at=None)
    async with database.transaction() as session:
        await session.execute(
            beat.on_conflict_do_update(
                index_elements=[Heartbeat.name], set_={"at": beat.excluded.at, "told_at": None}
            )
        )


async def last_round(session: AsyncSession) -> datetime | None:
    """When the newest round of any worker ended; None: there was none yet."""
    return await session.scalar(select(Heartbeat.at).where(Heartbeat.name == ROUND))


def is_silent(last: datetime | None) -> bool:
    """Whether there should have been another round by now; one that never was is not missed."""
    return last is not None and clock.now() - last > SILENT


async def claim_outage(session: AsyncSession, last: datetime | None) -> bool:
    """Whether it is for the caller to tell that there was no round since `last`: once an outage, by one process."""
    claim = insert(Heartbeat).values(name=ROUND, at=None, told_at=clock.now())
    claimed = claim.on_conflict_do_update(
        index_elements=[Heartbeat.name],
        set_={"told_at": claim.excluded.told_at},
        where=Heartbeat.told_at.is_(None) & Heartbeat.at.is_not_distinct_from(last),
    )
    return await session.scalar(claimed.returning(Heartbeat.name)) is not None
