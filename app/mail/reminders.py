"""Mails that one may do without, by kind; who has refused a kind gets none of it."""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.mail.models import OutgoingMail, Refusal

# Everything else answers what somebody has just done, or must be known: a link to sign in, that a password was
# changed, that recordings are deleted for good (they are not without this mail). Nobody can unsubscribe from those.
KINDS: Mapping[str, str] = {
    "membership_ending": "membership",
    "recording_storage": "storage",
    "task_news": "tasks",
    "interest_new": "interests",
}


async def refusals_of(session: AsyncSession, user_id: int) -> set[str]:
    """The kinds that somebody wants none of."""
    return set(await session.scalars(select(Refusal.kind).where(Refusal.user_id == user_id)))


async def refuse(session: AsyncSession, user_id: int, kind: str) -> None:
    """Send no more of a kind; what is on its way stays here."""
    written = insert(Refusal).values(user_id=user_id, kind=kind, refused_at=clock.now())
    await session.execute(written.on_conflict_do_nothing())
    folders = [folder for folder, of in KINDS.items() if of == kind]
    waiting = (OutgoingMail.reader_id == user_id, OutgoingMail.mail.in_(folders))
    await session.execute(delete(OutgoingMail).where(*waiting))


async def allow(session: AsyncSession, user_id: int, kind: str) -> None:
    """Send a kind again."""
    await session.execute(delete(Refusal).where(Refusal.user_id == user_id, Refusal.kind == kind))
