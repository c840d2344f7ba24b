"""Add to jobs when their final state is drawn again that Discord did not take."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; they are NULL in jobs that were drawn at once."""
    op.add_column("jobs", sa.Column("redraws", sa.Integer))
    op.add_column("jobs", sa.Column("redraw_at", sa.DateTime(timezone=True)))
