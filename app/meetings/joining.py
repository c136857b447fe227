"""Joining: one decision under the meeting's lock, a place for everyone, one kept for the host."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError
from app.i18n import lazy, spoken
from app.live import CHANNEL, holder_topic, people_topic
from app.meetings.models import Attendance, Consent, MeetingState
from quotas.decisions import Decision, Granted
from quotas.rules import may_join

# A browser that was sent to BBB takes a place until BBB has seen it, or has given it up (BBB_API.md 2.2: 45 s).
ON_THE_WAY = timedelta(seconds=60)


class NotRunningError(ConflictError):
    """There is no meeting to join at this moment."""

    code = "not_running"
    title = lazy("The meeting has not started")
    message = lazy("Wait on the room’s page: it goes on by itself when the meeting starts.")


class ConsentNeededError(ConflictError):
    """The meeting may be recorded, and the participant has not agreed to that."""

    code = "consent_needed"
    title = lazy("This meeting may be recorded")
    message = lazy("Agree to be recorded to join it.")


@dataclass(frozen=True)
class Participant:
    """Someone who wants to join: `key` is BBB's userID, the same for every visit of one browser or account."""

    key: str
    name: str
    is_host: bool
    agrees: bool


@dataclass(frozen=True)
class Admission:
    """What a join URL needs of the meeting."""

    meeting_id: int
    external_id: str
    create_time: int | None


# The lock stands in a statement of its own: what is read with it could be older than the lock.
_LOCK = text("""
    SELECT id, room_id, holder_id, external_id, create_time, people, recorded, state FROM meetings
    WHERE id = :meeting FOR NO KEY UPDATE
""")
_PRESENT = text("""
    SELECT count(*) AS present, count(*) FILTER (WHERE is_host) AS hosts,
           count(*) FILTER (WHERE participant = :participant) AS mine
    FROM attendances WHERE meeting_id = :meeting AND (present OR (seen_at IS NULL AND sent_at > :since))
""")
# Someone who comes back has to be seen anew: present people stay present, others count as on the way until then.
_SEND = text("""
    WITH sent AS (
        INSERT INTO attendances AS a (meeting_id, participant, name, is_host, sent_at, present)
        VALUES (:meeting, :participant, :name, :is_host, :now, false)
        ON CONFLICT (meeting_id, participant) DO UPDATE
            SET sent_at = excluded.sent_at, name = excluded.name, is_host = excluded.is_host,
                seen_at = CASE WHEN a.present THEN a.seen_at END
    )
    SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic
""")


async def admit(session: AsyncSession, meeting_id: int, who: Participant) -> Decision[Admission]:
    """Give the participant a place, or say that the meeting is full (DOMAIN.md rule 2).

    Raises NotRunningError, ConsentNeededError. The meeting's row is locked, so that the last place goes to one.
    """
    meeting = (await session.execute(_LOCK, {"meeting": meeting_id})).one_or_none()
    if meeting is None or meeting.state != MeetingState.RUNNING:
        raise NotRunningError
    if meeting.recorded and not who.agrees:
        raise ConsentNeededError
    here = await _present(session, meeting_id, who.key)
    decision = may_join(
        meeting.people,
        present=here.present,
        hosts_present=here.hosts,
        already_in=here.mine > 0,
        is_host=who.is_host,
    )
    if isinstance(decision, Granted):
        await _send(session, meeting, who, is_news=here.mine == 0)
        if meeting.recorded:
            await _keep_consent(session, meeting_id, who)
        return Granted(Admission(meeting.id, meeting.external_id, meeting.create_time))
    return decision


async def _present(session: AsyncSession, meeting_id: int, participant: str) -> Any:
    """Who is in or on the way in; someone who is already counted is let in again."""
    values = {"meeting": meeting_id, "participant": participant, "since": clock.now() - ON_THE_WAY}
    return (await session.execute(_PRESENT, values)).one()


def counts(now: datetime) -> ColumnElement[bool]:
    """Whether an attendance takes a place: present, or sent a moment ago and not seen yet."""
    return or_(Attendance.present, (Attendance.seen_at.is_(None)) & (Attendance.sent_at > now - ON_THE_WAY))


async def _send(session: AsyncSession, meeting: Any, who: Participant, *, is_news: bool) -> None:
    """Write down that the participant was sent in, and tell the pages that show how many are here.

    Who is counted already takes no other place, so that is no news; nor is it any for those who wait for a place.
    """
    topics = [people_topic(meeting.room_id), holder_topic(meeting.holder_id)] if is_news else []
    values = {
        "meeting": meeting.id,
        "participant": who.key,
        "name": who.name,
        "is_host": who.is_host,
        "now": clock.now(),
        "channel": CHANNEL,
        "topics": topics,
    }
    await session.execute(_SEND, values)


async def _keep_consent(session: AsyncSession, meeting_id: int, who: Participant) -> None:
    """Keep that this name agreed to be recorded, in which language, and when."""
    known = await session.scalar(
        select(Consent.id).where(
            Consent.meeting_id == meeting_id, Consent.participant == who.key, Consent.name == who.name
        )
    )
    if known is None:
        session.add(
            Consent(
                meeting_id=meeting_id,
                participant=who.key,
                name=who.name,
                language=spoken(),
                agreed_at=clock.now(),
            )
        )
        await session.flush()
