"""What BigBlueButton calls when a meeting is over. Not forms, so no form token."""

import hmac

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.db import Databased, Session
from app.errors import NotFoundError
from app.meetings.ending import mark_ended
from app.meetings.exact import figures_of, replace_figures
from app.meetings.models import Meeting
from app.servers.pool import BBBServers
from app.skew import must_be_right
from bbb_client.analytics import analytics
from bbb_client.callbacks import check_analytics, recording_ready
from bbb_client.errors import Forged, Malformed

router = APIRouter(prefix="/callbacks/meetings/{meeting}/{token}")
log = structlog.get_logger()


@router.get("/ended", name="meetings.ended", response_class=Response)
async def ended(session: Session, meeting: str, token: str) -> Response:
    """The meeting has ended. BBB asks twice and wants exactly 200 (BBB_API.md 4.1): saying it again is fine."""
    await _known(session, meeting, token)
    must_be_right()  # BBB calls again, and then perhaps another process
    if await mark_ended(session, meeting, at=clock.now()):
        log.info("meeting.ended.callback", meeting=meeting)
    return Response(status_code=200)


@router.post("/recording", name="meetings.recording_ready", response_class=Response)
async def recording_is_ready(
    request: Request, session: Session, servers: BBBServers, meeting: str, token: str
) -> Response:
    """A format of the meeting's recording is ready (BBB_API.md 4.2): a job asks what there is of it."""
    known = await _known(session, meeting, token)
    form = await request.form()
    try:
        bbb = await servers.of(session, known.server_id)
        ready = recording_ready(str(form.get("signed_parameters", "")), bbb.secret)
    except Forged:
        return Response(status_code=401)
    except Malformed:
        return Response(status_code=400)
    if ready.meeting_id != meeting:
        return Response(status_code=404)
    await jobs.defer(session, "recordings:ask", external_id=meeting)
    return Response(status_code=202)


@router.post("/analytics", name="meetings.analytics", response_class=Response)
async def analytics_come(
    request: Request, database: Databased, servers: BBBServers, meeting: str, token: str
) -> Response:
    """Who was there and how long, after the meeting (BBB_API.md 4.3): its figures replace those of the rounds.

    The token and the signature are checked before the body is read, and no connection waits for it.
    """
    async with database.transaction() as session:
        known = await _known(session, meeting, token)
        bbb = await servers.of(session, known.server_id)
    try:
        check_analytics(request.headers.get("authorization"), bbb.secret, now=clock.now())
        said = analytics(await request.body())
        figures = figures_of(said)
    except Forged:
        return Response(status_code=401)
    except (Malformed, OverflowError):  # times that no calendar has
        return Response(status_code=400)
    if said.meeting_id != meeting:
        return Response(status_code=404)
    async with database.transaction() as session:
        if await replace_figures(session, meeting, figures):
            log.info("meeting.analytics", meeting=meeting, peak=figures.peak)
    return Response(status_code=200)


async def _known(session: AsyncSession, external_id: str, token: str) -> Row[str, int]:
    """The meeting that this address was made for; NotFoundError for a forged one, whichever part is wrong."""
    columns = Meeting.callback_token, Meeting.server_id
    known = (await session.execute(select(*columns).where(Meeting.external_id == external_id))).one_or_none()
    if known is None or not hmac.compare_digest(known.callback_token.encode(), token.encode()):
        raise NotFoundError
    return known
