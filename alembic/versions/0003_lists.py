"""Indexes for the operator's lists: rooms by use, meetings of a holder, meetings of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index(
        "ix_rooms_last_used_at",
        "rooms",
        [sa.literal_column("last_used_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_meetings_holder_id_id", "meetings", ["holder_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index("ix_meetings_reserved_at", "meetings", ["reserved_at"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_meetings_reserved_at", table_name="meetings")
    op.drop_index("ix_meetings_holder_id_id", table_name="meetings")
    op.drop_index("ix_rooms_last_used_at", table_name="rooms")
