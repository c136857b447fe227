"""People with an account, the browsers they are signed in on, and their API tokens."""

from datetime import datetime

from sqlalchemy import ARRAY, JSON, ForeignKey, Index, Text, func, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class User(WithId, Base):
    """A person with an account. Participants have none."""

    __tablename__ = "users"

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), unique=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str]
    time_zone: Mapped[str]
    is_operator: Mapped[bool] = mapped_column(default=False)
    is_bookkeeper: Mapped[bool] = mapped_column(default=False)
    verified_at: Mapped[datetime | None]
    banned_at: Mapped[datetime | None]
    ban_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    # Raised whenever what opens the account changes: what was begun with an older one opens nothing.
    credentials_version: Mapped[int] = mapped_column(server_default="1", default=1)
    credentials_changed_at: Mapped[datetime | None]
    # When the link for a new password that is on its way was made; asked for again, it is the same link.
    reset_link_at: Mapped[datetime | None]


# For whom a person acts: the top bar of every page says so. By names of tables: their package stands further right.
VIEWER_ORGANISATIONS = """(
    SELECT json_agg(json_build_array(h.id, h.name, o.slug) ORDER BY h.name) FROM organisation_hosts oh
    JOIN organisations o ON o.id = oh.organisation_id JOIN holders h ON h.id = o.holder_id
    WHERE oh.user_id = users.id AND oh.suspended_at IS NULL
)"""

# What pages and access rules know of the person behind a cookie or a token: read with it in one statement.
VIEWER_COLUMNS = (
    User.id,
    User.holder_id,
    User.name,
    User.email,
    User.language,
    User.time_zone,
    User.is_operator,
    User.is_bookkeeper,
    User.verified_at,
    User.banned_at,
    User.ban_reason,
    literal_column(VIEWER_ORGANISATIONS, JSON).label("organisations"),
)

# One account an address, however it is written.
Index("uq_users_email", func.lower(User.email), unique=True)


class BrowserSession(WithId, Base):
    """A browser that someone is signed in on. The cookie's token is kept as a hash only."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    browser: Mapped[str]  # the browser and system in words, so that people know their sessions apart
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(WithId, Base):
    """A person's key to the API, kept as a hash only."""

    __tablename__ = "api_tokens"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    # What it may do, of `app.accounts.scopes`. Tokens from before there were scopes may do everything.
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{read,rooms,organisation}")
