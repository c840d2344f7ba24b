"""Add to jobs whether the requester was notified of the end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; it is NULL in rows that an older process writes."""
    op.add_column("jobs", sa.Column("notified", sa.Boolean))
