"""Who wants to join, and who takes on a task."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class InterestState(StrEnum):
    """How far an expression of interest is."""

    NEW = "new"
    TALKING = "talking"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Interest(WithId, Base):
    """An organisation that wants to join says what it needs and what it offers."""

    __tablename__ = "interests"
    __table_args__ = (Index("ix_interests_state", "state", text("id DESC")),)

    token_hash: Mapped[bytes] = mapped_column(unique=True)  # of the link that its state is followed by
    state: Mapped[str]  # InterestState
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # when the mail address was confirmed
    name: Mapped[str]
    as_producer: Mapped[bool]
    website: Mapped[str]
    contact_name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    needs: Mapped[str]
    meetings_per_month: Mapped[int | None]
    usual_people: Mapped[int | None]
    largest_people: Mapped[int | None]
    hosts: Mapped[int | None]
    offers_people: Mapped[str]
    offers_hours: Mapped[int | None]  # a year
    offers_servers: Mapped[str]
    offers_other: Mapped[str]
    offers_cents: Mapped[int | None]  # EUR a year
    custodian_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    comments: Mapped[str]
    is_public: Mapped[bool]  # agreed to stand in the public table
    answer: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class InterestRemark(WithId, Base):
    """What operators say to each other about an expression of interest."""

    __tablename__ = "interest_remarks"

    interest_id: Mapped[int] = mapped_column(ForeignKey("interests.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    words: Mapped[str]


class TaskState(StrEnum):
    """How far a task is."""

    SUGGESTED = "suggested"
    OPEN = "open"
    TAKEN = "taken"
    HANDED_IN = "handed_in"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Task(WithId, Base):
    """Work that someone may take on, and what it is worth."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_state", "state", text("id DESC")),)

    state: Mapped[str]  # TaskState
    title: Mapped[str]
    description: Mapped[str]
    profile: Mapped[str]  # who is wanted
    minutes: Mapped[int]  # the reward, recorded in the ledger as hours
    tier_id: Mapped[int | None] = mapped_column(
        ForeignKey("tiers.id"), index=True
    )  # awarded when it is accepted
    suggested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    taken_at: Mapped[datetime | None]
    handed_in_at: Mapped[datetime | None]
    report: Mapped[str] = mapped_column(server_default="", default="")
    answer: Mapped[str] = mapped_column(server_default="", default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)
