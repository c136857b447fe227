"""The mails that wait and what became of their tries, addresses that were refused, and who wants no reminders."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class OutgoingMail(WithId, Base):
    """A mail on its way. It may hold a link that signs someone in: it is deleted once it is sent."""

    __tablename__ = "outgoing_mails"
    __table_args__ = (Index("ix_outgoing_mails_reader_id", "reader_id"),)

    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    # What is to be done once it is sent: a task with its arguments.
    then_task: Mapped[str | None]
    then_args: Mapped[dict[str, Any] | None]
    # Its folder of templates.
    mail: Mapped[str] = mapped_column(server_default="")
    # Of a reminder: whose it is, and where they say that they want no more.
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    unsubscribe: Mapped[str | None]
    reply_to: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=sql("0"))
    tried_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    # The job that tries it, so that two do not send it twice.
    job_id: Mapped[int | None]
    # Refused for good: it is not tried any more.
    ended_at: Mapped[datetime | None]
    # Why the last try failed: a word of ours, and what the server said.
    reason: Mapped[str | None]
    words: Mapped[str | None]


class Bounce(Base):
    """An address that a mail server refused for good, until it is changed or confirmed again."""

    __tablename__ = "mail_bounces"

    # In small letters: the same mailbox for every server that we know of.
    address: Mapped[str] = mapped_column(primary_key=True)
    bounced_at: Mapped[datetime]
    words: Mapped[str]


class Refusal(Base):
    """Somebody wants no reminders of a kind."""

    __tablename__ = "mail_refusals"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    refused_at: Mapped[datetime]
