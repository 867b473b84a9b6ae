"""All tables, for alembic: a noun that has rows is imported here."""

from sqlmodel import SQLModel

from adapters.sql import (
    chats,
    daos,
    documents,
    idempotency,
    members,
    memories,
    outbox,
    proposals,
    resolutions,
    topics,
    votes,
)

__all__ = ["METADATA", "NOUNS"]

NOUNS = (chats, daos, documents, idempotency, members, memories, outbox, proposals, resolutions, topics, votes)
METADATA = SQLModel.metadata
