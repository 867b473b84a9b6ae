"""What every engine of Mem0 is told of a memory."""

import hashlib
import re
from datetime import UTC
from typing import Any

from adapters.graph.records import OPEN, microseconds
from adapters.graph.texts import plain_text
from domain.errors import Failure
from domain.memories import Memory

GROUP = re.compile(r"[A-Za-z0-9_]+")


def metadata_of(memory: Memory) -> dict[str, Any]:
    """All that is known of it, and the instants that are filtered by, in microseconds."""
    content = memory.content
    bytes_ = content.byte_range
    return {
        "memory_id": memory.id,
        "domain": content.domain.value,
        "kind": content.kind.value,
        "source": plain_text(content.source),
        "importance": content.importance,
        "session_id": content.session_id,
        "turn": content.turn,
        "byte_range": [bytes_.start, bytes_.end] if bytes_ else None,
        "transaction_id": memory.transaction_id,
        "created_at": memory.created_at.astimezone(UTC).isoformat(),
        "created": microseconds(memory.created_at, otherwise=0),
        "expires": microseconds(content.expires_at, otherwise=OPEN),
    }


def text_of(memory: Memory) -> str:
    return plain_text(memory.content.text)


def hash_of(memory: Memory) -> str:
    """Mem0's own mark of a text."""
    return hashlib.md5(text_of(memory).encode(), usedforsecurity=False).hexdigest()


def checked_group(group: str, failure: type[Failure]) -> str:
    """Raises `failure` for what could be more than a name."""
    if not GROUP.fullmatch(group):
        raise failure(f"{group!r} is no group: use letters, digits and underscores.")
    return group
