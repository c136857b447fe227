"""What the web layer keeps in PostgreSQL, so that it holds across processes."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class RateCount(Base):
    """How often something was tried in a window of time. The key is a keyed hash, never an address."""

    __tablename__ = "rate_counts"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KeptForm(Base):
    """What somebody typed when their session had ended, until they have signed in again: the newest of a browser.

    The key is a keyed hash of the browser's number, which is also a part of the key that the text is sealed with.
    """

    __tablename__ = "kept_forms"

    key: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SiteText(Base):
    """A text of the operator's own on a public page, in one language."""

    __tablename__ = "site_texts"

    key: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]  # the operator's name at that time
