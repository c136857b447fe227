"""The BBB servers that meetings are made on."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class Server(WithId, Base):
    """One BigBlueButton. Its shared secret stays in the settings; here is what the rounds learn of it."""

    __tablename__ = "servers"

    url: Mapped[str] = mapped_column(unique=True)
    last_answer_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]  # set: its meetings are unknown, not ended
    failure: Mapped[str | None]
