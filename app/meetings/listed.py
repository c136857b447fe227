"""The meetings that the server's list has: who is in them, and whether their time is nearly, or really, over.

The number of statements does not grow with the meetings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.live import announce, holder_topic, people_topic, room_topic
from app.meetings import attendance
from app.meetings.models import EndReason, MeetingState
from app.meetings.telling import due_step
from app.meetings.terms import is_over
from bbb_client.responses import MeetingInfo

log = structlog.get_logger()

_WRITE = text("""
    UPDATE meetings m SET
        state = 'running',
        started_at = coalesce(m.started_at, m.reserved_at),
        create_time = coalesce(m.create_time, v.create_time),
        people_now = v.people,
        peak_people = CASE WHEN m.exact_figures THEN m.peak_people ELSE greatest(m.peak_people, v.people) END,
        person_seconds = CASE WHEN m.exact_figures THEN m.person_seconds ELSE m.person_seconds + v.seconds END,
        counted_at = greatest(m.counted_at, CAST(:at AS timestamptz)),
        missing_since = NULL,
        unknown_since = NULL,
        end_asked = coalesce(m.end_asked, v.end_asked),
        told_minutes = coalesce(v.told, m.told_minutes)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:people AS bigint[]), CAST(:seconds AS bigint[]),
                CAST(:create_times AS bigint[]), CAST(:ends AS text[]), CAST(:tolds AS bigint[]))
        AS v (id, people, seconds, create_time, end_asked, told)
    WHERE m.id = v.id
""")


@dataclass(frozen=True)
class Line:
    """What becomes of one meeting that is listed."""

    meeting: Row[Any]
    info: MeetingInfo
    people: int
    ends: EndReason | None
    step: int | None
    count: bool

    @property
    def changes(self) -> bool:
        """Whether anything of its row changes."""
        meeting = self.meeting
        return bool(
            self.count
            or self.ends
            or self.step
            or meeting.missing_since
            or meeting.unknown_since
            or meeting.state == MeetingState.STARTING
        )

    @property
    def changes_state(self) -> bool:
        """Whether those who wait can go on: it runs, or is known again, or fewer are here than before."""
        meeting = self.meeting
        return bool(
            meeting.state == MeetingState.STARTING
            or meeting.unknown_since
            or self.people < meeting.people_now
        )

    @property
    def news(self) -> bool:
        """Whether pages show something else than before."""
        return self.changes_state or bool(self.people != self.meeting.people_now)


def line_of(meeting: Row[Any], info: MeetingInfo, asked_at: datetime) -> Line:
    """What one list says of one meeting of ours."""
    people = attendance.people_in(info)
    return Line(
        meeting=meeting,
        info=info,
        people=people,
        ends=EndReason.TIME_UP if is_over(meeting, asked_at) else None,
        # Nobody is there to be told while nobody is in.
        step=due_step(meeting, asked_at) if people and not meeting.end_asked else None,
        count=attendance.is_due(meeting, people, asked_at),
    )


async def write_lines(session: AsyncSession, lines: Sequence[Line], asked_at: datetime) -> None:
    """Write down what became of all of them, and tell the pages where that shows."""
    now = clock.now()
    freed = await attendance.forget_tickets(session, [line.meeting.id for line in lines], now)
    # Also when as many are here as before: if a host came and a guest left, there is a place for a guest.
    came, left = await attendance.mark_present(session, {line.meeting.id: line.info for line in lines}, now)
    freed |= left
    await _write(session, [line for line in lines if line.changes], asked_at)
    counts = [(line.meeting.id, line.people) for line in lines if line.count]
    await attendance.count_minute(session, counts, asked_at)
    await _announce(session, [line for line in lines if line.news or line.meeting.id in freed | came], freed)


async def _write(session: AsyncSession, lines: Sequence[Line], asked_at: datetime) -> None:
    """One statement for all. A notice is claimed here, before it is sent: so it is never sent twice."""
    if not lines:
        return
    for line in lines:
        if line.meeting.state == MeetingState.STARTING:
            # BBB made it, and we never heard of that: it counts from when it was asked for.
            log.info("meeting.adopted", meeting=line.meeting.id)
    await session.execute(
        _WRITE,
        {
            "at": asked_at,
            "ids": [line.meeting.id for line in lines],
            "people": [line.people for line in lines],
            "seconds": [_seconds(line.meeting, asked_at) for line in lines],
            "create_times": [line.info.create_time for line in lines],
            "ends": [line.ends for line in lines],
            "tolds": [line.step for line in lines],
        },
    )


def _seconds(meeting: Row[Any], at: datetime) -> int:
    """What the people of the last count add to the meeting's person-seconds."""
    people: int = meeting.people_now
    return round(people * attendance.seconds_between(meeting.counted_at, at))


async def _announce(session: AsyncSession, lines: Sequence[Line], freed: set[int]) -> None:
    topics = {holder_topic(line.meeting.holder_id) for line in lines}
    for line in lines:
        room_id = line.meeting.room_id
        if room_id is not None:
            topics.add(people_topic(room_id))
            if line.changes_state or line.meeting.id in freed:
                # Those who wait are told of a place that is free, not of each that is taken.
                topics.add(room_topic(room_id))
    await announce(session, *sorted(topics))
