"""Which credentials an account has now, what a token may do, and what was typed when a session had ended."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Tokens that exist may do everything and end when they did: their programs go on."""
    op.add_column(
        "users", sa.Column("credentials_version", sa.BigInteger(), server_default="1", nullable=False)
    )
    op.add_column("users", sa.Column("credentials_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("reset_link_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "api_tokens",
        sa.Column("scopes", sa.ARRAY(sa.Text()), server_default="{read,rooms,organisation}", nullable=False),
    )
    op.create_table(
        "kept_forms",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_forms")),
    )
    op.create_index(op.f("ix_kept_forms_expires_at"), "kept_forms", ["expires_at"], unique=False)


def downgrade() -> None:
    """Go back. Tokens that may not do everything could do everything by then: they end."""
    op.drop_index(op.f("ix_kept_forms_expires_at"), table_name="kept_forms")
    op.drop_table("kept_forms")
    op.execute("UPDATE api_tokens SET expires_at = now() WHERE NOT scopes @> '{read,rooms,organisation}'")
    op.drop_column("api_tokens", "scopes")
    op.drop_column("users", "reset_link_at")
    op.drop_column("users", "credentials_changed_at")
    op.drop_column("users", "credentials_version")
