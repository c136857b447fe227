"""The ledger and what feeds it: imports, and grants from it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WithId


class EntryKind(StrEnum):
    """What an entry says of a contribution."""

    PLEDGE = "pledge"
    CONFIRMATION = "confirmation"
    CORRECTION = "correction"


class What(StrEnum):
    """What was contributed."""

    MONEY = "money"
    HOURS = "hours"
    SERVER = "server"
    OTHER = "other"


class LedgerEntry(WithId, Base):
    """One line of the ledger, never changed or deleted: a trigger refuses it. A wrong one is reversed by another."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("cents <> 0", name="says_something"),
        CheckConstraint("(kind = 'correction') = (cents < 0)", name="only_corrections_take_away"),
        CheckConstraint("(kind = 'correction') = (reverses_id IS NOT NULL)", name="corrections_reverse"),
        CheckConstraint(
            "counts_as IN ('pledge', 'confirmation') AND kind IN ('correction', counts_as)",
            name="counts_as_what_it_is",
        ),
        # A holder's entries and their sum; the reports by day.
        Index("ix_ledger_entries_contributor_id_booked_on", "contributor_id", "booked_on"),
        Index("ix_ledger_entries_booked_on", "booked_on", "id"),
        Index("ix_ledger_entries_custodian_id_booked_on", "custodian_id", "booked_on"),
    )

    kind: Mapped[str]  # EntryKind
    # Pledge or confirmation; of a correction: of what it reverses. Sums over it are sums of what is true.
    counts_as: Mapped[str]
    what: Mapped[str]  # What
    booked_on: Mapped[
        date
    ]  # of a correction: the day of what it reverses, so that every quarter sums up right
    contributor_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    custodian_id: Mapped[int | None] = mapped_column(
        ForeignKey("holders.id")
    )  # who holds it; empty: the collective
    cents: Mapped[int]  # the agreed value in EUR; below zero in a correction
    minutes: Mapped[int | None]  # of work, for hours
    currency: Mapped[str] = mapped_column(server_default="EUR", default="EUR")
    currency_cents: Mapped[int | None]  # the amount in another currency, with the rate that was typed in
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))
    note: Mapped[str] = mapped_column(server_default="", default="")
    evidence: Mapped[str] = mapped_column(server_default="", default="")  # a link
    confirms_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    import_line_id: Mapped[int | None] = mapped_column(ForeignKey("import_lines.id"), unique=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"), index=True)
    once: Mapped[str | None] = mapped_column(unique=True)  # of the form: a double click records one entry
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]  # the bookkeeper's name at that time, or what recorded it


class GrantRule(WithId, Base):
    """Confirmed contributions of so much within so many days grant a tier."""

    __tablename__ = "grant_rules"

    tier_id: Mapped[int] = mapped_column(ForeignKey("tiers.id"), index=True)
    cents: Mapped[int]
    within_days: Mapped[int] = mapped_column(server_default="365", default=365)
    whats: Mapped[dict[str, Any] | None]  # {"only": [What ...]}; empty: any kind
    first_year_only: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    needs_commitment: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    automatic: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    days: Mapped[int] = mapped_column(server_default="365", default=365)  # that the membership lasts
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class GrantState(StrEnum):
    """How far a grant is."""

    PROPOSED = "proposed"
    GRANTED = "granted"
    DECLINED = "declined"
    FALLEN = "fallen"


class Grant(WithId, Base):
    """A membership that contributions have earned; it points at the entries that earned it."""

    __tablename__ = "grants"
    __table_args__ = (
        # One open proposal a holder and rule.
        Index(
            "uq_grants_proposed",
            "holder_id",
            "rule_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
        Index("ix_grants_holder_id", "holder_id"),
    )

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("grant_rules.id"), index=True)
    tier_id: Mapped[int] = mapped_column(ForeignKey("tiers.id"), index=True)
    state: Mapped[str]  # GrantState
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="", default="")
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    # It pays for a membership that an operator gave before; one that it made itself ends when it falls.
    settles: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    told_at: Mapped[datetime | None]  # when the mail about it was written


class GrantEntry(Base):
    """One of the entries that earned a grant. An entry earns one grant at most."""

    __tablename__ = "grant_entries"
    __table_args__ = (
        # An entry earns one grant: proposals may share what they stand on, grants may not.
        Index("uq_grant_entries_earned", "entry_id", unique=True, postgresql_where=text("earned")),
    )

    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True, index=True)
    earned: Mapped[bool] = mapped_column(server_default=text("false"), default=False)  # its grant is granted


class ImportFile(WithId, Base):
    """A file of donations or of a bank that was read in."""

    __tablename__ = "import_files"

    kind: Mapped[str]  # liberapay, csv, camt053
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)  # the same file twice changes nothing
    # Which column is what, how days and figures are written, the rates, who holds the money.
    mapping: Mapped[dict[str, Any] | None]
    content: Mapped[bytes | None] = mapped_column(
        deferred=True
    )  # until it is imported: the lines are kept then
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str]
    imported_at: Mapped[datetime | None]
    imported_by: Mapped[str | None]
    known: Mapped[int] = mapped_column(server_default="0", default=0)  # lines that another file had brought
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class LineState(StrEnum):
    """What became of a line."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    LEFT_OUT = "left_out"


class MatchedBy(StrEnum):
    """How it was found whose a payment is."""

    REFERENCE = "reference"
    MAIL = "mail"
    PAYER = "payer"
    HAND = "hand"


class LeftOut(StrEnum):
    """Why a payment is not recorded, where the file itself says so."""

    OUTGOING = "outgoing"
    REVERSED = "reversed"
    PENDING = "pending"
    RETURNED = "returned"
    GIVEN_BACK = "given_back"
    FEE = "fee"
    REPEATED = "repeated"
    FAILED = "failed"


class ImportLine(WithId, Base):
    """One payment of a file; unmatched ones are kept until somebody says whose they are."""

    __tablename__ = "import_lines"
    __table_args__ = (
        Index("ix_import_lines_unmatched", "id", postgresql_where=text("state = 'unmatched'")),
        Index("ix_import_lines_file_id_number", "file_id", "number"),
        Index("ix_import_lines_payer_key", "payer_key", postgresql_where=text("matched_by = 'hand'")),
    )

    file_id: Mapped[int] = mapped_column(ForeignKey("import_files.id"))
    number: Mapped[int]  # of the line or payment in its file, from 1
    key: Mapped[str] = mapped_column(unique=True)  # the platform's own number, or made of what it says
    booked_on: Mapped[date]
    cents: Mapped[int]
    currency: Mapped[str]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))  # EUR for one unit, as typed in
    payer_name: Mapped[str]
    payer_email: Mapped[str]
    payer_key: Mapped[str]  # the platform's number or the bank account: a match by hand is remembered by it
    reference: Mapped[str]
    state: Mapped[str]  # LineState
    reason: Mapped[str] = mapped_column(
        server_default="", default=""
    )  # why it is left out: LeftOut, or words
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("holders.id"), index=True)
    matched_by: Mapped[str | None]  # MatchedBy
