"""Index a place once a ballot stands there: when voting starts, there are ten thousand without one"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


CAST = sa.text("cast_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_vote_member_id", "vote")
    op.drop_index("ix_vote_delegation_id", "vote")
    op.drop_index("ix_vote_proposal_id_cast_at", "vote")
    for column in ("member_id", "proposal_id"):
        op.create_index(
            f"ix_vote_{column}_cast_at", "vote", [column, "cast_at"], sqlite_where=CAST, postgresql_where=CAST
        )


def downgrade() -> None:
    for column in ("member_id", "proposal_id"):
        op.drop_index(f"ix_vote_{column}_cast_at", "vote")
    op.create_index("ix_vote_proposal_id_cast_at", "vote", ["proposal_id", "cast_at"])
    op.create_index("ix_vote_delegation_id", "vote", ["delegation_id"])
    op.create_index("ix_vote_member_id", "vote", ["member_id"])
