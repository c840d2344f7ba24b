"""Create the first tables: jobs, snapshots, claims, refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables and their indexes."""
    _jobs()
    op.create_table(
        "snapshots",
        sa.Column("task_id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("progress", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("kept_at", _TIME, nullable=False),
    )
    _claims()
    op.create_table(
        "refusals",
        sa.Column("ability", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("refused_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("application_id", sa.BigInteger, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("token_expires_at", _TIME, nullable=False),
        sa.Column("ephemeral", sa.Boolean, nullable=False),
        sa.Column("reachable", sa.Boolean, nullable=False),
        sa.Column("requester_id", sa.BigInteger, nullable=False),
        sa.Column("requester_name", sa.Text, nullable=False),
        sa.Column("requester_avatar_url", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("born_at", _TIME, nullable=False),
        sa.Column("pressed", sa.Text, nullable=False),
        sa.Column("done", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text, nullable=False),
        sa.Column("parent_link", sa.Text, nullable=False),
        sa.Column("claim_id", sa.BigInteger, nullable=False),
        sa.Column("notify", sa.Boolean, nullable=False),
        sa.Column("form_sent", sa.Boolean, nullable=False),
        sa.Column("closed_at", _TIME),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index("jobs_open", "jobs", ["born_at", "message_id"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("jobs_by_task", "jobs", ["task_id", "born_at"])
    op.create_index("jobs_by_requester", "jobs", ["requester_id", "born_at"])
    op.create_index("jobs_by_claim", "jobs", ["claim_id"])


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("button", sa.Text, nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("child_id", sa.Text, nullable=False),
    )
    op.create_index("claims_by_day", "claims", ["made_at"])
    op.create_index("claims_by_person", "claims", ["person_id", "made_at"])
    op.create_index("claims_by_task", "claims", ["task_id", "state"])
    op.create_index("claims_by_state", "claims", ["state", "made_at"])
