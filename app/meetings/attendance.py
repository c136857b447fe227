"""Attendance: who of those we sent is there, and the figures without names that are kept of it.

Every function is one statement for all meetings of a round, however many run.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.meetings.joining import ON_THE_WAY
from bbb_client.responses import MeetingInfo

# Between two counts that are further apart than this nobody knows who was there: such a gap counts for nobody.
UNSEEN = timedelta(minutes=1)
# While nobody comes or goes, so often is enough: each minute of the figures is seen, and few rows are written.
COUNTED_EVERY = timedelta(seconds=25)

_FORGET = text("""
    DELETE FROM attendances
    WHERE meeting_id = ANY(:meetings) AND seen_at IS NULL AND NOT present AND sent_at <= :sent_before
    RETURNING meeting_id
""")

_MARK = text("""
    WITH here AS (
        SELECT DISTINCT * FROM unnest(CAST(:meetings AS bigint[]), CAST(:participants AS text[]))
            AS h (meeting_id, participant)
    ), changed AS (
        SELECT a.meeting_id, a.participant, h.participant IS NOT NULL AS present
        FROM attendances a LEFT JOIN here h USING (meeting_id, participant)
        WHERE a.meeting_id = ANY(:followed) AND a.present <> (h.participant IS NOT NULL)
    )
    UPDATE attendances a SET present = c.present, seen_at = coalesce(a.seen_at, :now)
    FROM changed c WHERE a.meeting_id = c.meeting_id AND a.participant = c.participant
    RETURNING a.meeting_id, a.present
""")

# The minute's figure is the most that were seen at once in it.
_FIGURES = text("""
    INSERT INTO attendance_figures (meeting_id, minute, people)
    SELECT m.id, floor(extract(epoch FROM CAST(:at AS timestamptz) - m.started_at) / 60), v.people
    FROM unnest(CAST(:ids AS bigint[]), CAST(:people AS bigint[])) AS v (id, people)
    JOIN meetings m ON m.id = v.id
    WHERE NOT m.exact_figures AND m.started_at <= CAST(:at AS timestamptz)
    ON CONFLICT (meeting_id, minute) DO UPDATE
        SET people = greatest(attendance_figures.people, excluded.people)
""")


# No meeting has more: a number beyond it is a mistake, and the list is believed.
MOST_PEOPLE = 100_000


def people_in(info: MeetingInfo) -> int:
    """How many are in a meeting. Two devices of one person are one; BBB's count may be ahead of its list."""
    people = len({attendee.user_id for attendee in info.attendees})
    if len(info.attendees) >= info.participant_count or info.participant_count > MOST_PEOPLE:
        return people
    return max(info.participant_count, people)


def seconds_between(counted_at: datetime | None, at: datetime) -> float:
    """For how long the people who were counted at one moment are taken to have been there at the next."""
    if counted_at is None or not timedelta(0) < at - counted_at <= UNSEEN:
        return 0.0
    return (at - counted_at).total_seconds()


def is_due(meeting: Row[Any], people: int, at: datetime) -> bool:
    """Whether this round's count is to be written down: somebody came or went, or it is time again."""
    if meeting.counted_at is None or people != meeting.people_now:
        return True
    return bool(at - meeting.counted_at >= COUNTED_EVERY)


async def forget_tickets(session: AsyncSession, meetings: Sequence[int], now: datetime) -> set[int]:
    """Forget who was sent in and never came; the meetings where that frees a place, for those who wait for one."""
    return set(await session.scalars(_FORGET, {"meetings": list(meetings), "sent_before": now - ON_THE_WAY}))


async def mark_present(
    session: AsyncSession, there: Mapping[int, MeetingInfo], now: datetime
) -> tuple[set[int], set[int]]:
    """Write down which of those we sent are there; the meetings that someone came to, and those that one left."""
    seen = [(number, someone.user_id) for number, info in there.items() for someone in info.attendees]
    changed = await session.execute(
        _MARK,
        {
            "meetings": [number for number, _key in seen],
            "participants": [key for _number, key in seen],
            "followed": list(there),
            "now": now,
        },
    )
    rows = changed.all()
    return {row.meeting_id for row in rows if row.present}, {
        row.meeting_id for row in rows if not row.present
    }


async def count_minute(session: AsyncSession, counts: Iterable[tuple[int, int]], at: datetime) -> None:
    """Keep how many are in each of these meetings (its number, people) in the minute of `at`."""
    found = list(counts)
    if found:
        await session.execute(
            _FIGURES, {"ids": [each[0] for each in found], "people": [each[1] for each in found], "at": at}
        )
