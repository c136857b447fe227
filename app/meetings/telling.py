"""Saying in a meeting's chat that its time is nearly over: 10, 5 and 1 minutes before."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.accounts.models import User
from app.accounts.zones import UTC
from app.i18n import ngettext as _n
from app.i18n import speak
from app.meetings.models import Meeting
from app.meetings.terms import MINUTE, ends_at
from app.rooms.models import Room
from app.servers.pool import BBB
from bbb_client.errors import BBBError, CouldNotAsk, Refused
from bbb_client.requests import SendChatMessage

log = structlog.get_logger()

STEPS = (1, 5, 10)  # minutes before the end
# A slow server is not waited for: the next round is due, and a notice that comes late is none.
WHOLE_SECONDS = 6.0
AT_A_TIME = 8
# What servers answer that do not have the call.
NO_SUCH_CALL = {404, 405, 501}


@dataclass(frozen=True)
class Notice:
    """What is to be said in one meeting: whole minutes left, and until when."""

    external_id: str
    minutes: int
    ends_at: datetime
    language: str
    time_zone: str


def due_step(meeting: Row[Any], now: datetime) -> int | None:
    """The step that is due in a running meeting and was not said yet; None if there is none.

    Steps that were missed are not caught up one after another, and a meeting that is no longer than a step does
    not have it.
    """
    end = ends_at(meeting)
    if end is None:
        return None
    left = end - now
    step = next((step for step in STEPS if left <= step * MINUTE), None)
    if step is None or left <= timedelta(0) or step >= meeting.minutes:
        return None
    return step if meeting.told_minutes is None or meeting.told_minutes > step else None


async def notices_for(session: AsyncSession, meetings: Sequence[Row[Any]], now: datetime) -> list[Notice]:
    """What to say in these meetings, each in the language of its room's host. One statement, or none."""
    if not meetings:
        return []
    hosts = await session.execute(
        select(Meeting.id, User.language, User.time_zone)
        .join(Room, Room.id == Meeting.room_id)
        .join(User, User.id == Room.host_id)
        .where(Meeting.id.in_([meeting.id for meeting in meetings]))
    )
    speaks = {row.id: row for row in hosts}
    ends = [(meeting, end) for meeting in meetings if (end := ends_at(meeting)) and meeting.id in speaks]
    return [
        Notice(
            external_id=meeting.external_id,
            minutes=-(-(end - now) // MINUTE),
            ends_at=end,
            language=speaks[meeting.id].language,
            time_zone=speaks[meeting.id].time_zone,
        )
        for meeting, end in ends
    ]


async def tell(bbb: BBB, speaker: str, notices: Sequence[Notice]) -> None:
    """Say them in this name, each at most once: they were written down as said. What fails is not said again."""
    if not notices or bbb.lacks_chat:
        return
    places = asyncio.Semaphore(AT_A_TIME)

    async def say(notice: Notice) -> None:
        async with places:
            await _say(bbb, speaker, notice)

    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await asyncio.gather(*(say(notice) for notice in notices))
    except TimeoutError:
        log.warning("meeting.notice.slow", notices=len(notices))


async def _say(bbb: BBB, speaker: str, notice: Notice) -> None:
    if bbb.lacks_chat:
        return
    message = SendChatMessage(meeting_id=notice.external_id, message=text_of(notice), user_name=speaker)
    try:
        await bbb.client.send_chat_message(message)
    except BBBError as error:
        if _has_no_such_call(error):
            bbb.lacks_chat = True
            log.info("server.lacks_chat", why=str(error))
        else:
            log.info("meeting.notice.not_said", why=str(error))


def text_of(notice: Notice) -> str:
    """The sentence, in the host's language and by the host's clock."""
    # In a task of its own, so this is the language of this one sentence only.
    speak(notice.language)
    # Whoever never chose a zone has UTC: then the sentence names it.
    wording.use_zone(None if notice.time_zone == UTC else notice.time_zone)
    return _n(
        "This meeting ends in one minute, at %(time)s. Everyone is sent out then.",
        "This meeting ends in %(num)s minutes, at %(time)s. Everyone is sent out then.",
        notice.minutes,
        time=wording.clock_time(notice.ends_at),
    )


def _has_no_such_call(error: BBBError) -> bool:
    """Whether the server said that it does not have the call. Nobody in the meeting is no such answer."""
    if isinstance(error, CouldNotAsk):
        return error.status in NO_SUCH_CALL
    return isinstance(error, Refused) and not error.not_found and error.key != "checksumError"
