"""Places of a network, sittings that a new room goes on with, codes that are guessed, rooms that operators close."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("attendances", sa.Column("network", sa.String()))
    op.add_column("rooms", sa.Column("inherited_sitting", sa.String()))
    op.add_column("rooms", sa.Column("code_guessed_at", sa.DateTime(timezone=True)))
    op.add_column("rooms", sa.Column("closed_at", sa.DateTime(timezone=True)))
    op.add_column("rooms", sa.Column("closed_reason", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    """Go back: rooms that were closed are open, rooms that were made anew have a whole budget again."""
    op.drop_column("rooms", "closed_reason")
    op.drop_column("rooms", "closed_at")
    op.drop_column("rooms", "code_guessed_at")
    op.drop_column("rooms", "inherited_sitting")
    op.drop_column("attendances", "network")
