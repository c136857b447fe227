"""Tiers, holders, memberships, and the numbers that are data."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class HolderKind(StrEnum):
    """Who can hold limits."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Holder(WithId, Base):
    """Whoever limits are granted to and charged: the row that is locked before a limit is spent."""

    __tablename__ = "holders"

    kind: Mapped[str]  # HolderKind
    name: Mapped[str]
    created_at: Mapped[datetime]


class Tier(WithId, Base):
    """What a membership grants, per host where DOMAIN.md says per host; empty is unlimited."""

    __tablename__ = "tiers"

    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]  # HolderKind: whom it is for
    how_to_get: Mapped[str]
    position: Mapped[int]
    meeting_minutes: Mapped[int | None]
    group_size: Mapped[int | None]
    rooms_per_host: Mapped[int | None]
    at_once_per_host: Mapped[int | None]
    storage_first_host: Mapped[int | None]  # bytes; 0: recording is off
    storage_further_host: Mapped[int | None]  # bytes
    large_sessions_per_month: Mapped[int | None]  # 0: none
    large_session_people: Mapped[int | None]


class Membership(WithId, Base):
    """One holder on one tier from a moment to a moment; no end is until further notice."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_it_starts"),
        Index("ix_memberships_holder_id_starts_at", "holder_id", "starts_at"),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id", ondelete="CASCADE"))
    tier_id: Mapped[int] = mapped_column(ForeignKey("tiers.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str]
    granted_by: Mapped[str]  # the operator's name at that time, or what granted it


class PolicyRow(Base):
    """The numbers of DOMAIN.md that hold for everyone; one row, which an operator can change."""

    __tablename__ = "policy"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sitting_gap_minutes: Mapped[int]
    large_session_above: Mapped[int]
    recording_bytes_per_hour: Mapped[int]
    grace_days: Mapped[int]
