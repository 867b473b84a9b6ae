"""Verbs of documents."""

from collections.abc import AsyncGenerator
from typing import Annotated, cast

import strawberry
from starlette.datastructures import UploadFile

from domain.documents import Visibility
from resolvers.commands import checked_key, left, once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query, subscription
from resolvers.streams import states
from schema.commands import Given
from schema.context import Info
from schema.documents import (
    DeleteDocumentInput,
    DeleteDocumentPayload,
    DocumentConnection,
    DocumentType,
    RetryDocumentInput,
    RetryDocumentPayload,
    UploadDocumentInput,
    UploadDocumentPayload,
)
from schema.ids import global_id, row_id
from schema.pages import After, Before, First, Last, connection, wanted


@strawberry.type
class DocumentQueries:
    @query("A document; null when there is none or the viewer may not read it.")
    async def document(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of a Document.")]
    ) -> DocumentType | None:
        return await info.context.loaders.documents.load(row_id("Document", id, "id"))

    @query("The viewer's own and the DAO's, newest first.")
    async def documents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> DocumentConnection:
        asked = wanted("documents", first, after, last, before)
        page = await info.context.reads.documents.page(info.context.viewer, asked)
        return connection("documents", page, DocumentType.from_domain)


@strawberry.type
class DocumentMutations:
    @mutation("Hand a file to the viewer's twin, or to the DAO. Watch `documentChanged` for the rest.")
    async def upload_document(self, info: Info, input: Given[UploadDocumentInput]) -> UploadDocumentPayload:
        context, file = info.context, cast(UploadFile, input.file)
        visibility = input.visibility or Visibility.PRIVATE
        with Refusals(context, "input") as refused:
            ids = await context.services.documents.accept(
                context.viewer, file, file.filename or "", visibility, key=checked_key(input)
            )
            return UploadDocumentPayload(document=left(await context.loaders.documents.load(row(ids, "document"))))
        return UploadDocumentPayload(user_errors=refused)

    @mutation("Read a FAILED document again.")
    async def retry_document(self, info: Info, input: Given[RetryDocumentInput]) -> RetryDocumentPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            document_id = row_id("Document", input.document_id, "documentId")
            ids = await context.services.documents.retry(context.viewer, document_id, once=once(info, input))
            return RetryDocumentPayload(document=left(await context.loaders.documents.load(row(ids, "document"))))
        return RetryDocumentPayload(user_errors=refused)

    @mutation("Delete a document with all that was learned from it.")
    async def delete_document(self, info: Info, input: Given[DeleteDocumentInput]) -> DeleteDocumentPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            document_id = row_id("Document", input.document_id, "documentId")
            ids = await context.services.documents.delete(context.viewer, document_id, once=once(info, input))
            return DeleteDocumentPayload(deleted_id=global_id("Document", row(ids, "document")))
        return DeleteDocumentPayload(user_errors=refused)


@strawberry.type
class DocumentSubscriptions:
    @subscription("The document as it is, then each newer state.")
    async def document_changed(
        self, info: Info, document_id: Annotated[strawberry.ID, strawberry.argument(description="Of a Document.")]
    ) -> AsyncGenerator[DocumentType]:
        context, key = info.context, row_id("Document", document_id, "documentId")
        watched = context.services.documents.watch(context.viewer, key)
        return states(context, watched, DocumentType.from_domain, field="documentId")
