"""The job library's own tables and functions."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FUNCTIONS = "SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate%'"
TYPES = (
    "SELECT oid::regtype FROM pg_type WHERE typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')"
    " AND oid NOT IN (SELECT reltype FROM pg_class WHERE relkind = 'r')"
)


def upgrade() -> None:
    """Create what the installed version of the library ships."""
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    """Drop it all: jobs are work to do, not data to keep."""
    connection = op.get_bind()
    for (table,) in connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE 'procrastinate%%'"
    ).all():
        connection.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')
    for (function,) in connection.exec_driver_sql(FUNCTIONS.replace("%", "%%")).all():
        connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")
    for (kind,) in connection.exec_driver_sql(TYPES.replace("%", "%%")).all():
        connection.exec_driver_sql(f"DROP TYPE {kind} CASCADE")
