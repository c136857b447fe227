"""Exact attendance from BBB's analytics, which come after a meeting: figures only, no name is kept."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.meetings.models import AttendanceFigure, Meeting
from bbb_client.analytics import Analytics, AttendeeRecord
from bbb_client.json_values import iso_moment

MINUTE = timedelta(minutes=1)
# However long a meeting is said to have lasted, so many minutes of it are kept: a month.
MOST_MINUTES = 31 * 24 * 60

Stay = tuple[datetime, datetime]

_INSERT = text("""
    INSERT INTO attendance_figures (meeting_id, minute, people)
    SELECT :meeting, v.minute, v.people
    FROM unnest(CAST(:minutes AS bigint[]), CAST(:people AS bigint[])) AS v (minute, people)
""")


@dataclass(frozen=True)
class Figures:
    """What is kept: the sum of everyone's seconds, the most people at once, the most in each minute."""

    person_seconds: int
    peak: int
    minutes: Mapping[int, int]


def figures_of(said: Analytics) -> Figures:
    """The figures of a meeting. Who was there twice at a time, with two devices, counts once.

    Times are BBB's own and are only held against each other: a clock that is off changes nothing.
    """
    stays: dict[str, list[Stay]] = defaultdict(list)
    for number, attendee in enumerate(said.attendees):
        # Without an id two records cannot be told to be one person's.
        stays[attendee.user_id or f"#{number}"] += _stays(attendee, said.finished_at)
    alone = {person: _merged(found) for person, found in stays.items()}
    began = said.started_at or min((each[0][0] for each in alone.values() if each), default=None)
    if began is None:
        return Figures(0, 0, {})
    end = min(said.finished_at or datetime.max.replace(tzinfo=began.tzinfo), began + MOST_MINUTES * MINUTE)
    inside = [
        (max(start, began), min(stop, end)) for each in alone.values() for start, stop in each if start < end
    ]
    return _figures([stay for stay in inside if stay[0] < stay[1]], began)


def _stays(attendee: AttendeeRecord, finished_at: datetime | None) -> Iterator[Stay]:
    """From when to when somebody was there. Each session has its own joins and leaves, where it says so."""
    sessions = [(_times(each, "joins"), _times(each, "leaves")) for each in attendee.sessions]
    for joins, leaves in sessions or [(list(attendee.joins), list(attendee.leaves))]:
        ends: list[datetime | None] = [*sorted(leaves)]
        # Whoever never left stayed to the end.
        ends += [finished_at] * (len(joins) - len(ends))
        for start, stop in zip(sorted(joins), ends, strict=False):
            if stop is not None and start < stop:
                yield start, stop


def _times(session: Mapping[str, Any], name: str) -> list[datetime]:
    times = session.get(name)
    return [moment for moment in map(iso_moment, times) if moment] if isinstance(times, list) else []


def _merged(stays: list[Stay]) -> list[Stay]:
    """The same time without overlaps."""
    merged: list[Stay] = []
    for start, stop in sorted(stays):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], stop)
        else:
            merged.append((start, stop))
    return merged


def _figures(stays: list[Stay], began: datetime) -> Figures:
    """Go through all comings and goings in their order; at one moment goings come first."""
    steps = sorted([(start, 1) for start, _stop in stays] + [(stop, -1) for _start, stop in stays])
    minutes: dict[int, int] = {}
    people, since = 0, began
    for moment, step in steps:
        if people and since < moment:
            # Up to this moment, not with it: a stay that ends on the minute is not in the next one.
            last = -(-(moment - began) // MINUTE)
            for minute in range((since - began) // MINUTE, last):
                minutes[minute] = max(minutes.get(minute, 0), people)
        people, since = people + step, moment
    seconds = sum(((stop - start) for start, stop in stays), timedelta())
    return Figures(round(seconds.total_seconds()), max(minutes.values(), default=0), minutes)


async def replace_figures(session: AsyncSession, external_id: str, figures: Figures) -> bool:
    """Put the exact figures in the place of the rounds'. False if they were there already, or say nothing."""
    row = await session.execute(
        select(Meeting.id, Meeting.exact_figures, Meeting.peak_people)
        .where(Meeting.external_id == external_id)
        # A round may be counting at this moment.
        .with_for_update(key_share=True)
    )
    meeting = row.one()
    # Nobody in a report on a meeting where people were seen: then it is the report that has a gap.
    if meeting.exact_figures or (not figures.peak and meeting.peak_people):
        return False
    await session.execute(delete(AttendanceFigure).where(AttendanceFigure.meeting_id == meeting.id))
    minutes = sorted(figures.minutes.items())
    await session.execute(
        _INSERT,
        {
            "meeting": meeting.id,
            "minutes": [minute for minute, _people in minutes],
            "people": [people for _minute, people in minutes],
        },
    )
    found = await session.get_one(Meeting, meeting.id, populate_existing=True)
    found.person_seconds, found.peak_people = figures.person_seconds, figures.peak
    found.exact_figures = True
    await session.flush()
    return True
