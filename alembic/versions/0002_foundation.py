"""People, holders, tiers, rooms, meetings: the tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "holders",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_holders"),
    )
    op.create_table(
        "outgoing_mails",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_mails"),
    )
    op.create_index("ix_outgoing_mails_created_at", "outgoing_mails", ["created_at"], unique=False)
    op.create_table(
        "policy",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sitting_gap_minutes", sa.BigInteger(), nullable=False),
        sa.Column("large_session_above", sa.BigInteger(), nullable=False),
        sa.Column("recording_bytes_per_hour", sa.BigInteger(), nullable=False),
        sa.Column("grace_days", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_policy_only_one"),
        sa.PrimaryKeyConstraint("id", name="pk_policy"),
    )
    op.create_table(
        "rate_counts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("window_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_starts_at", name="pk_rate_counts"),
    )
    op.create_index("ix_rate_counts_expires_at", "rate_counts", ["expires_at"], unique=False)
    op.create_table(
        "servers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("last_answer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.UniqueConstraint("url", name="uq_servers_url"),
    )
    op.create_table(
        "tiers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("how_to_get", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("meeting_minutes", sa.BigInteger(), nullable=True),
        sa.Column("group_size", sa.BigInteger(), nullable=True),
        sa.Column("rooms_per_host", sa.BigInteger(), nullable=True),
        sa.Column("at_once_per_host", sa.BigInteger(), nullable=True),
        sa.Column("storage_first_host", sa.BigInteger(), nullable=True),
        sa.Column("storage_further_host", sa.BigInteger(), nullable=True),
        sa.Column("large_sessions_per_month", sa.BigInteger(), nullable=True),
        sa.Column("large_session_people", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tiers"),
        sa.UniqueConstraint("key", name="uq_tiers_key"),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name="ck_memberships_ends_after_it_starts"
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name="fk_memberships_holder_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tier_id"], ["tiers.id"], name="fk_memberships_tier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
    )
    op.create_index(
        "ix_memberships_holder_id_starts_at", "memberships", ["holder_id", "starts_at"], unique=False
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_organisations_holder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("holder_id", name="uq_organisations_holder_id"),
        sa.UniqueConstraint("slug", name="uq_organisations_slug"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("is_bookkeeper", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("banned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ban_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_users_holder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("holder_id", name="uq_users_holder_id"),
    )
    op.create_index("uq_users_email", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], unique=False)
    op.create_table(
        "organisation_hosts",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_organisation_hosts_organisation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_organisation_hosts_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", name="pk_organisation_hosts"),
    )
    op.create_index("ix_organisation_hosts_user_id", "organisation_hosts", ["user_id"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("host_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("access_code", sa.String(), nullable=False),
        sa.Column("lobby", sa.Boolean(), nullable=False),
        sa.Column("who_may_start", sa.String(), nullable=False),
        sa.Column("record", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_rooms_holder_id"),
        sa.ForeignKeyConstraint(["host_id"], ["users.id"], name="fk_rooms_host_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rooms"),
        sa.UniqueConstraint("slug", name="uq_rooms_slug"),
    )
    op.create_index(
        "ix_rooms_holder_id_last_used_at",
        "rooms",
        ["holder_id", sa.literal_column("last_used_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_rooms_host_id", "rooms", ["host_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "meetings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("callback_token", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("create_time", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("end_asked", sa.String(), nullable=True),
        sa.Column("people_now", sa.BigInteger(), nullable=False),
        sa.Column("peak_people", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name="fk_meetings_holder_id"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_meetings_room_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name="fk_meetings_server_id"),
        sa.ForeignKeyConstraint(
            ["started_by"], ["users.id"], name="fk_meetings_started_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.UniqueConstraint("external_id", name="uq_meetings_external_id"),
    )
    op.create_index(
        "ix_meetings_room_id_reserved_at",
        "meetings",
        ["room_id", sa.literal_column("reserved_at DESC")],
        unique=False,
    )
    op.create_index("ix_meetings_sitting_id", "meetings", ["sitting_id"], unique=False)
    op.create_index(
        "ix_meetings_unfinished_holder_id",
        "meetings",
        ["holder_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.create_index(
        "ix_meetings_unfinished_server_id",
        "meetings",
        ["server_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.create_index(
        "uq_meetings_unfinished_room_id",
        "meetings",
        ["room_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.create_table(
        "room_addresses",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name="fk_room_addresses_holder_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_room_addresses_room_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("slug", name="pk_room_addresses"),
    )
    op.create_index("ix_room_addresses_holder_id", "room_addresses", ["holder_id"], unique=False)
    op.create_index("ix_room_addresses_room_id", "room_addresses", ["room_id"], unique=False)
    op.create_table(
        "attendances",
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_host", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_attendances_meeting_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "participant", name="pk_attendances"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_consents_meeting_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_meeting_id", "consents", ["meeting_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_consents_meeting_id", table_name="consents")
    op.drop_table("consents")
    op.drop_table("attendances")
    op.drop_index("ix_room_addresses_room_id", table_name="room_addresses")
    op.drop_index("ix_room_addresses_holder_id", table_name="room_addresses")
    op.drop_table("room_addresses")
    op.drop_index(
        "uq_meetings_unfinished_room_id",
        table_name="meetings",
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.drop_index(
        "ix_meetings_unfinished_server_id",
        table_name="meetings",
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.drop_index(
        "ix_meetings_unfinished_holder_id",
        table_name="meetings",
        postgresql_where=sa.text("state IN ('starting', 'running')"),
    )
    op.drop_index("ix_meetings_sitting_id", table_name="meetings")
    op.drop_index("ix_meetings_room_id_reserved_at", table_name="meetings")
    op.drop_table("meetings")
    op.drop_index("ix_sessions_user_id", table_name="sessions")
    op.drop_index("ix_sessions_expires_at", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_rooms_host_id", table_name="rooms")
    op.drop_index("ix_rooms_holder_id_last_used_at", table_name="rooms")
    op.drop_table("rooms")
    op.drop_index("ix_organisation_hosts_user_id", table_name="organisation_hosts")
    op.drop_table("organisation_hosts")
    op.drop_index("ix_api_tokens_user_id", table_name="api_tokens")
    op.drop_table("api_tokens")
    op.drop_index("uq_users_email", table_name="users")
    op.drop_table("users")
    op.drop_table("organisations")
    op.drop_index("ix_memberships_holder_id_starts_at", table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("tiers")
    op.drop_table("servers")
    op.drop_index("ix_rate_counts_expires_at", table_name="rate_counts")
    op.drop_table("rate_counts")
    op.drop_table("policy")
    op.drop_index("ix_outgoing_mails_created_at", table_name="outgoing_mails")
    op.drop_table("outgoing_mails")
    op.drop_table("holders")
