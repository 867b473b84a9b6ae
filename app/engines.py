"""Guards of one process: a breaker, deadline and measure around each engine, and the ladders over them."""

from collections.abc import Awaitable, Callable
from functools import cache, cached_property, partial

from adapters.breaker import Limits
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.embedding.openai import OpenAiEmbedder
from adapters.guarded.guard import Guard, Health
from adapters.guarded.models import GuardedModel
from adapters.guarded.ports import Promise, guarded
from adapters.llm.builtin import BuiltInModel
from adapters.llm.ladder import ModelLadder
from adapters.llm.openai import OpenAiModel
from adapters.ner.gemini import GeminiEntities
from adapters.ner.ladder import EntitiesLadder
from adapters.ner.spacy import SpacyEntities
from adapters.text.tokens import Cl100kTokens
from app.settings import Settings
from domain.embeddings import Embedder
from domain.entities import Entities
from domain.errors import EntitiesFailed, RetrievalFailed, SyncFailed
from domain.facts import Graph
from domain.memories import MemoryIndex
from domain.meters import Meters
from domain.models import Model

GEMINI_SECONDS = 120.0
"""For all texts of a document, each of which has 20 s; then spaCy takes over."""

type Load = Callable[[], Awaitable[object]]
"""Imports what an engine's first call needs: seconds that are not the engine's."""


class Engines:
    """Puts each engine behind its guard. `health` tells how those that were made stand."""

    def __init__(self, settings: Settings, meters: Meters) -> None:
        self._settings = settings
        self._meters = meters
        self._guards: dict[str, Guard] = {}
        self._clients: list[OpenAiModel | OpenAiEmbedder] = []

    @property
    def health(self) -> dict[str, Health]:
        return {port: guard.health for port, guard in self._guards.items()}

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()

    def graph[G: Graph](self, graph: G, load: Load) -> G:
        written = Promise(SyncFailed, self._settings.sync_seconds)
        return guarded(
            graph, self._guard("graph", "The graph"), self._read, load, record=written, forget=written, index=written
        )

    def memories[M: MemoryIndex](self, index: M, load: Load) -> M:
        written = Promise(SyncFailed, self._settings.sync_seconds)
        guard = self._guard("memory", "The memory index")
        made = Promise(SyncFailed, None)  # Postgres makes an index of all that it holds before it answers
        return guarded(index, guard, self._read, load, add_batch=written, remove=written, discard=written, index=made)

    def embedder(self) -> Embedder:
        """Without a deadline of its own: a document's thousand passages take long, and a search has one."""
        embedder = self._openai_embedder() if self._settings.embeddings == "openai" else MiniLmEmbedder()
        return guarded(embedder, self._guard("embedding", "The embedder"), Promise(RetrievalFailed, None))

    def entities(self) -> Entities:
        """spaCy; with NER=gemini a ladder whose last rung it is."""
        local = self._entities(SpacyEntities(), "entities", seconds=None)
        if self._settings.ner == "spacy":
            return local
        settings = self._settings
        key = settings.gemini_api_key.get_secret_value() if settings.gemini_api_key else ""
        gemini = GeminiEntities(key, settings.gemini_base_url, settings.gemini_model)
        return EntitiesLadder(self._entities(gemini, "gemini", seconds=GEMINI_SECONDS), local, self._meters)

    def _entities(self, entities: Entities, port: str, *, seconds: float | None) -> Entities:
        """`seconds` for an engine elsewhere; on this machine a long document takes as long as it takes."""
        guard = self._guard(port, f"Entities by {entities.name}")
        return guarded(entities, guard, Promise(EntitiesFailed, seconds))

    def model(self, embedder: Embedder) -> Model:
        """The built-in answerer; with a key a ladder whose last rung it is."""
        settings, last = self._settings, BuiltInModel(embedder)
        if settings.openai_api_key is None:
            return last
        rungs: list[Model] = [self._openai("llm", settings.openai_model)]
        if settings.openai_small_model:
            rungs.append(self._openai("llm-small", settings.openai_small_model))
        return ModelLadder([*rungs, last], self._meters)

    def _openai(self, port: str, name: str) -> Model:
        settings = self._settings
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        model = OpenAiModel(
            key,
            settings.openai_base_url,
            name,
            deadline=settings.llm_seconds,
            patience=settings.llm_first_seconds,
        )
        self._clients.append(model)
        guard = self._guard(port, f"The language model {name}")
        return GuardedModel(model, guard, slow_after=settings.llm_seconds / 2)

    def _openai_embedder(self) -> OpenAiEmbedder:
        settings = self._settings
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        tokens = cache(partial(Cl100kTokens, settings.data_dir / "tiktoken"))
        embedder = OpenAiEmbedder(
            key,
            settings.openai_base_url,
            settings.openai_embedding_model,
            settings.openai_embedding_dimensions,
            count=lambda text: tokens().count(text),
        )
        self._clients.append(embedder)
        return embedder

    @cached_property
    def _read(self) -> Promise:
        return Promise(RetrievalFailed, self._settings.search_seconds)

    def _guard(self, port: str, named: str) -> Guard:
        limits = Limits(open_seconds=self._settings.breaker_seconds)
        return self._guards.setdefault(port, Guard(port, named, self._meters, limits=limits))
