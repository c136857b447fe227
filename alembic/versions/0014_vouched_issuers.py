"""An operator may say of an organisation's issuer that it names only addresses of its own directory."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    for name in ("names_own_addresses", "name_is_address"):
        op.add_column(
            "sign_in_providers",
            sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False),
        )
    op.add_column("sign_in_providers", sa.Column("vouched_by", sa.BigInteger()))
    op.create_foreign_key(
        "fk_sign_in_providers_vouched_by",
        "sign_in_providers",
        "users",
        ["vouched_by"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index("ix_sign_in_providers_vouched_by", "sign_in_providers", ["vouched_by"])


def downgrade() -> None:
    """Go back: addresses count again only where the provider says that they are verified."""
    op.drop_index("ix_sign_in_providers_vouched_by", table_name="sign_in_providers")
    op.drop_constraint("fk_sign_in_providers_vouched_by", "sign_in_providers", type_="foreignkey")
    for name in ("vouched_by", "name_is_address", "names_own_addresses"):
        op.drop_column("sign_in_providers", name)
