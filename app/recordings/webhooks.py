"""What bbb-webhooks tells (BBB_API.md 4.4), and keeping its hook: a server may have none of it."""

import hmac
from collections.abc import Collection, Iterable

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.db import Databased
from app.meetings.ending import mark_ended
from app.meetings.models import Meeting
from app.recordings.models import Recording
from app.servers.pool import BBB, BBBServers, Servers
from app.settings import Settings
from app.skew import must_be_right
from app.web.pages import address_of
from bbb_client.callbacks import check_webhook
from bbb_client.errors import BBBError, Forged, Malformed
from bbb_client.requests import CreateHook
from bbb_client.webhook_events import WebhookEvent, webhook_delivery

router = APIRouter()
log = structlog.get_logger()

PATH = "/callbacks/webhooks"
ENDED = "meeting-ended"
# After each of these BBB has something new to say of a recording; the steps between are its own business.
HEEDED = ("rap-archive-ended", "rap-publish-ended", "rap-published", "rap-unpublished", "rap-deleted")


@router.post(PATH, name="recordings.webhooks", response_class=Response)
async def delivered(request: Request, database: Databased, servers: BBBServers) -> Response:
    """Events of the whole server; those of others' meetings are none of our business.

    A server speaks for what is on it only. Events say that something is new. What it is, BBB is asked: so order,
    doubles and losses change nothing.
    """
    body = await request.body()
    try:
        senders = _senders(request, body, await servers.all(database))
        delivery = webhook_delivery(body)
    except Forged:
        return Response(status_code=401)
    except Malformed:
        return Response(status_code=400)
    for event in delivery.events:
        # One at a time: an event locks a meeting or a recording, and two in another order would wait for each other.
        async with database.transaction() as session:
            await _heed(session, event, senders)
    return Response(status_code=200)


def _senders(request: Request, body: bytes, servers: Iterable[BBB]) -> list[int]:
    """The rows of the servers whose secret this was sent with. Raises Forged if there is none."""
    senders = [number for bbb in servers if _is_from(bbb, request, body) for number in bbb.ids]
    if not senders:
        raise Forged("no server of ours has sent this")
    return senders


def _is_from(bbb: BBB, request: Request, body: bytes) -> bool:
    """By the checksum; or, from servers that are set so, by the secret itself in the header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), bbb.secret.encode()):
        return True
    address = address_of(request, "recordings.webhooks")
    try:
        check_webhook(address, body, request.query_params.get("checksum", ""), bbb.secret)
    except Forged:
        return False
    return True


async def _heed(session: AsyncSession, event: WebhookEvent, senders: Collection[int]) -> None:
    if event.id not in {ENDED, *HEEDED}:
        return
    external_id = await _ours(session, event, senders)
    if external_id is None:
        return
    if event.id == ENDED:
        must_be_right()  # it is sent again, and then perhaps to another process
        if await mark_ended(session, external_id, at=clock.now()):
            log.info("meeting.ended.webhook", meeting=external_id)
        return
    if event.record_id:
        known = update(Recording).where(
            Recording.record_id == event.record_id, Recording.server_id.in_(senders)
        )
        await session.execute(known.values(check_at=clock.now()))
    await jobs.defer(session, "recordings:ask", external_id=external_id)


async def _ours(session: AsyncSession, event: WebhookEvent, senders: Collection[int]) -> str | None:
    """The meeting on the sender that an event is about; who has not seen it begin knows its recording only."""
    if event.meeting_id:
        named = select(Meeting.external_id).where(Meeting.external_id == event.meeting_id)
        return await session.scalar(named.where(Meeting.server_id.in_(senders)))
    recorded = (
        select(Meeting.external_id)
        .join(Recording, Recording.meeting_id == Meeting.id)
        .where(Recording.record_id == event.record_id, Recording.server_id.in_(senders))
    )
    return await session.scalar(recorded)


async def keep_hook(settings: Settings, servers: Servers) -> bool:
    """Register the hook, which a server forgets after failed deliveries; False: no server has web-hooks."""
    hook = CreateHook(callback_url=settings.public_url + PATH, event_ids=(ENDED, *HEEDED))
    return any([await _keep(bbb, hook) for bbb in servers.set_up])


async def _keep(bbb: BBB, hook: CreateHook) -> bool:
    try:
        await bbb.client.create_hook(hook)
    except BBBError as error:
        if bbb.has_webhooks is not False:
            log.info("webhooks.none", server=bbb.id, why=str(error))
        bbb.has_webhooks = False
        return False
    bbb.has_webhooks = True
    return True
