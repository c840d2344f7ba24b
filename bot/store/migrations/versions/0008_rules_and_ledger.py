"""Add the rules that are set in Discord, their audit, and to claims what they cost."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_LEDGER_COLUMNS = (
    ("channel_id", sa.BigInteger),
    ("action", sa.Text),
    ("model", sa.Text),
    ("speed", sa.Text),
    ("kinds", sa.Text),
    ("is_private", sa.Boolean),
    ("currency", sa.Text),
    ("expected", sa.BigInteger),
    ("confirmed", sa.BigInteger),
    ("request_id", sa.Text),
    ("outcome", sa.Text),
)


def upgrade() -> None:
    """Add them; the columns of claims are NULL in rows that an older process writes."""
    op.create_table(
        "rules",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "rule_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("rule_changes_by_guild", "rule_changes", ["guild_id", "made_at"])
    for name, kind in _LEDGER_COLUMNS:
        op.add_column("claims", sa.Column(name, kind))
    op.create_index("claims_by_guild", "claims", ["guild_id", "made_at"])
