"""The mails before recordings are removed: one a person and step, and what is written once it was sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.mail import Mailer, OutgoingMail, Then
from app.memberships.limits import hold
from app.memberships.models import Holder, HolderKind, PolicyRow
from app.organisations.conditions import administers
from app.recordings.models import Recording
from app.recordings.retention import Due, Kept, due_of
from quotas.retention import FIRST_WARNING, LAST_WARNING, Step

WARNED = "keeping:warned"
# The SMTP server is tried for a week (`app.mail.deliver`); what has not left after two days is written anew.
ON_ITS_WAY = timedelta(days=2)
NAMED = 50  # recordings that one mail names
AHEAD = {Step.WARN_FIRST: FIRST_WARNING, Step.WARN_LAST: LAST_WARNING}
MARKS = {Step.WARN_FIRST: Recording.first_warned_at, Step.WARN_LAST: Recording.last_warned_at}

log = structlog.get_logger()


@dataclass(frozen=True)
class Post:
    """What mails are written with: `link` is the page of one's recordings."""

    mailer: Mailer
    link: str


@dataclass(frozen=True)
class Reader:
    """Someone who is written to; an organisation's admins are told of all its recordings, a host of theirs."""

    user_id: int
    email: str
    language: str
    time_zone: str
    is_admin: bool


async def readers_of(session: AsyncSession, holder_id: int, host_ids: set[int]) -> list[Reader]:
    """The person, or the organisation's admins; and the hosts of these recordings."""
    is_admin = or_(User.holder_id == holder_id, administers(User.id, holder_id))
    found = await session.execute(
        select(User.id, User.email, User.language, User.time_zone, is_admin)
        .where(or_(is_admin, User.id.in_(host_ids)))
        .order_by(User.id)
    )
    return [Reader(*row) for row in found]


async def send(
    session: AsyncSession, post: Post, reader: Reader, mail: str, then: Then | None = None, **context: Any
) -> None:
    """Write one mail in the reader's language, with the days of their zone."""
    wording.use_zone(reader.time_zone)
    await post.mailer.send(
        session,
        reader.email,
        mail,
        language=reader.language,
        reader=reader.user_id,
        then=then,
        link=post.link,
        **context,
    )
    wording.use_zone(None)


async def warn(session: AsyncSession, post: Post, holder_id: int, due: Due, step: Step) -> None:
    """Write the mails of a step, each once: what is on its way already is not written again. Holder held."""
    ahead = due.of(step)
    told = await _on_their_way(session, holder_id, step, due.removal) if ahead else set()
    ahead = [kept for kept in ahead if kept.row.id not in told]
    if not ahead:
        return
    readers = await readers_of(session, holder_id, {kept.row.host_id for kept in ahead})
    organisation = await _organisation(session, holder_id)
    for reader in readers:
        theirs = [kept for kept in ahead if reader.is_admin or kept.row.host_id == reader.user_id]
        if not theirs:
            continue
        args = {
            "holder_id": holder_id,
            "step": str(step),
            "removal": due.removal,
            "recordings": [kept.row.id for kept in theirs],
        }
        await send(
            session,
            post,
            reader,
            "recording_ending",
            Then(WARNED, args),
            organisation=organisation,
            removal=due.removal,
            is_last=step is Step.WARN_LAST,
            ends_at=clock.now() + AHEAD[step],
            **_named(theirs),
        )
    if not readers:
        log.warning("recording.nobody_to_warn", holder=holder_id)


async def write_warned(
    session: AsyncSession, holder_id: int, step: Step, removal: str, recordings: list[int]
) -> None:
    """A warning was handed to the SMTP server: from now on count the days to the removal.

    Only where that warning is still due: an end may have been put off, or the policy changed, while it was on
    its way. Then it said what does not hold any more, and counts for nothing.
    """
    held = await hold(session, holder_id)
    # Shared with other mails, against a change of the policy at this moment, which forgets all warnings.
    await session.scalar(select(PolicyRow.id).with_for_update(read=True))
    due = await due_of(session, held)
    if due.removal != removal:
        return
    warned = {kept.row.id for kept in due.recordings if kept.soon is step}
    await session.execute(
        update(Recording)
        .where(Recording.id.in_(warned.intersection(recordings)))
        .values({MARKS[step]: clock.now()})
        .execution_options(synchronize_session=False)
    )
    log.info("recording.warned", holder=holder_id, step=step, recordings=len(warned.intersection(recordings)))


_SENT = text("""
    SELECT args FROM procrastinate_jobs
    WHERE task_name = :task AND status IN ('todo', 'doing') AND (args ->> 'holder_id')::bigint = :holder
""")


async def _on_their_way(session: AsyncSession, holder_id: int, step: Step, removal: str) -> set[int]:
    """The recordings of which a mail of this step is waiting, or was sent a moment ago.

    A mail that waits for too long is thrown away: it speaks of a day that is too near by now.
    """
    waits = (OutgoingMail.then_task == WARNED, OutgoingMail.then_args["holder_id"].as_integer() == holder_id)
    await session.execute(delete(OutgoingMail).where(*waits, OutgoingMail.created_at < _too_long_ago()))
    mails = (await session.scalars(select(OutgoingMail.then_args).where(*waits))).all()
    sent = (await session.scalars(_SENT, {"task": WARNED, "holder": holder_id})).all()
    return {
        recording_id
        for args in (*mails, *sent)
        if args is not None and (args["step"], args["removal"]) == (step, removal)
        for recording_id in args["recordings"]
    }


def _too_long_ago() -> datetime:
    return clock.now() - ON_ITS_WAY


def _named(recordings: list[Kept]) -> dict[str, Any]:
    """What a mail says of them, those that end first at the top: names, sizes, and how many more there are."""
    ordered = sorted(recordings, key=lambda kept: (kept.until is None, kept.until, kept.row.id))
    named = ordered[:NAMED]
    return {
        "count": len(ordered),
        "more": len(ordered) - len(named),
        "for_time": [_line(kept) for kept in named if not kept.is_for_space],
        "for_space": [_line(kept) for kept in named if kept.is_for_space],
    }


def _line(kept: Kept) -> dict[str, Any]:
    return {"name": kept.row.name, "recorded_at": kept.row.recorded_at, "bytes": kept.row.bytes}


async def _organisation(session: AsyncSession, holder_id: int) -> str | None:
    """The organisation's name; None for a person."""
    holder = await session.get_one(Holder, holder_id)
    return holder.name if holder.kind == HolderKind.ORGANISATION else None
