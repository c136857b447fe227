"""A server may have several addresses, and its own queue of recordings; what cannot be read is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("servers", sa.Column("same_as", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_servers_same_as_servers"), "servers", "servers", ["same_as"], ["id"])
    for name in ("unread_meetings", "unread_recordings"):
        op.add_column(
            "servers", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    op.add_column("servers", sa.Column("unread_recordings_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("unknown_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "recordings",
        sa.Column("protected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    _queues("server_id")


def downgrade() -> None:
    """Go back."""
    _queues()
    op.drop_column("recordings", "protected")
    op.drop_column("meetings", "unknown_since")
    for name in ("unread_recordings_at", "unread_recordings", "unread_meetings", "same_as"):
        op.drop_column("servers", name)


def _queues(*scope: str) -> None:
    """The indexes of what is asked for next, for each server or for all together."""
    name = "_".join([*scope, ""])
    for other in {"server_id_", ""} - {name}:
        op.drop_index(f"ix_recordings_{other}check_at", table_name="recordings")
        op.drop_index(f"ix_meetings_{other}recordings_due_at", table_name="meetings")
    op.drop_index("ix_recordings_wanted", table_name="recordings")
    op.create_index(f"ix_recordings_{name}check_at", "recordings", [*scope, "check_at"])
    op.create_index(
        f"ix_meetings_{name}recordings_due_at",
        "meetings",
        [*scope, "recordings_due_at"],
        postgresql_where=sa.text("recordings_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_recordings_wanted", "recordings", [*scope, "id"], postgresql_where=sa.text("wanted IS NOT NULL")
    )
