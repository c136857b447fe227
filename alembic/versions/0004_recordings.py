"""Recordings with their bytes, how long they are kept, and each holder's total."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("holders", sa.Column("stored_bytes", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("holders", sa.Column("storage_warned", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("holders", sa.Column("over_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("recordings_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outgoing_mails", sa.Column("then_task", sa.String(), nullable=True))
    op.add_column("outgoing_mails", sa.Column("then_args", JSONB(), nullable=True))
    op.add_column(
        "policy", sa.Column("recording_removal", sa.String(), server_default="unpublish", nullable=False)
    )
    op.add_column(
        "policy", sa.Column("retention_grace_days", sa.BigInteger(), server_default="90", nullable=False)
    )
    op.add_column(
        "rooms", sa.Column("recording_visibility", sa.String(), server_default="hosts", nullable=False)
    )
    op.add_column("rooms", sa.Column("recording_days", sa.BigInteger(), nullable=True))
    op.add_column("tiers", sa.Column("recording_days", sa.BigInteger(), nullable=True))
    op.create_table(
        "recordings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("host_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted", sa.String(), nullable=True),
        sa.Column("keep_days", sa.BigInteger(), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_recordings_holder_id"),
        sa.ForeignKeyConstraint(["host_id"], ["users.id"], name="fk_recordings_host_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_recordings_meeting_id"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_recordings_room_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_recordings_server_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("key", name="uq_recordings_key"),
        sa.UniqueConstraint("record_id", name="uq_recordings_record_id"),
    )
    op.create_index("ix_recordings_check_at", "recordings", ["check_at"], unique=False)
    op.create_index(
        "ix_recordings_holder_id_recorded_at",
        "recordings",
        ["holder_id", sa.literal_column("recorded_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_recordings_host_id", "recordings", ["host_id"], unique=False)
    op.create_index(
        "ix_recordings_kept_until",
        "recordings",
        ["kept_until"],
        unique=False,
        postgresql_where=sa.text("kept_until IS NOT NULL"),
    )
    op.create_index("ix_recordings_meeting_id", "recordings", ["meeting_id"], unique=False)
    op.create_index("ix_recordings_room_id", "recordings", ["room_id"], unique=False)
    op.create_index(
        "ix_recordings_trashed_at",
        "recordings",
        ["trashed_at"],
        unique=False,
        postgresql_where=sa.text("trashed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_recordings_wanted",
        "recordings",
        ["id"],
        unique=False,
        postgresql_where=sa.text("wanted IS NOT NULL"),
    )
    op.create_table(
        "recording_formats",
        sa.Column("recording_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_formats_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "type", name="pk_recording_formats"),
    )
    op.create_index(
        "ix_meetings_recordings_due_at",
        "meetings",
        ["recordings_due_at"],
        unique=False,
        postgresql_where=sa.text("recordings_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_meetings_reserving_holder_id",
        "meetings",
        ["holder_id"],
        unique=False,
        postgresql_where=sa.text("reserved_bytes > 0"),
    )
    # A job of the version before, which asked for the sizes: the round does that now.
    op.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'meetings:measure' AND status = 'todo'")
    # Recordings of meetings that were charged by estimate so far are asked for at once.
    op.execute(
        "UPDATE meetings SET recordings_due_at = now() WHERE recorded AND state = 'ended' AND reserved_bytes > 0"
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_meetings_reserving_holder_id", table_name="meetings")
    op.drop_index("ix_meetings_recordings_due_at", table_name="meetings")
    op.drop_table("recording_formats")
    op.drop_table("recordings")
    op.drop_column("tiers", "recording_days")
    op.drop_column("rooms", "recording_days")
    op.drop_column("rooms", "recording_visibility")
    op.drop_column("policy", "retention_grace_days")
    op.drop_column("policy", "recording_removal")
    op.drop_column("outgoing_mails", "then_args")
    op.drop_column("outgoing_mails", "then_task")
    op.drop_column("meetings", "recordings_due_at")
    op.drop_column("holders", "over_since")
    op.drop_column("holders", "storage_warned")
    op.drop_column("holders", "stored_bytes")
