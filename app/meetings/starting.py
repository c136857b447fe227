"""Starting a meeting: reserve, call, confirm. Nothing is locked while BigBlueButton is asked (ARCHITECTURE 3)."""

import asyncio
import contextlib
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import Database
from app.errors import NotFoundError, UnavailableError
from app.i18n import lazy
from app.live import announce, holder_topic, room_topic
from app.meetings import wire
from app.meetings.deciding import Asked, decide
from app.meetings.models import OURS, UNFINISHED, Meeting, MeetingState
from app.memberships.decision_log import Question, note_granted
from app.memberships.limits import HeldLimits, hold
from app.memberships.refusals import RefusedError
from app.rooms.models import Room
from app.servers.pool import BBB, Servers
from bbb_client.errors import BBBError, CouldNotAsk, Refused, TooLong
from quotas.decisions import MeetingTerms
from quotas.limits import LimitName

log = structlog.get_logger()

# How long somebody waits for BBB to make the meeting. It takes a second; if it was slower, the next round finds the
# meeting and the page goes on.
ANSWER_SECONDS = 10.0

# How long the second of two who start the same room waits for the first one's answer from BBB.
WAIT_SECONDS, LOOK_EVERY = 12.0, 0.2


class ServerSilentError(UnavailableError):
    """BBB could not be asked."""

    code = "conference_server_silent"
    title = lazy("The meeting server does not answer")
    message = lazy("The meeting could not be started. Nothing is lost: try again in a minute.")


class ServerRefusedError(UnavailableError):
    """BBB said no, which it does only when this site is set up wrongly."""

    code = "conference_server_refused"
    title = lazy("The meeting server refuses to work with this site")
    message = lazy("The people who run this site need to look at its settings. They can see this in the log.")


@dataclass(frozen=True)
class Start:
    """A wish to start a room's meeting.

    `record` None: as the room is set. `minutes` and `people` None: as long and as many as may be; `shorten` see
    `deciding.Asked`. `insists` False: a meeting that cannot be recorded starts without (a guest cannot choose).
    """

    room_id: int
    started_by: int | None
    record: bool | None = None
    minutes: int | None = None
    people: int | None = None
    shorten: bool = True
    insists: bool = True


@dataclass(frozen=True)
class Reserved:
    """A meeting that is starting or running; `is_ours`: this request made it, and must ask BBB."""

    id: int
    is_ours: bool
    create: wire.ToCreate | None = None


class Started(NamedTuple):
    """A meeting that runs; `is_new`: this request started it, else someone had a moment ago."""

    id: int
    is_new: bool


async def start_meeting(database: Database, servers: Servers, wish: Start, addresses: wire.Addresses) -> int:
    """The same as `start_or_find`, for those whom it is all one who has started the meeting; returns its id."""
    return (await start_or_find(database, servers, wish, addresses)).id


async def start_or_find(
    database: Database, servers: Servers, wish: Start, addresses: wire.Addresses
) -> Started:
    """Start the room's meeting, or find the one that has started.

    Raises RefusedError, ServerSilentError, ServerRefusedError. Two starts at the same moment make one meeting.
    """
    bbb = await servers.choose(database)
    async with database.transaction() as session:
        reserved = await _reserve(session, bbb.id, wish, addresses)
    if reserved.create is None:
        return Started(await _until_running(database, reserved.id), is_new=False)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            created = await bbb.client.create(reserved.create)
    except (CouldNotAsk, TimeoutError) as error:
        sent = not isinstance(error, CouldNotAsk) or error.sent
        log.warning("meeting.start.could_not_ask", meeting=reserved.id, sent=sent)
        if not sent:
            await _release(database, reserved.id)
        # Else BBB may have made it: the reservation stays until the next round has asked (`following`).
        raise ServerSilentError from None
    except (Refused, TooLong) as error:
        log.warning("meeting.start.refused", meeting=reserved.id, why=str(error))
        await _release(database, reserved.id)
        raise ServerRefusedError from None
    if not await confirm(database, reserved.id, created.create_time):
        await _undo(bbb, reserved.create.meeting_id)
        raise ServerSilentError
    return Started(reserved.id, is_new=True)


