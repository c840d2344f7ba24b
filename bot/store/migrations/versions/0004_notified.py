"""Let a job remember that its requester was notified of its end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that an older process's rows leave NULL."""
    op.add_column("jobs", sa.Column("notified", sa.Boolean))
