"""Organisations with a face, shares of storage, invitations, sign-in providers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("organisations", sa.Column("about", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("address", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("website", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("contact", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("needs", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("accent", sa.String(), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("logo", sa.LargeBinary(), nullable=True))
    op.add_column("organisations", sa.Column("logo_key", sa.String(), nullable=True))
    op.add_column("organisations", sa.Column("custodian_id", sa.BigInteger(), nullable=True))
    op.add_column("organisations", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.create_index("ix_organisations_custodian_id", "organisations", ["custodian_id"], unique=False)
    op.create_foreign_key(
        "fk_organisations_custodian_id",
        "organisations",
        "organisations",
        ["custodian_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.add_column("organisation_hosts", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organisation_hosts", sa.Column("storage_share", sa.BigInteger(), nullable=True))
    op.add_column(
        "organisation_hosts", sa.Column("stored_bytes", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["users.id"], name="fk_invitations_invited_by", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_invitations_organisation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )
    op.create_index("ix_invitations_invited_by", "invitations", ["invited_by"], unique=False)
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["organisation_id", sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "sign_in_providers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("client_secret", sa.String(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("role_claim", sa.String(), nullable=False),
        sa.Column("admin_values", JSONB(), server_default="[]", nullable=False),
        sa.Column("host_values", JSONB(), server_default="[]", nullable=False),
        sa.Column("default_role", sa.String(), server_default="host", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_sign_in_providers_organisation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_providers"),
        sa.UniqueConstraint("organisation_id", name="uq_sign_in_providers_organisation_id"),
    )
    op.create_table(
        "sign_in_domains",
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_by", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["sign_in_providers.id"],
            name="fk_sign_in_domains_provider_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proven_by"], ["users.id"], name="fk_sign_in_domains_proven_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("provider_id", "domain", name="pk_sign_in_domains"),
    )
    op.create_index("ix_sign_in_domains_proven_by", "sign_in_domains", ["proven_by"], unique=False)
    op.create_index(
        "uq_sign_in_domains_proven",
        "sign_in_domains",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("proven_at IS NOT NULL"),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("tried_by", sa.BigInteger(), nullable=True),
        sa.Column("onward", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["sign_in_providers.id"],
            name="fk_sign_in_attempts_provider_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tried_by"], ["users.id"], name="fk_sign_in_attempts_tried_by", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_in_attempts"),
    )
    op.create_index("ix_sign_in_attempts_provider_id", "sign_in_attempts", ["provider_id"], unique=False)
    op.create_index("ix_sign_in_attempts_tried_by", "sign_in_attempts", ["tried_by"], unique=False)
    op.create_index("ix_sign_in_attempts_expires_at", "sign_in_attempts", ["expires_at"], unique=False)
    op.create_table(
        "external_identities",
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role_taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["sign_in_providers.id"],
            name="fk_external_identities_provider_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_external_identities_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("provider_id", "subject", name="pk_external_identities"),
    )
    op.create_index("ix_external_identities_user_id", "external_identities", ["user_id"], unique=False)
    op.create_index(
        "uq_external_identities_person", "external_identities", ["provider_id", "user_id"], unique=True
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("external_identities")
    op.drop_table("sign_in_attempts")
    op.drop_table("sign_in_domains")
    op.drop_table("sign_in_providers")
    op.drop_table("invitations")
    op.drop_column("organisation_hosts", "stored_bytes")
    op.drop_column("organisation_hosts", "storage_share")
    op.drop_column("organisation_hosts", "suspended_at")
    op.drop_constraint("fk_organisations_custodian_id", "organisations", type_="foreignkey")
    op.drop_index("ix_organisations_custodian_id", table_name="organisations")
    op.drop_column("organisations", "version")
    op.drop_column("organisations", "custodian_id")
    op.drop_column("organisations", "logo_key")
    op.drop_column("organisations", "logo")
    op.drop_column("organisations", "accent")
    op.drop_column("organisations", "needs")
    op.drop_column("organisations", "contact")
    op.drop_column("organisations", "website")
    op.drop_column("organisations", "address")
    op.drop_column("organisations", "about")
