"""A room's page finds the recordings that are listed on it, or that there are none, in one step."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index(
        "ix_recordings_public",
        "recordings",
        ["room_id", sa.literal_column("recorded_at DESC")],
        unique=False,
        postgresql_where=sa.text("visibility = 'public'"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_recordings_public", table_name="recordings")