async def _reserve(session: AsyncSession, server_id: int, wish: Start, addresses: wire.Addresses) -> Reserved:
    """Decide under the holder's lock and insert the meeting as `starting`: that row is the reservation."""
    holder_id = await session.scalar(select(Room.holder_id).where(Room.id == wish.room_id))
    if holder_id is None:
        raise NotFoundError
    held = await hold(session, holder_id)
    # Read after the lock: whoever started this room, or deleted it, a moment ago has committed by now.
    room = await session.get(Room, wish.room_id)
    if room is None:
        raise NotFoundError
    found = await session.scalar(
        select(Meeting.id).where(Meeting.room_id == room.id, Meeting.state.in_(UNFINISHED))
    )
    if found is not None:
        return Reserved(found, is_ours=False)
    terms, sitting_id = await _decide(session, held, room, wish)
    external_id = f"{OURS}{secrets.token_hex(16)}"
    now = clock.now()
    meeting = Meeting(
        room_id=room.id,
        holder_id=room.holder_id,
        server_id=server_id,
        started_by=wish.started_by,
        name=room.name,
        external_id=external_id,
        callback_token=secrets.token_urlsafe(24),
        state=MeetingState.STARTING,
        sitting_id=sitting_id or external_id,
        tier=held.tier_key,
        minutes=terms.minutes,
        people=terms.people,
        recorded=terms.recorded,
        reserved_bytes=terms.reserved_bytes,
        large_session=terms.above_group_size,
        reserved_at=now,
    )
    session.add(meeting)
    room.last_used_at = now
    await session.flush()
    await note_granted(session, room.holder_id, Question.START_MEETING, room.name, asdict(terms))
    await announce(session, room_topic(room.id), holder_topic(room.holder_id))
    return Reserved(meeting.id, is_ours=True, create=wire.to_create(room, meeting, addresses))


async def _decide(
    session: AsyncSession, held: HeldLimits, room: Room, wish: Start
) -> tuple[MeetingTerms, str | None]:
    """The terms for the meeting, and the sitting it continues. Raises RefusedError."""
    asked = Asked(
        record=room.record if wish.record is None else wish.record,
        minutes=wish.minutes,
        people=wish.people,
        shorten=wish.shorten,
    )
    try:
        return await decide(session, held, room, asked)
    except RefusedError as error:
        if wish.insists or error.refused.reason.limit_name is not LimitName.STORAGE_BYTES:
            raise
    return await decide(session, held, room, replace(asked, record=False))


async def confirm(database: Database, meeting_id: int, create_time: int) -> bool:
    """BBB has made the meeting; `create_time` is its `createTime` in milliseconds, for join URLs.

    False if it is over here: somebody ended it, or a round gave it up, before BBB had answered.
    The minutes count by our own clock: a server whose clock is off neither gives nor takes time.
    """
    async with database.transaction() as session:
        done = await session.execute(
            update(Meeting)
            .where(Meeting.id == meeting_id, Meeting.state == MeetingState.STARTING)
            .values(state=MeetingState.RUNNING, started_at=clock.now(), create_time=create_time)
            .returning(Meeting.room_id, Meeting.holder_id)
        )
        for row in done:
            await announce(session, room_topic(row.room_id), holder_topic(row.holder_id))
        # A round may have found it at BBB first.
        state = await session.scalar(select(Meeting.state).where(Meeting.id == meeting_id))
    return state == MeetingState.RUNNING


async def _undo(bbb: BBB, external_id: str) -> None:
    """BBB made what nobody wants any more. If it does not hear of that now, a round tells it (`following`)."""
    with contextlib.suppress(BBBError):
        await bbb.client.end(external_id)


async def _release(database: Database, meeting_id: int) -> None:
    """The meeting was not made: its place is free again."""
    async with database.transaction() as session:
        done = await session.execute(
            update(Meeting)
            .where(Meeting.id == meeting_id, Meeting.state == MeetingState.STARTING)
            .values(state=MeetingState.FAILED, ended_at=clock.now(), reserved_bytes=0)
            .returning(Meeting.room_id, Meeting.holder_id)
        )
        for row in done:
            await announce(session, room_topic(row.room_id), holder_topic(row.holder_id))


async def _until_running(database: Database, meeting_id: int) -> int:
    """Wait for the one who is starting this meeting. Raises ServerSilentError when it does not come to run."""
    looks = int(timedelta(seconds=WAIT_SECONDS) / timedelta(seconds=LOOK_EVERY))
    for _look in range(looks):
        async with database.transaction() as session:
            state = await session.scalar(select(Meeting.state).where(Meeting.id == meeting_id))
        if state == MeetingState.RUNNING:
            return meeting_id
        if state != MeetingState.STARTING:
            break
        await asyncio.sleep(LOOK_EVERY)
    raise ServerSilentError
