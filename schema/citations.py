"""What an answer rests on."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.chats import Citation, SourceKind
from schema.context import Info
from schema.facts import FactType
from schema.fields import field
from schema.memories import MemoryType

if TYPE_CHECKING:
    from schema.chats import ChatMessageType
    from schema.loaders import Loaders

CitationSource = Annotated[
    MemoryType | FactType | Annotated["ChatMessageType", strawberry.lazy("schema.chats")],
    strawberry.union("CitationSource", description="Where quoted words stand."),
]


@strawberry.type(name="Citation", description="Words that an answer rests on, and where they stand.")
class CitationType:
    citation: strawberry.Private[Citation]
    score: float = strawberry.field(description="How much it mattered, 0..1.")

    @field("Null once it was forgotten, or if the viewer may not read it.")
    async def source(self, info: Info) -> CitationSource | None:
        return await source_of(self.citation, info.context.loaders)

    @field("The words; null when the source is.")
    async def quote(self, info: Info) -> str | None:
        return self.citation.quote if await self.source(info) else None

    @classmethod
    def from_domain(cls, citation: Citation) -> "CitationType":
        return cls(citation=citation, score=citation.score)


async def source_of(citation: Citation, loaders: "Loaders") -> "MemoryType | FactType | ChatMessageType | None":
    """What is cited, as the loaders' viewer may read it."""
    key = citation.source_id
    match citation.kind:
        case SourceKind.MEMORY:
            return await loaders.memories.load(int(key))
        case SourceKind.FACT:
            return await loaders.facts.load(key)
        case SourceKind.MESSAGE:
            return await loaders.messages.load(int(key))
