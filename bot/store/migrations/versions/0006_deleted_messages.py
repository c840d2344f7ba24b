"""Add a table of where deleted messages of submits were, so that a private task stays private without its job."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table; messages whose jobs an older version has deleted are not in it."""
    op.create_table(
        "deleted_messages",
        sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("requester_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("ephemeral", sa.Boolean, nullable=False),
    )
    op.create_index("deleted_messages_by_task", "deleted_messages", ["task_id"])
