"""The zone in which the service counts its months."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("policy", sa.Column("time_zone", sa.String(), server_default="UTC", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("policy", "time_zone")
