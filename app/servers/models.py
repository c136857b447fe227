"""The BBB servers that meetings are made on."""

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class Server(WithId, Base):
    """One BigBlueButton. Its shared secret stays in the settings; here is what the rounds learn of it."""

    __tablename__ = "servers"

    url: Mapped[str] = mapped_column(unique=True)
    # Another address of that server, as an operator has said (`rename-server`): nothing new is on this row.
    same_as: Mapped[int | None] = mapped_column(ForeignKey("servers.id"))
    last_answer_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]  # set: what is on it is unknown, neither ended nor gone
    failure: Mapped[str | None]
    # How many meetings of its last list could not be read, and recordings of the last answer with such, and when.
    unread_meetings: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    unread_recordings: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    unread_recordings_at: Mapped[datetime | None]
