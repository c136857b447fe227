"""Decisions kept for thirty days, overrides of single limits, seats, large sessions of a month."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "meetings", sa.Column("large_session", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("memberships", sa.Column("seats", sa.BigInteger(), nullable=True))
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("limit_value", sa.BigInteger(), nullable=True),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("terms", JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name="fk_decisions_holder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_at", "decisions", ["at"], unique=False)
    op.create_index(
        "ix_decisions_holder_id_id", "decisions", ["holder_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "limit_overrides",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("limit_name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name="ck_limit_overrides_ends_after_it_starts"
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name="fk_limit_overrides_holder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_limit_overrides"),
    )
    op.create_index("ix_limit_overrides_holder_id", "limit_overrides", ["holder_id", "id"], unique=False)
    op.create_index(
        "ix_meetings_large_holder_id_reserved_at",
        "meetings",
        ["holder_id", "reserved_at"],
        unique=False,
        postgresql_where=sa.text("large_session"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_meetings_large_holder_id_reserved_at", table_name="meetings")
    op.drop_table("limit_overrides")
    op.drop_table("decisions")
    op.drop_column("memberships", "seats")
    op.drop_column("meetings", "large_session")
