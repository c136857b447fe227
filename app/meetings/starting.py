"""Starting a meeting: reserve, call, confirm. Nothing is locked while BigBlueButton is asked (ARCHITECTURE 3)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import FAILURES, Database
from app.errors import ConflictError, GuildhallError, UnavailableError
from app.gate import BusyError, step_out
from app.i18n import lazy
from app.meetings import wire
from app.meetings.confirmation import Running, confirm, release, state_of, surely
from app.meetings.models import UNFINISHED, MeetingState
from app.meetings.reservation import Reserved, Start, reserve
from app.servers.pool import BBB, Servers
from bbb_client.errors import BBBError, CouldNotAsk, Refused, TooLong

log = structlog.get_logger()
T = TypeVar("T")

# How long somebody waits for BBB to make the meeting. It takes a second; if it was slower, the next round finds the
# meeting and the page goes on.
ANSWER_SECONDS = 10.0

# How long the second of two who start the same room waits for the first one's answer from BBB, and looks for it.
WAIT_SECONDS = 12.0
LOOK_AFTER, LONGER, LOOK_AT_LEAST_EVERY = 0.1, 1.5, 1.0


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


class EndedMeanwhileError(ConflictError):
    """Somebody ended the meeting, or deleted its room, while it was being made."""

    code = "meeting_ended_meanwhile"
    title = lazy("The meeting was ended while it was starting")
    message = lazy("Someone ended this meeting just as you started it. You can start it again right away.")


class Started(NamedTuple):
    """A meeting that was started; `is_new`: by this request, else someone had a moment ago.

    `is_running` False: BBB was asked, and what came of it will be known, and written, by the worker's next round.
    """

    id: int
    is_new: bool
    is_running: bool = True


# What is done in the transaction that confirms a meeting, with its locked row; without one where somebody else has
# started it, in a transaction of its own.
GoIn = Callable[[AsyncSession, Running | None], Awaitable[T]]


async def start_meeting(database: Database, servers: Servers, wish: Start, addresses: wire.Addresses) -> int:
    """The same as `start_or_find`, for those who need it running; returns its id. Raises ServerSilentError too."""
    started = await start_or_find(database, servers, wish, addresses)
    if not started.is_running:
        raise ServerSilentError
    return started.id


async def start_or_find(
    database: Database, servers: Servers, wish: Start, addresses: wire.Addresses
) -> Started:
    """Start the room's meeting, or find the one that has started.

    Raises RefusedError, ServerSilentError, ServerRefusedError, EndedMeanwhileError. Two starts at the same moment
    make one meeting.
    """
    bbb = await servers.choose(database)
    async with database.transaction() as session:
        reserved = await reserve(session, bbb.id, wish, addresses)
    started, _done = await carry_out(database, bbb, reserved, _nothing_more)
    return started


async def _nothing_more(_session: AsyncSession, _running: Running | None) -> bool:
    return True


async def carry_out(
    database: Database, bbb: BBB, reserved: Reserved, go_in: GoIn[T]
) -> tuple[Started, T | None]:
    """Ask BBB for what was reserved, write down that it runs, and let `go_in` go on, all in one transaction.

    Gives what `go_in` gave (not None); None while nobody knows whether it runs. Once BBB has been asked nobody is
    told that it failed unless it has: not if it answers late, and not if the database has no time.
    Raises ServerSilentError, ServerRefusedError, EndedMeanwhileError, and what `go_in` raises.
    """
    if reserved.create is None:
        is_running = await _until_running(database, reserved.id)
        entered = await surely(database, lambda session: go_in(session, None)) if is_running else None
        return Started(reserved.id, is_new=False, is_running=is_running), entered
    create_time = await _ask(database, bbb, reserved.id, reserved.create)
    if create_time is None:
        return Started(reserved.id, is_new=True, is_running=False), None
    state, entered = await _confirm(database, reserved.id, create_time, go_in)
    if state in UNFINISHED:
        return Started(reserved.id, is_new=True, is_running=state == MeetingState.RUNNING), entered
    # Ended, or given up, before BBB had made it.
    await _undo(bbb, reserved.create.meeting_id)
    raise EndedMeanwhileError if state == MeetingState.ENDED else ServerSilentError


async def _ask(database: Database, bbb: BBB, meeting_id: int, create: wire.ToCreate) -> int | None:
    """BBB's `createTime`; None if it has not answered, so that it may have made the meeting or not.

    Then the reservation stays until the next round has asked (`following`).
    """
    step_out()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return (await bbb.client.create(create)).create_time
    except (CouldNotAsk, TimeoutError) as error:
        sent = not isinstance(error, CouldNotAsk) or error.sent
        log.warning("meeting.start.could_not_ask", meeting=meeting_id, sent=sent)
        if sent:
            return None
        await surely(database, lambda session: release(session, meeting_id))
        raise ServerSilentError from None
    except (Refused, TooLong) as error:
        log.warning("meeting.start.refused", meeting=meeting_id, why=str(error))
        await surely(database, lambda session: release(session, meeting_id))
        raise ServerRefusedError from None


async def _confirm(
    database: Database, meeting_id: int, create_time: int, go_in: GoIn[T]
) -> tuple[str, T | None]:
    """Confirm the meeting and go in. Its MeetingState, `starting` if that could not be written in time."""
    refused: list[GuildhallError] = []

    async def both(session: AsyncSession) -> tuple[str, T | None]:
        refused.clear()
        running = await confirm(session, meeting_id, create_time)
        if running is None:
            # A round may have found it at BBB first.
            return await state_of(session, meeting_id) or MeetingState.FAILED, None
        try:
            return MeetingState.RUNNING, await go_in(session, running)
        except GuildhallError as error:
            # It runs all the same: what was confirmed is not undone because somebody may not go in.
            refused.append(error)
            return MeetingState.RUNNING, None

    state, entered = await surely(database, both) or (MeetingState.STARTING, None)
    if refused:
        raise refused[-1]
    if state == MeetingState.RUNNING and entered is None:
        entered = await surely(database, lambda session: go_in(session, None))
    return state, entered


async def _undo(bbb: BBB, external_id: str) -> None:
    """BBB made what nobody wants any more. If it does not hear of that now, a round tells it (`following`)."""
    with contextlib.suppress(BBBError):
        await bbb.client.end(external_id)


async def _until_running(database: Database, meeting_id: int) -> bool:
    """Wait for the one who is starting this meeting; False if it is still starting then, as far as is known.

    Raises ServerSilentError when it does not come to run, EndedMeanwhileError when somebody has ended it.
    """
    step_out()
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + WAIT_SECONDS, LOOK_AFTER
    while True:
        state: str | None = MeetingState.STARTING
        # A crowd that waits for one start must not stand in its way: whoever is sent away here looks again.
        with contextlib.suppress(BusyError, *FAILURES):
            async with database.reading() as session:
                state = await state_of(session, meeting_id)
        if state == MeetingState.RUNNING:
            return True
        if state == MeetingState.ENDED:
            raise EndedMeanwhileError
        if state != MeetingState.STARTING:
            raise ServerSilentError
        if loop.time() + pause > ends:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * LONGER, LOOK_AT_LEAST_EVERY)
