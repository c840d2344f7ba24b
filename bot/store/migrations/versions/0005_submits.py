"""Add to claims how many submits the relay bills: 0 for a free form, 2 for a billed press with its form."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; it is NULL, and counts as 1, in rows that an older process writes."""
    op.add_column("claims", sa.Column("submits", sa.Integer))
