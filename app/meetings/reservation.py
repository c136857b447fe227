"""Reserving a meeting: decided under the holder's lock and written down by one statement, before BBB is asked."""

import json
import secrets
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Statement
from app.errors import NotFoundError
from app.live import CHANNEL, holder_topic, room_topic
from app.meetings import wire
from app.meetings.deciding import Asked, decide
from app.meetings.models import OURS
from app.meetings.situation import Situation, situation_of
from app.memberships.decision_log import GRANTED, Question
from app.memberships.limits import HeldLimits, hold
from app.memberships.refusals import RefusedError
from app.rooms.models import Room
from app.skew import must_be_right
from quotas.decisions import MeetingTerms
from quotas.limits import LimitName


@dataclass(frozen=True)
class Start:
    """A wish to start a room's meeting.

    `record` None: as the room is set. `minutes` and `people` None: as long and as many as may be; `shorten` see
    `deciding.Asked`. `insists` False: a meeting that cannot be recorded starts without (a guest cannot choose).
    `holder_id`: the room's, where it is known; under its lock it is looked at again.
    """

    room_id: int
    started_by: int | None
    record: bool | None = None
    minutes: int | None = None
    people: int | None = None
    shorten: bool = True
    insists: bool = True
    holder_id: int | None = None


@dataclass(frozen=True)
class Reserved:
    """A meeting that is starting or running; `create` None: somebody else has asked BBB for it."""

    id: int
    create: wire.ToCreate | None = None


# The meeting, the room's place among those in use, the log of decisions and the news of it, in one statement.
_RESERVE = Statement(f"""
    WITH made AS (
        INSERT INTO meetings (room_id, holder_id, server_id, started_by, name, external_id, callback_token, state,
                              sitting_id, tier, minutes, people, recorded, reserved_bytes, large_session,
                              reserved_at, people_now, peak_people)
        VALUES (:room, :holder, :server, :started_by, :name, :external_id, :callback_token, 'starting',
                :sitting_id, :tier, :minutes, :people, :recorded, :reserved_bytes, :large_session, :now, 0, 0)
        RETURNING id
    ), used AS (
        UPDATE rooms SET last_used_at = :now WHERE id = :room
    ), noted AS ({GRANTED})
    SELECT id, pg_notify(:channel, :room_topic), pg_notify(:channel, :holder_topic) FROM made
""")  # noqa: S608  nothing of it was typed


async def reserve(session: AsyncSession, server_id: int, wish: Start, addresses: wire.Addresses) -> Reserved:
    """Decide under the holder's lock and insert the meeting as `starting`: that row is the reservation.

    Raises NotFoundError, RefusedError, ClockWrongError.
    """
    must_be_right()
    held, situation = await _hold(session, wish)
    if situation.unfinished_id is not None:
        return Reserved(situation.unfinished_id)
    terms, sitting_id = await _decide(session, held, situation, wish)
    external_id = f"{OURS}{secrets.token_hex(16)}"
    meeting = wire.NewMeeting(
        name=situation.room.name,
        lobby=situation.room.lobby,
        external_id=external_id,
        callback_token=secrets.token_urlsafe(24),
        tier=held.tier_key,
        minutes=terms.minutes,
        people=terms.people,
        recorded=terms.recorded,
    )
    room = situation.room
    row = await _RESERVE.row(
        session,
        room=room.id,
        holder=room.holder_id,
        server=server_id,
        started_by=wish.started_by,
        sitting_id=sitting_id or external_id,
        reserved_bytes=terms.reserved_bytes,
        large_session=terms.above_group_size,
        now=clock.now(),
        question=str(Question.START_MEETING),
        subject=room.name,
        terms=json.dumps(asdict(terms)),
        channel=CHANNEL,
        room_topic=room_topic(room.id),
        holder_topic=holder_topic(room.holder_id),
        **{name: value for name, value in asdict(meeting).items() if name != "lobby"},
    )
    assert row is not None  # noqa: S101  it was inserted
    return Reserved(row.id, wire.to_create(meeting, addresses))


async def _hold(session: AsyncSession, wish: Start) -> tuple[HeldLimits, Situation]:
    """The limits of the room's holder, locked, and what holds under that lock.

    Whoever started this room, or deleted it, a moment ago has committed by now. A room that was handed over
    meanwhile has another holder, who is locked too: the hand-over is done, so nobody waits for the first one.
    """
    holder_id = wish.holder_id or await session.scalar(select(Room.holder_id).where(Room.id == wish.room_id))
    if holder_id is None:
        raise NotFoundError
    while True:
        held = await hold(session, holder_id)
        situation = await situation_of(session, held, wish.room_id)
        if situation is None:
            raise NotFoundError
        if situation.room.holder_id == held.holder_id:
            return held, situation
        holder_id = situation.room.holder_id


async def _decide(
    session: AsyncSession, held: HeldLimits, situation: Situation, wish: Start
) -> tuple[MeetingTerms, str | None]:
    """The terms for the meeting, and the sitting it continues. Raises RefusedError."""
    asked = Asked(
        record=situation.room.record if wish.record is None else wish.record,
        minutes=wish.minutes,
        people=wish.people,
        shorten=wish.shorten,
    )
    try:
        return await decide(session, held, situation, asked)
    except RefusedError as error:
        if wish.insists or error.refused.reason.limit_name is not LimitName.STORAGE_BYTES:
            raise
    return await decide(session, held, situation, replace(asked, record=False))
