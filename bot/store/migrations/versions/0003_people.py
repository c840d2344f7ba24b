"""Add people's settings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, which an older process does not use."""
    op.create_table(
        "people",
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("remix", sa.Boolean, nullable=False),
        sa.Column("defaults", sa.Text, nullable=False),
        sa.Column("speed", sa.Text),
        sa.Column("notify", sa.Text, nullable=False),
    )
