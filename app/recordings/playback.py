"""Asking BBB for the address of a protected recording: it is made for one visitor, and works once (BBB_API.md 5)."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from sqlalchemy import update

from app import clock
from app.db import Database
from app.errors import UnavailableError
from app.i18n import lazy
from app.recordings.access import is_web_address
from app.recordings.models import Recording
from app.servers.pool import NotSetUpError, Servers
from app.web.rate_limits import Rate
from bbb_client.errors import BBBError
from bbb_client.recording_requests import GetRecordings
from bbb_client.recording_responses import Recording as Answer
from bbb_client.vocabulary import RecordingState

log = structlog.get_logger()

# Whoever presses *Play* waits this long: the only page that BBB is asked for.
ANSWER_SECONDS = 6.0
# Each asks BBB once. A school behind one address can work.
PLAYS = Rate("play", 300, timedelta(minutes=10))
# What BBB's own players have in their addresses: no key to anything.
HARMLESS = {"meetingid", "recordid"}


class PlaybackUnknownError(UnavailableError):
    """BBB could not be asked for the address."""

    code = "recording_server_silent"
    title = lazy("This recording can’t be played right now")
    message = lazy("Its meeting server isn’t answering. Nothing is lost: try again in a minute.")


class PlaybackGoneError(UnavailableError):
    """BBB was asked, and has no such address at the moment."""

    code = "recording_not_playable"
    title = lazy("This recording can’t be played right now")
    message = lazy("Its meeting server doesn’t offer it at the moment. Try again in a few minutes.")


def is_protected(said: Answer) -> bool:
    """Whether addresses are for one visitor: as the balancer says, or because they carry a key."""
    return said.protected or any(has_key(form.url) for form in said.formats)


def has_key(url: str) -> bool:
    """Whether an address carries what opens it, and not only a name."""
    try:
        names = {name.lower() for name in parse_qs(urlsplit(url).query, keep_blank_values=True)}
    except ValueError:
        return False
    return bool(names - HARMLESS)


def without_key(url: str) -> str:
    """What is kept of a protected address: where it leads, and nothing that opens it."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


async def fresh_address(database: Database, servers: Servers, found: Any, kind: str) -> str:
    """A new address of one format of a protected recording, from its server; `found` is `queries.recording_at`'s row.

    It is for this one visitor and goes nowhere else. Raises PlaybackUnknownError, PlaybackGoneError.
    """
    try:
        async with database.transaction() as session:
            bbb = await servers.of(session, found.server_id)
        async with asyncio.timeout(ANSWER_SECONDS):
            request = GetRecordings(record_ids=[found.record_id], states=[RecordingState.PUBLISHED])
            page = await bbb.client.get_recordings(request)
    except (BBBError, NotSetUpError, TimeoutError) as error:
        log.warning(
            "recording.playback.could_not_ask", recording=found.id, why=str(error) or "no answer in time"
        )
        raise PlaybackUnknownError from None
    addresses = [
        form.url
        for said in page.recordings
        if said.record_id == found.record_id and said.state == RecordingState.PUBLISHED
        for form in said.formats
        if form.type == kind and is_web_address(form.url)
    ]
    if addresses:
        return addresses[0]
    async with database.transaction() as session:
        # The next round finds out what became of it.
        here = update(Recording).where(Recording.id == found.id)
        await session.execute(here.values(check_at=clock.now()))
    raise PlaybackGoneError
