"""Note how far each store's reconciliation is, and the runs that ended"""

import sqlalchemy as sa
from alembic import op

from adapters.sql.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTS = ("checked", "missing", "extra", "mended")


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ran_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation"),
    )
    op.create_index("ix_reconciliation_ran_at", "reconciliation", ["ran_at"])
    reconciling = op.create_table(
        "reconciling",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("ran_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("store", name="pk_reconciling"),
    )
    nothing = {"fence": 0, "part": "", "after": "", "transaction_id": "", **dict.fromkeys(COUNTS, 0)}
    op.bulk_insert(reconciling, [{"store": store, **nothing} for store in ("blobs", "memories", "graph")])


def downgrade() -> None:
    op.drop_table("reconciling")
    op.drop_table("reconciliation")
