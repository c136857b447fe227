"""Mail: written in the transaction that causes it, sent by the worker, readable in the browser in demo mode."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app import clock, i18n, jobs
from app.db import Base, WithId
from app.settings import Settings
from app.templating import Templates

KEEP_UNSENT = timedelta(days=7)
KEEP_IN_DEMO = timedelta(days=30)

log = structlog.get_logger()
tasks = Blueprint()


class OutgoingMail(WithId, Base):
    """A mail on its way. It may hold a link that signs someone in: it is deleted once it is sent."""

    __tablename__ = "outgoing_mails"

    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    # What is to be done once it is sent: a task with its arguments.
    then_task: Mapped[str | None]
    then_args: Mapped[dict[str, Any] | None]


@dataclass(frozen=True)
class Then:
    """What the worker is to do once a mail was handed to the SMTP server: a task, with small arguments."""

    task: str
    args: dict[str, Any] = field(default_factory=dict)


class Mailer:
    """Writes mails from `templates/email/<name>/` in the reader's language."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def send(
        self,
        session: AsyncSession,
        to: str,
        mail: str,
        /,
        *,
        language: str,
        then: Then | None = None,
        **context: Any,
    ) -> None:
        """Queue `mail`, a folder of templates, to an address; it leaves only if this transaction is committed.

        `then` is done once it was sent, and never if it cannot be.
        """
        before = i18n.spoken()
        i18n.speak(language)
        try:
            subject, text, html = (
                self._templates.render(f"email/{mail}/{part}", language=language, **context)
                for part in ("subject.txt", "body.txt", "body.html")
            )
        finally:
            i18n.speak(before)
        written = OutgoingMail(
            to=to,
            subject=" ".join(subject.split()),
            text=text,
            html=html,
            created_at=clock.now(),
            then_task=then.task if then else None,
            then_args=then.args if then else None,
        )
        session.add(written)
        await session.flush()
        await jobs.defer(session, "mail:deliver", mail_id=written.id)


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
        _message(mail, around.settings.mail_from or f"{around.settings.site_name} <guildhall@localhost>"),
        **_smtp(around.settings),
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


def _message(mail: OutgoingMail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = formataddr(("", mail.to))
    # The library reads encoded words (RFC 2047) in what it is given, and some releases write the line ends in them as
    # they are: whoever chooses a name would choose headers, and another body. Apart, the two signs begin none.
    message["Subject"] = mail.subject.replace("=?", "= ?")
    # When it was written, not when this try is made (RFC 5322, 3.6.1): each try sends the same letter.
    message["Date"] = mail.created_at
    message["Message-ID"] = make_msgid(domain=sender.rstrip(">").rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _smtp(settings: Settings) -> dict[str, Any]:
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
