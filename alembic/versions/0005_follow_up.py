"""What the rounds write down of running meetings: warnings, absence, attendance as figures."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("meetings", sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("told_minutes", sa.BigInteger(), nullable=True))
    op.add_column(
        "meetings", sa.Column("person_seconds", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("meetings", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "meetings", sa.Column("exact_figures", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "attendance_figures",
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_attendance_figures_meeting_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "minute", name="pk_attendance_figures"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("attendance_figures")
    op.drop_column("meetings", "exact_figures")
    op.drop_column("meetings", "counted_at")
    op.drop_column("meetings", "person_seconds")
    op.drop_column("meetings", "told_minutes")
    op.drop_column("meetings", "missing_since")
