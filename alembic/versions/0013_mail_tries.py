"""Mails know their tries and whose reminders they are; refused addresses are marked; reminders can be refused."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("mail", sa.String(), server_default="", nullable=False),
        sa.Column("reader_id", sa.BigInteger()),
        sa.Column("unsubscribe", sa.String()),
        sa.Column("reply_to", sa.String()),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tried_at", moment),
        sa.Column("next_try_at", moment),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("ended_at", moment),
        sa.Column("reason", sa.String()),
        sa.Column("words", sa.String()),
    ):
        op.add_column("outgoing_mails", column)
    op.create_foreign_key(
        "fk_outgoing_mails_reader_id", "outgoing_mails", "users", ["reader_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index("ix_outgoing_mails_reader_id", "outgoing_mails", ["reader_id"])
    op.create_table(
        "mail_bounces",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("bounced_at", moment, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_mail_bounces"),
    )
    op.create_table(
        "mail_refusals",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("refused_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_mail_refusals_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_mail_refusals"),
    )


def downgrade() -> None:
    """Go back: no mail is lost, what is known of its tries is."""
    op.drop_table("mail_refusals")
    op.drop_table("mail_bounces")
    op.drop_index("ix_outgoing_mails_reader_id", table_name="outgoing_mails")
    op.drop_constraint("fk_outgoing_mails_reader_id", "outgoing_mails", type_="foreignkey")
    for column in (
        "words",
        "reason",
        "ended_at",
        "job_id",
        "next_try_at",
        "tried_at",
        "tries",
        "reply_to",
        "unsubscribe",
        "reader_id",
        "mail",
    ):
        op.drop_column("outgoing_mails", column)
