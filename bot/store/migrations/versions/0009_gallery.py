"""Add to jobs whether a server's gallery has their picture."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; it is NULL in jobs whose picture was not posted there."""
    op.add_column("jobs", sa.Column("posted", sa.Boolean))
