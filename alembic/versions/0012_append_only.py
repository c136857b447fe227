"""The ledger is append-only in the database too: nothing in it is changed or deleted, a correction mirrors."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute("""
        CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is append-only: reverse a wrong entry by another'
                USING ERRCODE = 'restrict_violation';
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_ledger()
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_not_truncated BEFORE TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger()
    """)
    op.execute("""
        CREATE FUNCTION refuse_crooked_correction() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM ledger_entries wrong
            WHERE wrong.id = NEW.reverses_id AND wrong.kind <> 'correction'
              AND (wrong.counts_as, wrong.what, wrong.booked_on, wrong.contributor_id, wrong.cents)
                = (NEW.counts_as, NEW.what, NEW.booked_on, NEW.contributor_id, -NEW.cents)
              AND wrong.custodian_id IS NOT DISTINCT FROM NEW.custodian_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'a correction reverses the whole of one entry'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_corrected_whole BEFORE INSERT ON ledger_entries
        FOR EACH ROW WHEN (NEW.kind = 'correction') EXECUTE FUNCTION refuse_crooked_correction()
    """)


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TRIGGER ledger_entries_corrected_whole ON ledger_entries")
    op.execute("DROP FUNCTION refuse_crooked_correction()")
    op.execute("DROP TRIGGER ledger_entries_not_truncated ON ledger_entries")
    op.execute("DROP TRIGGER ledger_entries_append_only ON ledger_entries")
    op.execute("DROP FUNCTION refuse_change_of_ledger()")
