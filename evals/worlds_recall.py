"""Recall over golden worlds by the embedder's ranking alone."""

from dataclasses import dataclass, field
from math import sumprod

from domain.chats import ChatMessage, SourceKind
from domain.embeddings import Embedder, Vector
from domain.members import Viewer
from domain.models import Evidence
from domain.periods import Window
from domain.recall import CHAT
from evals.worlds import Document, World

PASSAGE = 600
"""Characters of a passage: about 150 word pieces."""


@dataclass(slots=True)
class Said:
    """`Recall.turns` of one case."""

    said: list[ChatMessage] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    """Sources by the id of what is cited."""

    async def turns(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        return [each for each in self.said if each.turn < before_turn][-limit:]

    def source(self, id: str) -> str:
        """The source of a memory, a fact or a turn."""
        return self.named.get(id, CHAT)


@dataclass(slots=True)
class PlainRecall(Said):
    """All passages of a world ranked by the embedder alone."""

    embedder: Embedder | None = None
    passages: list[Evidence] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)

    @classmethod
    async def of(cls, world: World, embedder: Embedder) -> "PlainRecall":
        passages = [each for number, document in enumerate(world.documents) for each in _packed(number, document)]
        named = {each.citation.source_id: each.source for each in passages}
        return cls([], named, embedder, passages, await embedder.embed([each.text for each in passages]))

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        return await self._nearest(query, SourceKind.MEMORY, limit)

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        return await self._nearest(query, SourceKind.FACT, limit)

    async def _nearest(self, query: str, kind: SourceKind, limit: int) -> list[Evidence]:
        assert self.embedder is not None
        asked = (await self.embedder.embed([query]))[0]
        ranked = sorted(zip(self.passages, self.vectors, strict=True), key=lambda pair: -sumprod(asked, pair[1]))
        return [each for each, _ in ranked if each.citation.kind is kind][:limit]


def _packed(number: int, document: Document) -> list[Evidence]:
    """The document's paragraphs, packed; a heading goes with what follows it."""
    packed: list[str] = [""]
    for block in document.text.split("\n\n"):
        if packed[-1] and len(packed[-1]) + len(block) > PASSAGE:
            packed.append("")
        packed[-1] = f"{packed[-1]}\n\n{block}".strip()
    return [document.evidence(f"{number}.{part}", text) for part, text in enumerate(packed)]
