"""Organisations and the hosts who act for them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class HostRole(StrEnum):
    """What a host may do for the organisation."""

    ADMIN = "admin"
    HOST = "host"


class Organisation(WithId, Base):
    """An organisation: its rooms, meetings and recordings are charged to its holder."""

    __tablename__ = "organisations"

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), unique=True)
    slug: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    about: Mapped[str] = mapped_column(server_default="", default="")
    website: Mapped[str] = mapped_column(server_default="", default="")
    contact: Mapped[str] = mapped_column(server_default="", default="")  # whom operators write to
    needs: Mapped[str] = mapped_column(server_default="", default="")  # in words and numbers
    accent: Mapped[str] = mapped_column(server_default="", default="")  # #rrggbb of its rooms' pages
    logo: Mapped[bytes | None] = mapped_column(deferred=True)  # a small picture, checked and drawn anew
    logo_key: Mapped[str | None]  # in its address: changes with the picture
    # The co-producer that takes custody of its payments.
    custodian_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class OrganisationHost(Base):
    """A person who hosts for an organisation."""

    __tablename__ = "organisation_hosts"

    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str]  # HostRole
    joined_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]  # may not act for it, keeps rooms and recordings
    storage_share: Mapped[int | None]  # bytes of the organisation's storage; empty: the tier's share
    # Bytes of the recordings made for it as host, kept as the holder's total is.
    stored_bytes: Mapped[int] = mapped_column(server_default="0", default=0)


class Invitation(WithId, Base):
    """Someone is asked by mail to host for an organisation."""

    __tablename__ = "invitations"
    __table_args__ = (
        # At most one open invitation an address.
        Index(
            "uq_invitations_open",
            "organisation_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]  # HostRole
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class SignInProvider(WithId, Base):
    """An organisation's own OpenID Connect provider, through which its people sign in."""

    __tablename__ = "sign_in_providers"

    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), unique=True
    )
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str]  # encrypted with the site's key
    domains: Mapped[list[str]] = mapped_column(JSONB)  # of mail addresses, each proven (see `proven_domains`)
    proven_domains: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    required: Mapped[bool] = mapped_column(default=False)  # people of these domains sign in no other way
    role_claim: Mapped[str] = mapped_column(default="")
    admin_values: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class ExternalIdentity(Base):
    """Whom a provider means by one of its subjects."""

    __tablename__ = "external_identities"

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("sign_in_providers.id", ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    linked_at: Mapped[datetime]
