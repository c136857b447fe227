"""Joining: one decision under the meeting's lock, a place for everyone, one kept for the host."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Query, Statement
from app.errors import ConflictError, TooManyError
from app.i18n import lazy, spoken
from app.live import CHANNEL, holder_topic, people_topic
from app.meetings.confirmation import Running
from app.meetings.models import Attendance
from quotas.decisions import Decision, Granted
from quotas.rules import may_join, places_of_network

# A browser that was sent to BBB takes a place until BBB has seen it. One that has not arrived by then gets in all the
# same if there is room: BBB holds the cap itself.
ON_THE_WAY = timedelta(seconds=15)

SEEN_WITHIN = 5  # seconds between two rounds


class NotRunningError(ConflictError):
    """There is no meeting to join at this moment."""

    code = "not_running"
    title = lazy("The meeting has not started")
    message = lazy("Wait on the room’s page: it goes on by itself when the meeting starts.")


class OthersOnTheWayError(TooManyError):
    """Guests of the same network were sent in a moment ago, and BBB has not seen them yet."""

    code = "others_on_the_way"
    title = lazy("One moment")
    message = lazy("Others from your network are still connecting. Try again in a few seconds.")


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
    network: str = ""
    """a keyed hash of a guest's network address in this room; "" for people with an account and for programs"""


@dataclass(frozen=True)
class Admission:
    """What a join URL needs of the meeting."""

    meeting_id: int
    server_id: int
    external_id: str
    create_time: int | None


@dataclass(frozen=True)
class Present:
    """Who is in or on the way in: all, the hosts among them, and whether `mine`, who is let in again, is one."""

    people: int
    hosts: int
    mine: int
    near: int
    """guests of the same network who were not seen yet"""


NOBODY = Present(people=0, hosts=0, mine=0, near=0)

# The lock stands in a statement of its own: what is read with it could be older than the lock.
_LOCK = Query(
    Running,
    """
    SELECT id, room_id, holder_id, server_id, external_id, create_time, people, recorded,
           state = 'running' AS is_open
    FROM meetings WHERE id = :meeting FOR NO KEY UPDATE
    """,
)
_PRESENT = Query(
    Present,
    """
    SELECT count(*) AS people, count(*) FILTER (WHERE is_host) AS hosts,
           count(*) FILTER (WHERE participant = :participant) AS mine,
           count(*) FILTER (WHERE network = :network AND NOT present AND participant <> :participant) AS near
    FROM attendances WHERE meeting_id = :meeting AND (present OR (seen_at IS NULL AND sent_at > :since))
    """,
)
# Someone who comes back has to be seen anew: present people stay present, others count as on the way until then.
_SENT = """
    sent AS (
        INSERT INTO attendances AS a (meeting_id, participant, name, is_host, sent_at, present, network)
        VALUES (:meeting, :participant, :name, :is_host, :now, false, :network)
        ON CONFLICT (meeting_id, participant) DO UPDATE
            SET sent_at = excluded.sent_at, name = excluded.name, is_host = excluded.is_host,
                network = excluded.network,
                seen_at = CASE WHEN a.present THEN a.seen_at END
    )
"""
# That this name agreed to be recorded, in which language, and when: kept once, the meeting is locked.
_AGREED = """
    agreed AS (
        INSERT INTO consents (meeting_id, participant, name, language, agreed_at)
        SELECT CAST(:meeting AS bigint), CAST(:participant AS text), CAST(:name AS text),
               CAST(:language AS text), CAST(:now AS timestamptz)
        WHERE NOT EXISTS (
            SELECT FROM consents WHERE meeting_id = :meeting AND participant = :participant AND name = :name
        )
    )
"""
_TELL = "SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic"
_SEND = Statement(f"WITH {_SENT} {_TELL}")
_SEND_TO_BE_RECORDED = Statement(f"WITH {_SENT}, {_AGREED} {_TELL}")


async def admit(session: AsyncSession, meeting_id: int, who: Participant) -> Decision[Admission]:
    """Give the participant a place, or say that the meeting is full (DOMAIN.md rule 2).

    Raises NotRunningError, ConsentNeededError, OthersOnTheWayError. The meeting's row is locked, so that the last
    place goes to one.
    """
    meeting = await _LOCK.row(session, meeting=meeting_id)
    if meeting is None or not meeting.is_open:
        raise NotRunningError
    values = {"meeting": meeting_id, "participant": who.key, "since": clock.now() - ON_THE_WAY}
    values["network"] = who.network
    present = await _PRESENT.row(session, **values)
    return await _place(session, meeting, present or NOBODY, who)


async def admit_first(session: AsyncSession, meeting: Running, who: Participant) -> Decision[Admission]:
    """The same in the transaction that has just confirmed the meeting: it is locked, and nobody can be in it yet."""
    return await _place(session, meeting, NOBODY, who)


async def _place(
    session: AsyncSession, meeting: Running, present: Present, who: Participant
) -> Decision[Admission]:
    if meeting.recorded and not who.agrees:
        raise ConsentNeededError
    decision = may_join(
        meeting.people,
        present=present.people,
        hosts_present=present.hosts,
        already_in=present.mine > 0,
        is_host=who.is_host,
    )
    if isinstance(decision, Granted):
        if (
            who.network
            and not present.mine
            and present.near >= places_of_network(meeting.people, present.people)
        ):
            raise OthersOnTheWayError(retry_after=SEEN_WITHIN)
        await _send(session, meeting, who, is_news=present.mine == 0)
        return Granted(Admission(meeting.id, meeting.server_id, meeting.external_id, meeting.create_time))
    return decision


def counts(now: datetime) -> ColumnElement[bool]:
    """Whether an attendance takes a place: present, or sent a moment ago and not seen yet."""
    return or_(Attendance.present, (Attendance.seen_at.is_(None)) & (Attendance.sent_at > now - ON_THE_WAY))


async def _send(session: AsyncSession, meeting: Running, who: Participant, *, is_news: bool) -> None:
    """Write down that the participant was sent in, and agreed; tell the pages that show how many are here.

    Who is counted already takes no other place, so that is no news; nor is it any for those who wait for a place.
    """
    agreed = {"language": spoken()} if meeting.recorded else {}
    topics = []
    if is_news:
        room = [] if meeting.room_id is None else [people_topic(meeting.room_id)]
        topics = [*room, holder_topic(meeting.holder_id)]
    await (_SEND_TO_BE_RECORDED if meeting.recorded else _SEND).rows(
        session,
        meeting=meeting.id,
        participant=who.key,
        name=who.name,
        is_host=who.is_host,
        network=who.network or None,
        now=clock.now(),
        channel=CHANNEL,
        topics=topics,
        **agreed,
    )
