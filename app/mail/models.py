"""The mails that wait, and what became of their tries."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


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
