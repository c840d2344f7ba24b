"""Add languages, reports, the servers that the bot has left, and the key of pseudonyms."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add them; the columns are NULL in rows that an older process writes."""
    op.add_column("jobs", sa.Column("language", sa.Text))
    op.add_column("people", sa.Column("language", sa.Text))
    op.add_column("people", sa.Column("hints", sa.Text))
    op.create_index("deleted_messages_by_requester", "deleted_messages", ["requester_id"])
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("reporter_id", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("resolver_id", sa.BigInteger),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("line_channel_id", sa.BigInteger),
        sa.Column("line_message_id", sa.BigInteger),
        sa.Column("operator_channel_id", sa.BigInteger),
        sa.Column("operator_message_id", sa.BigInteger),
    )
    op.create_index("reports_by_guild", "reports", ["guild_id", "state", "made_at"])
    op.create_index("reports_by_message", "reports", ["message_id", "id"])
    op.create_index("reports_by_reporter", "reports", ["reporter_id", "made_at"])
    op.create_table(
        "departures",
        sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
