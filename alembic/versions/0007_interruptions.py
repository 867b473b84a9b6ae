"""Count how often a run of the reconciliation stopped before its end"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("reconciliation", "reconciling")


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("interruptions", sa.Integer(), nullable=False, server_default="0"))
        with op.batch_alter_table(table) as changed:
            changed.alter_column("interruptions", server_default=None)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as changed:
            changed.drop_column("interruptions")
