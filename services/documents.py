"""Documents: accepted whole or refused, read again, deleted, watched."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from domain.blobs import Blobs
from domain.bus import Bus
from domain.crashes import passing
from domain.documents import Document, DocumentReads, IngestionStatus, Upload, Visibility
from domain.errors import BadInput, Conflict, FileTooLarge, IngestionFailed, StoreFailed
from domain.events import DocumentChanged, DocumentRemoved
from domain.mediatypes import Sniffer
from domain.members import Viewer
from domain.texts import MAX_BYTES
from domain.transactions import Ids, Once, Transact, Work
from services.watching import Watched, watch

PIECE = 256 * 1024
MAX_FILENAME = 200
WITHDRAWN_AFTER = timedelta(seconds=15)
"""An attempt that reads a document while it is deleted has noticed by then, or died before it could tidy up."""


class Readable(Protocol):
    """A received file."""

    async def read(self, size: int, /) -> bytes: ...
    async def seek(self, offset: int, /) -> object: ...


class Documents:
    def __init__(self, transact: Transact, reads: DocumentReads, blobs: Blobs, bus: Bus) -> None:
        self._transact = transact
        self._reads = reads
        self._blobs = blobs
        self._bus = bus

    async def accept(
        self, viewer: Viewer, file: Readable, filename: str, visibility: Visibility, *, key: str | None = None
    ) -> Ids:
        """Store the file and queue it for reading; the same bytes again are a duplicate, without a job.

        Raises BadInput, UnsupportedMediaType, FileTooLarge, IngestionFailed; nothing is stored then.
        """
        upload = await measured(file, checked_filename(filename), visibility)
        blob = f"{viewer.member_id}/{upload.sha256}"
        await self._blobs.put(blob, pieces(file))
        passing("upload.blob-written")
        repeated = True

        def command(work: Work) -> Ids:
            nonlocal repeated
            repeated = False
            same = work.documents.same(viewer.member_id, upload.sha256, visibility)
            original = same.id if same else None
            document = work.documents.add(viewer.member_id, upload, duplicate_of=original, at=work.now())
            if same is None:
                work.enqueue("ingest", document.id)
            work.emit(DocumentChanged(document.id))
            return {"document": document.id}

        content = f"{upload.sha256} {upload.filename} {visibility.value}"
        once = Once(viewer.member_id, "uploadDocument", key, content) if key else None
        try:
            ids = await self._transact.once(once, command)
        except StoreFailed as failure:
            raise IngestionFailed(f"The file was not accepted. {failure}") from failure
        passing("upload.committed")
        there = await self._blobs.renew(blob)
        if not there:  # removed for an earlier document of these bytes, or with this one
            await self._blobs.put(blob, pieces(file))
        if repeated or not there:
            await self.remove_blob(blob)
        return ids

    async def retry(self, viewer: Viewer, document_id: int, *, once: Once | None = None) -> Ids:
        """Read a FAILED document again. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            document = work.documents.owned(viewer, document_id)
            if document.status is not IngestionStatus.FAILED:
                raise Conflict("Only a FAILED document is read again.", field=("documentId",))
            if document.duplicate_of is not None:
                raise Conflict("This is a copy: have the document that it repeats read again.", field=("documentId",))
            _queue_again(work, document)
            work.enqueue("ingest", document.id)
            return {"document": document.id}

        return await self._transact.once(once, command)

    async def delete(self, viewer: Viewer, document_id: int, *, once: Once | None = None) -> Ids:
        """With its duplicates, memories, facts and bytes. Raises NotFound, Forbidden."""

        def command(work: Work) -> Ids:
            document = work.documents.owned(viewer, document_id)
            memories = work.memories.remove_of_document(document.id)
            removed = work.documents.remove(document.id)
            if not work.documents.blob_used(document.blob_key):
                work.enqueue("remove_blob", document.blob_key)
            if not document.ended:
                work.enqueue(
                    "withdraw", document.id, document.group, *memories, due_at=work.now() + WITHDRAWN_AFTER
                )  # fmt: skip
            work.emit(DocumentRemoved(tuple(removed), document.group, tuple(memories)))
            return {"document": document.id}

        return await self._transact.once(once, command)

    async def remove_blob(self, key: str) -> None:
        """Unless a document needs it. The same bytes may be uploaded meanwhile: an upload renews them once its document
        is there, so that who looked before cannot remove them after."""
        version = await self._blobs.version(key)
        if version is not None and not await self._transact(lambda work: work.documents.blob_used(key)):
            passing("blob.unused")
            await self._blobs.remove(key, version=version)
            passing("blob.removed")

    def watch(self, viewer: Viewer, document_id: int) -> AsyncIterator[Watched[Document]]:
        """The present state, then newer ones, as long as the viewer may see it."""

        async def read() -> Document | None:
            return (await self._reads.by_ids(viewer, [document_id])).get(document_id)

        return watch(self._bus, f"document:{document_id}", read, lambda document: document.seq)


def revive_document(work: Work, document_id: int) -> None:
    """A FAILED one waits to be read again. Raises NotFound, Conflict."""
    document = work.documents.locked(document_id)
    if document.status is IngestionStatus.FAILED:
        _queue_again(work, document)


def _queue_again(work: Work, document: Document) -> None:
    """Raises Conflict when it was given up for good: its bytes are gone."""
    if document.error is not None and not document.error.retryable:
        raise Conflict(
            "Reading this file again cannot help: mend the file as its error says and upload it.",
            field=("documentId",),
        )
    work.documents.save(replace(document, seq=document.seq + 1, status=IngestionStatus.QUEUED, error=None))
    work.emit(DocumentChanged(document.id))


def checked_filename(name: str) -> str:
    """A name is data, never a path. Raises BadInput."""
    plain = "".join(character for character in name.replace("\\", "/").rsplit("/", 1)[-1] if character.isprintable())
    if not 1 <= len(plain.strip()) <= MAX_FILENAME:
        raise BadInput(f"Give the file a name of 1 to {MAX_FILENAME} characters.", field=("file",))
    return plain.strip()


async def measured(file: Readable, filename: str, visibility: Visibility) -> Upload:
    """Size, type and hash of the file, read in pieces. Raises BadInput, UnsupportedMediaType, FileTooLarge."""
    sniffer, digest, size = Sniffer(), hashlib.sha256(), 0
    async for piece in pieces(file):
        size += len(piece)
        if size > MAX_BYTES:
            raise FileTooLarge("The file is larger than 20 MiB: split it and upload the parts.", field=("file",))
        sniffer.feed(piece)
        digest.update(piece)
    return Upload(filename, sniffer.media_type(filename), size, digest.hexdigest(), visibility)


async def pieces(file: Readable) -> AsyncIterator[bytes]:
    """The file from its beginning."""
    await file.seek(0)
    while piece := await file.read(PIECE):
        yield piece
