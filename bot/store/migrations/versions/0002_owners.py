"""Add owners to jobs and claims, leases of processes, and the status of a claim's child."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a table and columns; columns are NULL in rows that an older process writes."""
    op.create_table(
        "processes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("jobs", sa.Column("owner", sa.Text))
    op.add_column("claims", sa.Column("owner", sa.Text))
    op.add_column("claims", sa.Column("child_status", sa.Text))
    is_open, is_closed = sa.text("closed_at IS NULL"), sa.text("closed_at IS NOT NULL")
    op.create_index("jobs_by_owner", "jobs", ["owner"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("jobs_closed", "jobs", ["closed_at"], sqlite_where=is_closed, postgresql_where=is_closed)
    op.create_index("snapshots_by_age", "snapshots", ["kept_at"])
    op.create_index("claims_by_child", "claims", ["child_id"])
