"""What we plug into Mem0: vectors computed beforehand, no language model, our vector store.

Import through mem0_import only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mem0.configs.base import MemoryConfig
from mem0.embeddings.base import EmbeddingBase
from mem0.embeddings.configs import EmbedderConfig
from mem0.llms.base import LLMBase
from mem0.llms.configs import LlmConfig
from mem0.memory.main import Memory
from mem0.memory.storage import SQLiteManager
from mem0.utils.factory import EmbedderFactory, LlmFactory, VectorStoreFactory
from mem0.vector_stores.configs import VectorStoreConfig
from pydantic import BaseModel

if TYPE_CHECKING:
    from domain.embeddings import Vector

VECTORS = {
    "falkordb": "adapters.memory.falkordb_vectors.FalkorVectors",
    "pgvector": "adapters.memory.pgvector_vectors.PgVectors",
}
PREPARED: ContextVar[Mapping[str, "Vector"]] = ContextVar("prepared")


@contextmanager
def prepared(vectors: Mapping[str, "Vector"]) -> Iterator[None]:
    """Mem0 asks for one text at a time, in a thread; ours are embedded before, all in one call."""
    token = PREPARED.set(vectors)
    try:
        yield
    finally:
        PREPARED.reset(token)


class PreparedVectors(EmbeddingBase):
    def embed(self, text: str, memory_action: str | None = None) -> "Vector":
        return PREPARED.get()[text]


class NoModel(LLMBase):
    """Mem0 stores what it is given (`infer=False`); it never has anything to ask."""

    def generate_response(
        self,
        messages: list[dict[str, str]],
        tools: list[dict[Any, Any]] | None = None,
        tool_choice: str = "auto",
        **kwargs: object,
    ) -> str:
        raise NotImplementedError("Mem0 is used without a language model.")


class NoHistory(SQLiteManager):
    """SQL is the record; Mem0's own history would grow in memory with every text."""

    def add_history(self, *values: object, **fields: object) -> None:
        """Not kept."""


class VectorsConfig(BaseModel):
    url: str
    collection_name: str
    dimensions: int


def opened_memory(provider: str, store: VectorsConfig) -> Memory:
    """Mem0 over our parts. Its lists of providers are closed: ours are entered, the configs made unvalidated."""
    EmbedderFactory.provider_to_class["prepared"] = f"{__name__}.PreparedVectors"
    VectorStoreFactory.provider_to_class |= VECTORS
    LlmFactory.register_provider("none", f"{__name__}.NoModel")
    embedder: dict[str, Any] = {"embedding_dims": store.dimensions}
    memory = Memory(
        MemoryConfig.model_construct(
            vector_store=VectorStoreConfig.model_construct(provider=provider, config=store),
            embedder=EmbedderConfig.model_construct(provider="prepared", config=embedder),
            llm=LlmConfig.model_construct(provider="none", config={}),
            history_db_path=":memory:",
        )
    )
    memory.db.close()
    memory.db = NoHistory(":memory:")
    return memory
