"""What API and worker import, imported once. Adapters bring Graphiti and Mem0 in at their first call."""

import asyncio
import importlib
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from adapters.memory.mem0 import Mem0Memories
from app.supervisor import tied_to
from domain.embeddings import Vector
from domain.errors import RetrievalFailed
from domain.memories import MemoryFilter

NOWHERE = "falkordb://127.0.0.1:1"
MODULES = ("app.api", "app.worker", "app.container", "uvicorn", "uvloop", "spacy", "onnxruntime", "langgraph.graph")


class Blank:
    """An `Embedder` without a model: a session's threads would not live on in who is forked."""

    name, dimensions, max_pieces = "blank", 384, 200

    def pieces(self, text: str) -> int:
        return len(text)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [[0.0] * self.dimensions for _ in texts]


async def called() -> None:
    now = datetime.now(UTC)
    with suppress(RetrievalFailed):
        await GraphitiGraph(FalkorEngine(NOWHERE), Blank()).search(["dao"], "preload", window=None, at=now, limit=1)
    with suppress(RetrievalFailed):
        await Mem0Memories(NOWHERE, Blank()).search(["dao"], "preload", limit=1, where=MemoryFilter(), at=now)


tied_to(os.getppid())()  # whoever is forked from here is tied to this process
for module in MODULES:
    importlib.import_module(module)
asyncio.run(called())
