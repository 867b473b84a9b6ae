"""Bytes beside their documents: there while one needs them, gone with the last, whatever happens at one moment."""

import io
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.datastructures import UploadFile

from adapters.blobs.disk import DiskBlobs
from adapters.sql.documents import SqlDocumentReads
from domain.documents import Visibility
from domain.members import Viewer
from evals.hall import Hall, Silence
from services.documents import Documents

TEXT = b"The kiln room closes at nine."


class Interrupted(DiskBlobs):
    """Something happens between an upload's commit and its answer."""

    async def renew(self, key: str) -> bool:
        await self.meanwhile()
        return await super().renew(key)

    meanwhile: Callable[[], Awaitable[None]]


@pytest.fixture
def blobs(tmp_path: Path) -> Interrupted:
    return Interrupted(tmp_path / "blobs")


@pytest.fixture
def documents(database: Hall, blobs: Interrupted) -> Documents:
    return Documents(database.transact, SqlDocumentReads(database.reader), blobs, Silence())


async def nothing() -> None: ...


async def uploaded(documents: Documents, viewer: Viewer, key: str | None = None) -> int:
    file = UploadFile(io.BytesIO(TEXT), filename="notes.md")
    ids = await documents.accept(viewer, file, "notes.md", Visibility.PRIVATE, key=key)
    return int(ids["document"] or 0)


async def held(blobs: DiskBlobs) -> int:
    return len(await blobs.held("", limit=9))


async def gone(documents: Documents, viewer: Viewer, document: int) -> None:
    """Deleted, and its job done."""
    await documents.delete(viewer, document)
    await documents.remove_blob(f"{viewer.member_id}/{sha256(TEXT).hexdigest()}")


async def test_an_upload_that_is_repeated_after_its_document_was_deleted_leaves_no_bytes(
    database: Hall, documents: Documents, blobs: Interrupted
) -> None:
    blobs.meanwhile = nothing
    (ada,) = await database.seat([1])
    first = await uploaded(documents, ada, key="one")
    await gone(documents, ada, first)
    assert await uploaded(documents, ada, key="one") == first
    assert await held(blobs) == 0


async def test_a_document_that_is_deleted_before_its_upload_was_answered_leaves_no_bytes(
    database: Hall, documents: Documents, blobs: Interrupted
) -> None:
    (ada,) = await database.seat([1])

    async def deleted() -> None:
        await gone(documents, ada, 1)

    blobs.meanwhile = deleted
    assert await uploaded(documents, ada) == 1
    assert await held(blobs) == 0


async def test_an_upload_whose_bytes_were_removed_for_an_earlier_document_has_them_again(
    database: Hall, documents: Documents, blobs: Interrupted
) -> None:
    blobs.meanwhile = nothing
    (ada,) = await database.seat([1])
    await gone(documents, ada, await uploaded(documents, ada))

    async def removed() -> None:
        [blob] = await blobs.held("", limit=9)
        await blobs.remove(blob.key)

    blobs.meanwhile = removed
    await uploaded(documents, ada)
    assert await held(blobs) == 1
