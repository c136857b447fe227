"""Tiers that are priced, versioned and retired; memberships that are renewed, awarded, suspended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "site_texts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "language", name="pk_site_texts"),
    )
    op.create_table(
        "tier_versions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("said", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name="fk_tier_versions_tier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tier_versions"),
        sa.UniqueConstraint("tier_id", "version", name="uq_tier_versions_tier_id_version"),
    )
    op.create_table(
        "membership_reminders",
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name="fk_membership_reminders_membership_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("membership_id", "step", name="pk_membership_reminders"),
    )
    op.add_column("memberships", sa.Column("renews_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "memberships", sa.Column("awarded", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("memberships", sa.Column("cents", sa.BigInteger(), nullable=True))
    op.add_column("memberships", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("suspension_reason", sa.String(), nullable=True))
    op.add_column("memberships", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_memberships_ends_at", "memberships", ["ends_at"])
    op.create_table(
        "membership_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name="fk_membership_changes_holder_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name="fk_membership_changes_membership_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_membership_changes"),
    )
    op.create_index("ix_membership_changes_holder_id_id", "membership_changes", ["holder_id", "id"])
    op.create_index("ix_membership_changes_membership_id", "membership_changes", ["membership_id"])
    op.add_column("tiers", sa.Column("description", sa.String(), server_default="", nullable=False))
    op.add_column("tiers", sa.Column("yearly_cents", JSONB(), server_default="[]", nullable=False))
    op.add_column("tiers", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tiers", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("tiers", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("policy", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("policy", sa.Column("hour_cents", sa.BigInteger(), server_default="2500", nullable=False))
    # What the tiers said when versions began to be kept: nobody knows who wrote it.
    op.execute("""
        INSERT INTO tier_versions (tier_id, version, at, by, said)
        SELECT id, 1, now(), '', to_jsonb(tiers) - '{id,key,kind,position,version,changed_at}'::text[]
        FROM tiers
    """)
    op.create_index("ix_memberships_renews_id", "memberships", ["renews_id"], unique=False)
    op.create_foreign_key("fk_memberships_renews_id", "memberships", "memberships", ["renews_id"], ["id"])


def downgrade() -> None:
    """Go back."""
    op.drop_constraint("fk_memberships_renews_id", "memberships", type_="foreignkey")
    op.drop_index("ix_memberships_renews_id", table_name="memberships")
    op.drop_column("policy", "hour_cents")
    op.drop_column("policy", "version")
    op.drop_column("tiers", "changed_at")
    op.drop_column("tiers", "version")
    op.drop_column("tiers", "retired_at")
    op.drop_column("tiers", "yearly_cents")
    op.drop_column("tiers", "description")
    op.drop_table("membership_changes")
    op.drop_index("ix_memberships_ends_at", table_name="memberships")
    op.drop_column("memberships", "withdrawn_at")
    op.drop_column("memberships", "suspension_reason")
    op.drop_column("memberships", "suspended_at")
    op.drop_column("memberships", "cents")
    op.drop_column("memberships", "awarded")
    op.drop_column("memberships", "renews_id")
    op.drop_table("membership_reminders")
    op.drop_table("tier_versions")
    op.drop_table("site_texts")
