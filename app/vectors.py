"""The indexes hold the vectors of one embedder: another's beside them would make every search wrong."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from adapters.memory.dimensions import falkordb_dimensions, pgvector_dimensions
from app.settings import BadSettings, Settings
from domain.embeddings import Embedder
from domain.members import DAO_GROUP

log = logging.getLogger(__name__)

ASKED: dict[tuple[str, str], Callable[[str], int | None]] = {
    ("MEMORY_URL", "falkordb"): partial(falkordb_dimensions, graph="memories", field="vector"),
    ("MEMORY_URL", "postgresql"): partial(pgvector_dimensions, name="memories"),
    ("GRAPH_URL", "falkordb"): partial(falkordb_dimensions, graph=DAO_GROUP, field="fact_embedding"),
}


async def check_vectors(settings: Settings, embedder: Embedder) -> None:
    """Raises BadSettings. A server that is down is no reason not to start."""
    for name, url in (("MEMORY_URL", settings.memory), ("GRAPH_URL", settings.graph)):
        ask = ASKED.get((name, urlsplit(url).scheme))
        try:
            held = await asyncio.to_thread(ask, url) if ask else None
        except ValueError as error:
            log.warning("%s does not say what vectors it holds: %s", name, error)
            continue
        if held not in (None, embedder.dimensions):
            raise BadSettings(
                f"EMBEDDINGS: {embedder.name} makes vectors of {embedder.dimensions} dimensions, but the index at "
                f"{name} holds some of {held}. Set EMBEDDINGS back, or rebuild the index (docs/howto/memories.md)."
            )
