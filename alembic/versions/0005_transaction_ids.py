"""Let the rows of every table name the transaction that wrote them"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = (
    "dao",
    "policy_topic",
    "policy_subject",
    "document_topic",
    "entity_mention",
    "proposal_topic",
    "idempotent_answer",
)


def upgrade() -> None:
    """Of what is there already nobody knows it."""
    for table in TABLES:
        op.add_column(table, sa.Column("transaction_id", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "transaction_id")
