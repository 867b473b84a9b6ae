"""Uploaded documents and how far they have been read."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.file_uploads import Upload

from domain.documents import Document, IngestionStatus, Visibility
from domain.entities import Mention
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.enums import described
from schema.errors import UserErrorType
from schema.fields import field
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection

if TYPE_CHECKING:
    from schema.topics import PolicyTopicType

described(
    Visibility,
    "Visibility",
    "Who may read a document.",
    PRIVATE="Its member and that member's twin.",
    DAO="Every member and every twin.",
)
described(
    IngestionStatus,
    "IngestionStatus",
    "How far a document has been read.",
    QUEUED="It waits for a worker.",
    EXTRACTING="Its text is taken out.",
    CHUNKING="The text is cut into passages.",
    REMEMBERING="The passages become memories.",
    LINKING="Entities and topics are found and linked in the graph.",
    DONE="All of it can be recalled.",
    FAILED="It could not be read; `error` says why.",
)


@strawberry.type(description="A named entity in a document; offsets are UTF-8 bytes of its stored text, half-open.")
class EntityMention:
    text: str = strawberry.field(description="As the document has it.")
    type: str = strawberry.field(description="OntoNotes' type, such as PERSON, ORG or DATE.")
    start: int = strawberry.field(description="The first byte.")
    end: int = strawberry.field(description="The byte after the last.")
    extractor: str = strawberry.field(description="What found it.")

    @classmethod
    def from_domain(cls, mention: Mention) -> "EntityMention":
        return cls(
            text=mention.text, type=mention.type, start=mention.start, end=mention.end, extractor=mention.extractor
        )


@strawberry.type(name="Document", description="An uploaded PDF, Markdown or text file.")
class DocumentType(Node):
    document: strawberry.Private[Document]
    seq: int = strawberry.field(description="Rises with every change.")
    filename: str = strawberry.field(description="As it was uploaded.")
    media_type: str = strawberry.field(description="Told by the content: application/pdf, text/markdown, text/plain.")
    bytes: int = strawberry.field(description="The file's size.")
    sha256: str = strawberry.field(description="Of the file's bytes, in hexadecimal.")
    uploaded_at: datetime = strawberry.field(description="When it was received whole.")
    visibility: Visibility = strawberry.field(description="DAO: every member and twin may read it.")
    status: IngestionStatus = strawberry.field(description="How far it has been read.")
    progress: float = strawberry.field(description="0..1; never falls; 1 only when DONE.")
    chunk_count: int = strawberry.field(description="Chunks of at most 2,000 tokens, so far.")
    error: UserErrorType | None = strawberry.field(description="Why it is FAILED.")

    @field("Named entities in the order of the text, at most 200.")
    async def entities(self, info: Info) -> list[EntityMention]:
        return [EntityMention.from_domain(each) for each in await info.context.loaders.mentions.load(self.document.id)]

    @field("What it is about.")
    async def topics(self, info: Info) -> list[Annotated["PolicyTopicType", strawberry.lazy("schema.topics")]]:
        found = await info.context.loaders.topics.load_many(self.document.topic_ids)
        return [topic for topic in found if topic]

    @field("The same bytes, read before in its place; null if the viewer may not see that.")
    async def duplicate_of(self, info: Info) -> "DocumentType | None":
        original = self.document.duplicate_of
        return None if original is None else await info.context.loaders.documents.load(original)

    @classmethod
    def from_domain(cls, document: Document) -> "DocumentType":
        upload, error = document.upload, document.error
        return cls(
            id=global_id("Document", document.id),
            document=document,
            seq=document.seq,
            filename=upload.filename,
            media_type=upload.media_type,
            bytes=upload.bytes,
            sha256=upload.sha256,
            uploaded_at=document.uploaded_at,
            visibility=upload.visibility,
            status=document.status,
            progress=document.progress,
            chunk_count=document.chunk_count,
            error=None if error is None else UserErrorType.of(error.code, error.message, retryable=error.retryable),
        )


DocumentConnection = Connection[DocumentType]


@strawberry.input(description="A file to be read: PDF, Markdown or UTF-8 text, at most 20 MiB.")
class UploadDocumentInput(CommandInput):
    file: Upload = strawberry.field(description="A part of the multipart request.")
    visibility: Visibility | None = strawberry.field(
        description="PRIVATE: for the viewer's own twin; DAO: for everybody.", default=Visibility.PRIVATE
    )


@strawberry.type(description="The document, QUEUED or a duplicate, or why it was refused.")
class UploadDocumentPayload(Payload):
    document: DocumentType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.input(description="Which FAILED document to read again.")
class RetryDocumentInput(CommandInput):
    document_id: strawberry.ID = strawberry.field(description="One of the viewer's own documents.")


@strawberry.type(description="The document, QUEUED again, or why it was refused.")
class RetryDocumentPayload(Payload):
    document: DocumentType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.input(description="Which document to delete, with its memories and facts.")
class DeleteDocumentInput(CommandInput):
    document_id: strawberry.ID = strawberry.field(description="One of the viewer's own documents.")


@strawberry.type(description="What was deleted, or why nothing was.")
class DeleteDocumentPayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(description="Null when it was refused.", default=None)
