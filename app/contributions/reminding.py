"""Reminders of a membership's end, by the worker: each step once, however many workers there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.importing.references import reference_of
from app.contributions.membership_saying import membership_of
from app.contributions.readers import Post, readers_of, spoken_to
from app.db import Database
from app.memberships.course import HolderCourse, Line, courses_of
from app.memberships.limits import HeldLimits, Standing, standings
from app.memberships.models import Holder, HolderKind, MembershipReminder, Tier
from app.memberships.rounds import Pace, for_each_holder
from app.memberships.shipped import FREE
from quotas.memberships import ENDING_WITHIN, NOT_LATER_THAN, Reminder, State, due_reminder, is_followed

HOLDERS_AT_ONCE = 50

log = structlog.get_logger()


@dataclass(frozen=True)
class Due:
    """A reminder that is to be sent now, of the end of which membership."""

    line: Line
    step: Reminder


@dataclass(frozen=True)
class Said:
    """What one reminder is about."""

    held: Standing
    course: HolderCourse
    due: Due


async def remind(database: Database, post: Post) -> int:
    """Write the reminders that are due, each holder's in a transaction of its own; returns how many holders had one.

    Read without locks first, a few hundred holders at a time; decided again under the holder's lock.
    """

    async def work(session: AsyncSession, held: HeldLimits) -> bool:
        return await _remind_holder(session, post, held)

    after, told, pace = 0, 0, Pace()
    while True:
        async with database.transaction() as session:
            holders = await _with_an_end_near(session, after)
            due = await _with_something_due(session, holders)
        await pace.rest()
        told += await for_each_holder(database, due, work, name="membership.reminder.put_off", pace=pace)
        if len(holders) < HOLDERS_AT_ONCE:
            return told
        after = holders[-1]


# Of whom there is anything to look at; what was said at the end of grace was the last.
_ENDS_NEAR = text("""
    SELECT DISTINCT m.holder_id FROM memberships m CROSS JOIN policy p
    WHERE m.ends_at < :until AND m.ends_at > CAST(:since AS timestamptz) - p.grace_days * interval '1 day'
      AND m.withdrawn_at IS NULL AND m.suspended_at IS NULL AND m.holder_id > :after
      AND NOT EXISTS (SELECT FROM membership_reminders r WHERE r.membership_id = m.id AND r.step = :last)
    ORDER BY m.holder_id LIMIT :size
""")


async def _with_an_end_near(session: AsyncSession, after: int) -> list[int]:
    now = clock.now()
    asked = {"until": now + ENDING_WITHIN, "since": now - NOT_LATER_THAN, "last": str(Reminder.GRACE)}
    found = await session.scalars(_ENDS_NEAR, asked | {"after": after, "size": HOLDERS_AT_ONCE})
    return list(found)


async def _with_something_due(session: AsyncSession, holders: Sequence[int]) -> list[int]:
    if not holders:
        return []
    known = await standings(session, list(holders))
    courses = await courses_of(session, list(known.values()))
    sent = await _sent(session, [one.row.id for one in map(_ending, courses.values()) if one])
    return [holder_id for holder_id in known if _due(courses[holder_id], sent)]


async def _remind_holder(session: AsyncSession, post: Post, held: HeldLimits) -> bool:
    """Write what is due, and that it was written, in one transaction; False: nothing is, or nobody can be told."""
    holder_id = held.holder_id
    course = (await courses_of(session, [held]))[holder_id]
    line = _ending(course)
    due = _due(course, await _sent(session, [line.row.id] if line else []))
    if due is None:
        return False
    readers = await readers_of(session, holder_id)
    if not readers:
        log.warning("membership.nobody_to_remind", holder=holder_id)
        return False
    session.add(MembershipReminder(membership_id=due.line.row.id, step=due.step, sent_at=clock.now()))
    await session.flush()
    await _write(session, post, readers, Said(held, course, due))
    log.info("membership.reminded", holder=holder_id, membership=due.line.row.id, step=due.step)
    return True


def _ending(course: HolderCourse) -> Line | None:
    """The membership whose end is spoken of: what holds, or what held last; nothing if something follows."""
    line = course.present or (course.last if course.state is State.ENDED else None)
    if line is None or line.tier.key == FREE or line.row.ends_at is None or line.row.suspended_at is not None:
        return None
    following = course.course.next
    present = course.course.present
    if present is not None and is_followed(present, following, course.policy):
        return None
    return line


def _due(course: HolderCourse, sent: set[tuple[int, str]]) -> Due | None:
    line = _ending(course)
    if line is None or line.row.ends_at is None:
        return None
    steps = {step for membership_id, step in sent if membership_id == line.row.id}
    step = due_reminder(clock.now(), line.row.ends_at, course.policy, course.zone, steps)
    return Due(line, step) if step is not None else None


async def _sent(session: AsyncSession, membership_ids: list[int]) -> set[tuple[int, str]]:
    found = select(MembershipReminder.membership_id, MembershipReminder.step)
    found = found.where(MembershipReminder.membership_id.in_(membership_ids))
    return {(row.membership_id, row.step) for row in await session.execute(found)}


async def _write(session: AsyncSession, post: Post, readers: Sequence[Any], said: Said) -> None:
    """A mail for each in their own language, with the days of their zone."""
    held, due = said.held, said.due
    kind = await session.scalar(select(Holder.kind).where(Holder.id == held.holder_id))
    is_person = kind == HolderKind.PERSON
    free = await session.scalar(select(Tier.name).where(Tier.key == FREE))
    told = await membership_of(session, held)
    for reader in spoken_to(readers):
        await post.mailer.send(
            session,
            reader.email,
            "membership_ending",
            language=reader.language,
            reader=reader.id,
            organisation=None if is_person else held.holder_name,
            tier=due.line.tier.name,
            free=free,
            saying=told.saying,
            ends_at=due.line.row.ends_at,
            is_today=due.step is Reminder.DAY,
            works_until=said.course.works_until,
            is_last=due.step is Reminder.GRACE,
            kept_days=held.policy.retention_grace_days,
            reference=reference_of(held.holder_id),
            link=post.link_of(held.holder_id, is_person=is_person),
        )
