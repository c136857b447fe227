"""Tasks, expressions of interest, imports, the ledger and the grants from it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=True),
        sa.Column("suggested_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.String(), server_default="", nullable=False),
        sa.Column("answer", sa.String(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["suggested_by"], ["users.id"], name="fk_tasks_suggested_by", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name="fk_tasks_taken_by", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name="fk_tasks_tier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_state", "tasks", ["state", sa.literal_column("id DESC")], unique=False)
    op.create_index("ix_tasks_suggested_by", "tasks", ["suggested_by"], unique=False)
    op.create_index("ix_tasks_taken_by", "tasks", ["taken_by"], unique=False)
    op.create_index("ix_tasks_tier_id", "tasks", ["tier_id"], unique=False)
    op.create_table(
        "interests",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("as_producer", sa.Boolean(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("contact_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("needs", sa.String(), nullable=False),
        sa.Column("meetings_per_month", sa.BigInteger(), nullable=True),
        sa.Column("usual_people", sa.BigInteger(), nullable=True),
        sa.Column("largest_people", sa.BigInteger(), nullable=True),
        sa.Column("hosts", sa.BigInteger(), nullable=True),
        sa.Column("offers_people", sa.String(), nullable=False),
        sa.Column("offers_hours", sa.BigInteger(), nullable=True),
        sa.Column("offers_servers", sa.String(), nullable=False),
        sa.Column("offers_other", sa.String(), nullable=False),
        sa.Column("offers_cents", sa.BigInteger(), nullable=True),
        sa.Column("custodian_id", sa.BigInteger(), nullable=True),
        sa.Column("comments", sa.String(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["organisations.id"], name="fk_interests_custodian_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_interests_organisation_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_interests"),
        sa.UniqueConstraint("token_hash", name="uq_interests_token_hash"),
    )
    op.create_index("ix_interests_custodian_id", "interests", ["custodian_id"], unique=False)
    op.create_index("ix_interests_organisation_id", "interests", ["organisation_id"], unique=False)
    op.create_index("ix_interests_state", "interests", ["state", sa.literal_column("id DESC")], unique=False)
    op.create_table(
        "interest_remarks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("interest_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interest_id"], ["interests.id"], name="fk_interest_remarks_interest_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_interest_remarks"),
    )
    op.create_index("ix_interest_remarks_interest_id", "interest_remarks", ["interest_id"], unique=False)
    op.create_table(
        "import_files",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("mapping", JSONB(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_by", sa.String(), nullable=True),
        sa.Column("known", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_files"),
        sa.UniqueConstraint("digest", name="uq_import_files_digest"),
    )
    op.create_table(
        "import_lines",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("rate", sa.Numeric(18, 8), nullable=True),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_email", sa.String(), nullable=False),
        sa.Column("payer_key", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("matched_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["import_files.id"], name="fk_import_lines_file_id"),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_import_lines_holder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_lines"),
        sa.UniqueConstraint("key", name="uq_import_lines_key"),
    )
    op.create_index("ix_import_lines_file_id_number", "import_lines", ["file_id", "number"], unique=False)
    op.create_index(
        "ix_import_lines_payer_key",
        "import_lines",
        ["payer_key"],
        unique=False,
        postgresql_where=sa.text("matched_by = 'hand'"),
    )
    op.create_index("ix_import_lines_holder_id", "import_lines", ["holder_id"], unique=False)
    op.create_index(
        "ix_import_lines_unmatched",
        "import_lines",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'unmatched'"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("counts_as", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("contributor_id", sa.BigInteger(), nullable=False),
        sa.Column("custodian_id", sa.BigInteger(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), server_default="EUR", nullable=False),
        sa.Column("currency_cents", sa.BigInteger(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=18, scale=8), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("evidence", sa.String(), server_default="", nullable=False),
        sa.Column("confirms_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("import_line_id", sa.BigInteger(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (reverses_id IS NOT NULL)", name="ck_ledger_entries_corrections_reverse"
        ),
        sa.CheckConstraint(
            "counts_as IN ('pledge', 'confirmation') AND kind IN ('correction', counts_as)",
            name="ck_ledger_entries_counts_as_what_it_is",
        ),
        sa.CheckConstraint("cents <> 0", name="ck_ledger_entries_says_something"),
        sa.CheckConstraint(
            "(kind = 'correction') = (cents < 0)", name="ck_ledger_entries_only_corrections_take_away"
        ),
        sa.ForeignKeyConstraint(["confirms_id"], ["ledger_entries.id"], name="fk_ledger_entries_confirms_id"),
        sa.ForeignKeyConstraint(["contributor_id"], ["holders.id"], name="fk_ledger_entries_contributor_id"),
        sa.ForeignKeyConstraint(["custodian_id"], ["holders.id"], name="fk_ledger_entries_custodian_id"),
        sa.ForeignKeyConstraint(
            ["import_line_id"], ["import_lines.id"], name="fk_ledger_entries_import_line_id"
        ),
        sa.ForeignKeyConstraint(["reverses_id"], ["ledger_entries.id"], name="fk_ledger_entries_reverses_id"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_ledger_entries_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entries"),
        sa.UniqueConstraint("import_line_id", name="uq_ledger_entries_import_line_id"),
        sa.UniqueConstraint("once", name="uq_ledger_entries_once"),
        sa.UniqueConstraint("reverses_id", name="uq_ledger_entries_reverses_id"),
    )
    op.create_index("ix_ledger_entries_booked_on", "ledger_entries", ["booked_on", "id"], unique=False)
    op.create_index("ix_ledger_entries_confirms_id", "ledger_entries", ["confirms_id"], unique=False)
    op.create_index(
        "ix_ledger_entries_contributor_id_booked_on",
        "ledger_entries",
        ["contributor_id", "booked_on"],
        unique=False,
    )
    op.create_index(
        "ix_ledger_entries_custodian_id_booked_on",
        "ledger_entries",
        ["custodian_id", "booked_on"],
        unique=False,
    )
    op.create_index("ix_ledger_entries_task_id", "ledger_entries", ["task_id"], unique=False)
    op.create_table(
        "grant_rules",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("within_days", sa.BigInteger(), server_default="365", nullable=False),
        sa.Column("whats", JSONB(), nullable=True),
        sa.Column("first_year_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("needs_commitment", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("days", sa.BigInteger(), server_default="365", nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name="fk_grant_rules_tier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_grant_rules"),
    )
    op.create_index("ix_grant_rules_tier_id", "grant_rules", ["tier_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=True),
        sa.Column("settles", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_grants_holder_id"),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name="fk_grants_membership_id"),
        sa.ForeignKeyConstraint(["rule_id"], ["grant_rules.id"], name="fk_grants_rule_id"),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name="fk_grants_tier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    op.create_index("ix_grants_holder_id", "grants", ["holder_id"], unique=False)
    op.create_index("ix_grants_membership_id", "grants", ["membership_id"], unique=False)
    op.create_index("ix_grants_rule_id", "grants", ["rule_id"], unique=False)
    op.create_index("ix_grants_tier_id", "grants", ["tier_id"], unique=False)
    op.create_index(
        "uq_grants_proposed",
        "grants",
        ["holder_id", "rule_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "grant_entries",
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name="fk_grant_entries_entry_id"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_grant_entries_grant_id"),
        sa.PrimaryKeyConstraint("grant_id", "entry_id", name="pk_grant_entries"),
    )
    op.create_index("ix_grant_entries_entry_id", "grant_entries", ["entry_id"], unique=False)
    op.create_index(
        "uq_grant_entries_earned",
        "grant_entries",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("earned"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("grant_entries")
    op.drop_table("grants")
    op.drop_table("grant_rules")
    op.drop_table("ledger_entries")
    op.drop_table("import_lines")
    op.drop_table("import_files")
    op.drop_table("interest_remarks")
    op.drop_table("interests")
    op.drop_table("tasks")
