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
    address: Mapped[str] = mapped_column(server_default="", default="")  # by post; on its receipts
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
    client_secret: Mapped[str]  # sealed with the site's key
    required: Mapped[bool] = mapped_column(default=False)  # people of its proven domains sign in no other way
    tried_at: Mapped[datetime | None]  # when an admin came back from it; empty again when it changes
    role_claim: Mapped[str] = mapped_column(default="")  # empty: roles are given here, not there
    admin_values: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    host_values: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    # HostRole.HOST, or empty: who has none of these values does not host.
    default_role: Mapped[str] = mapped_column(server_default="host", default="host")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    # What an operator says of this issuer: it names only addresses of its own directory, though it never says that
    # they are verified; and a name to sign in with is such an address, where it sends no other.
    names_own_addresses: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    name_is_address: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    vouched_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class SignInDomain(Base):
    """A domain of mail addresses that an organisation says is its own; counts once an operator has confirmed it."""

    __tablename__ = "sign_in_domains"
    __table_args__ = (
        # Anyone may claim a domain, one has it.
        Index(
            "uq_sign_in_domains_proven", "domain", unique=True, postgresql_where=text("proven_at IS NOT NULL")
        ),
    )

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("sign_in_providers.id", ondelete="CASCADE"), primary_key=True
    )
    domain: Mapped[str] = mapped_column(primary_key=True)  # in ASCII, small letters
    proven_at: Mapped[datetime | None]
    proven_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    proof: Mapped[str] = mapped_column(server_default="", default="")  # how the operator knows


class SignInAttempt(Base):
    """A browser that was sent to a provider and is expected back, once."""

    __tablename__ = "sign_in_attempts"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(
        ForeignKey("sign_in_providers.id", ondelete="CASCADE"), index=True
    )
    browser: Mapped[str]  # a hash of its number: nobody else's browser can come back with this state
    nonce: Mapped[str]
    verifier: Mapped[str]
    # The admin who only tries whether it works; empty: someone signs in.
    tried_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    onward: Mapped[str]  # a path of this site
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ExternalIdentity(Base):
    """Whom a provider means by one of its subjects."""

    __tablename__ = "external_identities"
    __table_args__ = (
        # An address that a provider gives to somebody else later does not open the account of who had it before.
        Index("uq_external_identities_person", "provider_id", "user_id", unique=True),
    )

    provider_id: Mapped[int] = mapped_column(
        ForeignKey("sign_in_providers.id", ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    linked_at: Mapped[datetime]
    # The moment of a suspension that followed from the claims: only that one is lifted when they come back.
    role_taken_at: Mapped[datetime | None]
