"""Add to claims where the child's message was, so that a private task stays private when its job is deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns; they are NULL while the job's row exists, and where an older version deleted it."""
    op.add_column("claims", sa.Column("child_guild_id", sa.BigInteger))
    op.add_column("claims", sa.Column("child_channel_id", sa.BigInteger))
    op.add_column("claims", sa.Column("child_ephemeral", sa.Boolean))
