"""What BigBlueButton calls: a meeting has ended, a recording is ready. Not forms, so no form token."""

import hmac

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.db import Session
from app.errors import NotFoundError
from app.meetings.ending import mark_ended
from app.meetings.models import Meeting
from app.web.browser import settings_of
from bbb_client.callbacks import recording_ready
from bbb_client.errors import Forged, Malformed

router = APIRouter(prefix="/callbacks/meetings/{meeting}/{token}")
log = structlog.get_logger()


@router.get("/ended", name="meetings.ended", response_class=Response)
async def ended(session: Session, meeting: str, token: str) -> Response:
    """The meeting has ended. BBB asks twice and wants exactly 200 (BBB_API.md 4.1): saying it again is fine."""
    found = await _known(session, meeting, token)
    if await mark_ended(session, found, at=clock.now()):
        log.info("meeting.ended.callback", meeting=found)
    return Response(status_code=200)


@router.post("/recording", name="meetings.recording_ready", response_class=Response)
async def recording_is_ready(request: Request, session: Session, meeting: str, token: str) -> Response:
    """A format of the meeting's recording is ready (BBB_API.md 4.2): its true size is asked for by a job."""
    found = await _known(session, meeting, token)
    form = await request.form()
    try:
        ready = recording_ready(
            str(form.get("signed_parameters", "")), settings_of(request).bbb_secret.get_secret_value()
        )
    except Forged:
        return Response(status_code=401)
    except Malformed:
        return Response(status_code=400)
    if ready.meeting_id != found:
        return Response(status_code=404)
    await jobs.defer(session, "meetings:measure", external_id=found)
    return Response(status_code=202)


async def _known(session: AsyncSession, external_id: str, token: str) -> str:
    """The meeting that this address was made for; NotFoundError for a forged one, whichever part is wrong."""
    kept = await session.scalar(select(Meeting.callback_token).where(Meeting.external_id == external_id))
    if kept is None or not hmac.compare_digest(kept.encode(), token.encode()):
        raise NotFoundError
    return external_id
