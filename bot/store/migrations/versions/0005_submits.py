"""Count what each claim is billed for: nothing for a free window, two for a billed one and its form."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; an older process writes NULL, which counts as one."""
    op.add_column("claims", sa.Column("submits", sa.Integer))
