"""Recall over golden worlds as the product does it: its chunks, memory index and graph."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_OID, uuid5

from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from adapters.memory.mem0 import Mem0Memories
from adapters.text.tokens import Cl100kTokens
from domain.chats import SourceKind
from domain.chunking import chunks_of
from domain.embeddings import Embedder
from domain.facts import Fact, GraphBatch, GraphEntity
from domain.members import Viewer
from domain.memories import Memory, MemoryDomain, MemoryFilter, MemoryKind, NewMemory
from domain.models import Evidence
from domain.periods import Window
from domain.recall import CHAT, OVERFETCH, chosen
from evals.retrieval import serving
from evals.worlds import ASKED_AT, World
from evals.worlds_recall import Said


@dataclass(frozen=True, slots=True)
class Engines:
    """What the product chunks, indexes and searches with."""

    index: Mem0Memories
    graph: GraphitiGraph
    embedder: Embedder
    tokens: Callable[[str], int]

    def passages(self, text: str) -> list[str]:
        chunks = chunks_of(text, pieces=self.embedder.pieces, max_pieces=self.embedder.max_pieces, tokens=self.tokens)
        return [passage.text for chunk in chunks for passage in chunk.passages]


@asynccontextmanager
async def engines(embedder: Embedder) -> AsyncIterator[Engines]:
    """On a server of their own, which goes with them."""
    with serving() as url, TemporaryDirectory() as folder:
        index, graph = Mem0Memories(url, embedder), GraphitiGraph(FalkorEngine(url), embedder)
        yield Engines(index, graph, embedder, Cl100kTokens(Path(folder)).count)
        await index.close()
        await graph.close()


@dataclass(slots=True)
class IndexedRecall(Said):
    """A world's documents as the product holds them: in the group of one member, found by meaning and words."""

    engines: Engines | None = None
    group: str = ""
    held: dict[int, Evidence] = field(default_factory=dict)
    recorded: dict[str, Evidence] = field(default_factory=dict)

    @classmethod
    async def of(cls, world: World, engines: Engines, *, member: int) -> "IndexedRecall":
        """`member` tells worlds apart; ids of memories start at a thousand times its number."""
        recall = cls([], {}, engines, f"member_{member}")
        memories = recall._memories(world, first=member * 1_000)
        await engines.index.add_batch(memories)
        await engines.graph.record([GraphBatch(recall.group, facts=tuple(recall._facts(world)))])
        recall.named = {
            each.citation.source_id: each.source for each in [*recall.held.values(), *recall.recorded.values()]
        }
        return recall

    def _memories(self, world: World, *, first: int) -> list[Memory]:
        assert self.engines is not None
        memories: list[Memory] = []
        for document in (each for each in world.documents if each.kind is SourceKind.MEMORY):
            domain = MemoryDomain.CHAT if document.source == CHAT else MemoryDomain.DOC
            for text in self.engines.passages(document.text):
                id = first + len(memories)
                self.held[id] = document.evidence(str(id), text)
                content = NewMemory(0, self.group, domain, MemoryKind.FACT, document.source, text, 0.5)
                memories.append(Memory(id, content, document.at, "eval"))
        return memories

    def _facts(self, world: World) -> list[Fact]:
        told = [each for each in world.documents if each.kind is SourceKind.FACT]
        subject = GraphEntity("member:1", world.name, ("User",))
        found = []
        for number, document in enumerate(told):
            id = str(uuid5(NAMESPACE_OID, f"{self.group} {number}"))
            thing = GraphEntity(f"thing:{number}", f"Thing {number}", ("Proposal",))
            found.append(
                Fact(id, self.group, "SAID", document.text, subject, thing, document.at, None, document.at, "eval")
            )
            self.recorded[id] = document.evidence(id, document.text)
        return found

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        assert self.engines is not None
        hits = await self.engines.index.search(
            [self.group], query, limit=limit * OVERFETCH, where=MemoryFilter(), at=ASKED_AT
        )
        found = [_scored(self.held[hit.id], hit.score) for hit in hits]
        return chosen([each for each in found if each.text not in query], limit=limit)

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        assert self.engines is not None
        found = await self.engines.graph.search([self.group], query, window=window, at=ASKED_AT, limit=limit)
        return [_scored(self.recorded[fact.id], score) for fact, score in found]


def _scored(evidence: Evidence, score: float) -> Evidence:
    return replace(evidence, citation=replace(evidence.citation, score=score))
