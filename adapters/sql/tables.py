"""All tables, for alembic: a noun that has rows is imported here."""

from sqlmodel import SQLModel

from adapters.sql import (
    audits,
    chats,
    daos,
    dead_letters,
    delegations,
    documents,
    idempotency,
    members,
    memories,
    outbox_rows,
    policies,
    proposals,
    receipts,
    reconciliations,
    resolutions,
    topics,
    votes,
)

__all__ = ["METADATA", "NOUNS"]

NOUNS = (
    audits,
    chats,
    daos,
    dead_letters,
    delegations,
    documents,
    idempotency,
    members,
    memories,
    outbox_rows,
    policies,
    proposals,
    receipts,
    reconciliations,
    resolutions,
    topics,
    votes,
)
METADATA = SQLModel.metadata
