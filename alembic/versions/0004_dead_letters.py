"""Keep what was given up as dead letters; project events in order of what they change, and in no other"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL AND dead_at IS NULL")
WAITING = sa.text("driven_at IS NULL")
LETTERS = sa.text(
    "INSERT INTO dead_letter (entry_id, task, code, message, attempts, first_failed_at, last_failed_at, transaction_id,"
    " payload) SELECT id, name, 'INTERNAL', coalesce(error, ''), attempt, dead_at, dead_at, transaction_id, args"
    " FROM outbox WHERE dead_at IS NOT NULL ORDER BY id"
)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("aggregate", sa.String(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("uncounted", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_line", "outbox", ["kind", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("driven_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["outbox.id"], name="fk_dead_letter_entry_id_outbox"),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
    )
    op.create_index("ix_dead_letter_entry_id", "dead_letter", ["entry_id"])
    op.create_index("ix_dead_letter_transaction_id", "dead_letter", ["transaction_id"])
    op.create_index("ix_dead_letter_waiting", "dead_letter", ["id"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.execute(LETTERS)


def downgrade() -> None:
    op.drop_table("dead_letter")
    op.drop_index("ix_outbox_line", "outbox")
    for column in ("first_failed_at", "uncounted", "aggregate"):
        op.drop_column("outbox", column)
