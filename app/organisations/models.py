"""Organisations and the hosts who act for them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
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
