"""Mails leave here: the worker hands them to the SMTP server, and forgets them."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.mail.message import message_of
from app.mail.models import OutgoingMail
from app.settings import Settings

KEEP_UNSENT = timedelta(days=7)
KEEP_IN_DEMO = timedelta(days=30)

log = structlog.get_logger()
tasks = Blueprint()


@tasks.task(
    name="deliver",
    pass_context=True,
    queue=jobs.QUEUE,
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
async def deliver(context: JobContext, mail_id: int) -> None:
    """Hand one mail to the SMTP server and forget it. In demo mode it stays, for the mailbox in the browser."""
    around = jobs.surroundings(context)
    if around.settings.demo and not around.settings.smtp_url.get_secret_value():
        async with around.database.transaction() as session:
            shown = await session.get(OutgoingMail, mail_id, with_for_update=True)
            if shown is not None:
                await _do_what_follows(session, shown)
        return
    async with around.database.transaction() as session:
        mail = await session.get(OutgoingMail, mail_id)
    if mail is None:
        return
    await aiosmtplib.send(
        message_of(mail, around.settings),
        sender=around.settings.sender.address,
        recipients=[mail.to],
        **smtp_options(around.settings),
    )
    log.info("mail.sent", mail=mail_id)
    async with around.database.transaction() as session:
        sent = await session.get(OutgoingMail, mail_id, with_for_update=True)
        if sent is not None:
            # With the mail goes what follows from it: a worker killed before this sends it once more at worst.
            await _do_what_follows(session, sent)
            await session.delete(sent)


async def _do_what_follows(session: AsyncSession, sent: OutgoingMail) -> None:
    """Let the worker do, once, what was to be done after this mail."""
    if sent.then_task is not None:
        await jobs.defer(session, sent.then_task, **(sent.then_args or {}))
        sent.then_task = sent.then_args = None


async def forget_old(session: AsyncSession, settings: Settings) -> None:
    """Delete mails that could not be sent in a week, and demo mails of last month."""
    keep = KEEP_IN_DEMO if settings.demo else KEEP_UNSENT
    await session.execute(delete(OutgoingMail).where(OutgoingMail.created_at < clock.now() - keep))


def smtp_options(settings: Settings) -> dict[str, Any]:
    """What aiosmtplib wants, from smtp://user:password@host:port (STARTTLS where offered) or smtps://."""
    parts = urlsplit(settings.smtp_url.get_secret_value() or "smtp://localhost:25")
    secure = parts.scheme == "smtps"
    return {
        "hostname": parts.hostname,
        "port": parts.port or (465 if secure else 587),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": secure,
        "timeout": 20,
    }
