"""Tiers, holders, memberships, and the numbers that are data."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
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
    # Bytes of its recordings, kept as they change: a decision reads this one row, however many they are.
    stored_bytes: Mapped[int] = mapped_column(server_default="0", default=0)
    storage_warned: Mapped[int] = mapped_column(
        server_default="0", default=0
    )  # percent last warned of; 0: none
    over_since: Mapped[datetime | None]  # since when more is stored than the limit has


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
    recording_days: Mapped[int | None]  # how long a recording is kept at most
    description: Mapped[str] = mapped_column(server_default="", default="")  # what members read of it
    # Price in cents of the first year, the second ...; the last one holds on; empty: it has none.
    yearly_cents: Mapped[list[int]] = mapped_column(JSONB, server_default="[]", default=list)
    retired_at: Mapped[datetime | None]  # nobody is put on it any more; who is on it stays
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    # When its limits were changed last: meetings that run since before have other terms. Empty: never.
    changed_at: Mapped[datetime | None]


class TierVersion(WithId, Base):
    """What a tier said from one change to the next: who changed it and when."""

    __tablename__ = "tier_versions"
    __table_args__ = (UniqueConstraint("tier_id", "version"),)

    tier_id: Mapped[int] = mapped_column(ForeignKey("tiers.id"))
    version: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]  # the operator's name at that time; empty: it came with the installation
    said: Mapped[dict[str, Any]]  # every value that the tier had from then on


class Membership(WithId, Base):
    """One holder on one tier from a moment to a moment; no end is until further notice."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_it_starts"),
        Index("ix_memberships_holder_id_starts_at", "holder_id", "starts_at"),
        Index("ix_memberships_ends_at", "ends_at"),  # whose end is near
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id", ondelete="CASCADE"))
    tier_id: Mapped[int] = mapped_column(ForeignKey("tiers.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str]
    granted_by: Mapped[str]  # the operator's name at that time, or what granted it
    seats: Mapped[int | None]  # hosts that an organisation may have; empty is unlimited
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    awarded: Mapped[bool] = mapped_column(server_default=text("false"), default=False)  # given, not paid for
    cents: Mapped[int | None]  # the price agreed for this period
    suspended_at: Mapped[datetime | None]  # grants nothing from then on
    suspension_reason: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]  # taken back before it began: it never holds


class MembershipAct(StrEnum):
    """What was done to a membership."""

    GIVEN = "given"
    RENEWED = "renewed"
    REPLACED = "replaced"
    ENDED = "ended"
    SUSPENDED = "suspended"
    LIFTED = "lifted"
    WITHDRAWN = "withdrawn"


class MembershipChange(WithId, Base):
    """One thing that was done to a membership: who did it, when and why; only ever added."""

    __tablename__ = "membership_changes"
    # The newest of a holder is the version of all its memberships.
    __table_args__ = (Index("ix_membership_changes_holder_id_id", "holder_id", "id"),)

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id", ondelete="CASCADE"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]  # the operator's name at that time, or what did it
    act: Mapped[str]  # MembershipAct
    reason: Mapped[str]


class MembershipReminder(Base):
    """A reminder of a membership's end that was sent: each step once."""

    __tablename__ = "membership_reminders"

    membership_id: Mapped[int] = mapped_column(
        ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class LimitOverride(WithId, Base):
    """One limit of one holder, set by an operator over the tier's; never changed, only withdrawn."""

    __tablename__ = "limit_overrides"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_it_starts"),
        Index("ix_limit_overrides_holder_id", "holder_id", "id"),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id", ondelete="CASCADE"))
    limit_name: Mapped[str]  # LimitName
    value: Mapped[int | None]  # in the limit's own unit; empty is unlimited
    reason: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    made_by: Mapped[str]  # the operator's name at that time
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class LoggedDecision(WithId, Base):
    """What was granted or refused to a holder, kept 30 days; no names of guests."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_holder_id_id", "holder_id", text("id DESC")),
        Index("ix_decisions_at", "at"),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id", ondelete="CASCADE"))
    at: Mapped[datetime]  # of the last time, when it was decided again and again
    times: Mapped[int] = mapped_column(server_default="1", default=1)
    question: Mapped[str]  # Question: what was asked for
    subject: Mapped[str]  # which room or organisation, by its name at that time
    granted: Mapped[bool]
    reason: Mapped[str | None]  # Reason, of a refusal
    limit_value: Mapped[int | None]
    used: Mapped[int | None]
    asked: Mapped[int | None]
    terms: Mapped[dict[str, Any] | None]  # of a grant


class Removal(StrEnum):
    """What becomes of a recording whose time is over."""

    UNPUBLISH = "unpublish"
    DELETE = "delete"


class PolicyRow(Base):
    """The numbers of DOMAIN.md that hold for everyone; one row, which an operator can change."""

    __tablename__ = "policy"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sitting_gap_minutes: Mapped[int]
    large_session_above: Mapped[int]
    recording_bytes_per_hour: Mapped[int]
    grace_days: Mapped[int]
    recording_removal: Mapped[str] = mapped_column(server_default="unpublish", default="unpublish")  # Removal
    retention_grace_days: Mapped[int] = mapped_column(server_default="90", default=90)
    hour_cents: Mapped[int] = mapped_column(
        server_default="2500", default=2500
    )  # what an hour of work is worth
    time_zone: Mapped[str] = mapped_column(server_default="UTC", default="UTC")  # months are counted in it
    version: Mapped[int] = mapped_column(server_default="1", default=1)
