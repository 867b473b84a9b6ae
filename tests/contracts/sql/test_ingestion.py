"""A document that could not be read: for good when its file is to blame, until it is mended when an engine is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from adapters.blobs.disk import DiskBlobs
from adapters.sql.documents import SqlDocumentReads
from adapters.sql.memories import SqlMemoryReads
from domain.documents import IngestionStatus
from domain.errors import Conflict, Failure, SyncFailed, Unreadable
from evals.hall import Hall, Silence
from services.documents import Documents
from services.ingestion import Indexes, Ingestion, IngestionReads, Reading
from tests.contracts.sql.test_uploads import uploaded


def refused() -> Failure:
    """As an engine says it whose key or quota is used up: asking again at once does not help."""
    failure = SyncFailed("The memory index could not be written. Its quota is used up.")
    failure.retryable = False
    return failure


class Engines:
    """Texts that fail, and a graph that forgets."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure

    async def extract(self, _path: Path, _media_type: str) -> str:
        raise self._failure

    async def forget(self, _group: str, _keys: Sequence[str]) -> None: ...


class Parts:
    """Reading, and indexes, of these engines."""

    def __init__(self, engines: Engines) -> None:
        self.texts = self.graph = engines


class Rows:
    def __init__(self, database: Hall) -> None:
        self.documents = SqlDocumentReads(database.reader)
        self.memories = SqlMemoryReads(database.reader)


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs")


@pytest.fixture
def documents(database: Hall, blobs: DiskBlobs) -> Documents:
    return Documents(database.transact, SqlDocumentReads(database.reader), blobs, Silence())


def ingestion_of(database: Hall, blobs: DiskBlobs, failure: Failure) -> Ingestion:
    parts, rows = Parts(Engines(failure)), cast(IngestionReads, Rows(database))
    reading, indexes = cast(Reading, parts), cast(Indexes, parts)
    return Ingestion(database.transact, rows, blobs, reading=reading, indexes=indexes)


async def state(database: Hall, document_id: int) -> tuple[IngestionStatus, bool | None, bool]:
    """Its status, whether its error says that it may be read again, and whether its bytes are kept."""
    document = await SqlDocumentReads(database.reader).any_by_id(document_id)
    assert document is not None
    again = document.error.retryable if document.error else None
    return document.status, again, document.needs_bytes


async def test_a_file_that_cannot_be_read_is_given_up_for_good(
    database: Hall, documents: Documents, blobs: DiskBlobs
) -> None:
    (ada,) = await database.seat([1])
    document_id = await uploaded(documents, ada)
    await ingestion_of(database, blobs, Unreadable("The file is encrypted.")).run(document_id)
    assert await state(database, document_id) == (IngestionStatus.FAILED, False, False)
    with pytest.raises(Conflict):
        await documents.retry(ada, document_id)


@pytest.mark.parametrize("failure", [refused(), SyncFailed("Away."), Failure("Ours.")])
async def test_what_an_engine_refuses_leaves_the_document_to_be_read_again(
    database: Hall, documents: Documents, blobs: DiskBlobs, failure: Failure
) -> None:
    (ada,) = await database.seat([1])
    document_id = await uploaded(documents, ada)
    ingestion = ingestion_of(database, blobs, failure)
    with pytest.raises(type(failure)):  # for the policy of jobs: a dead letter
        await ingestion.run(document_id)
    await ingestion.fail(document_id, failure)
    assert await state(database, document_id) == (IngestionStatus.FAILED, True, True)
    await documents.retry(ada, document_id)
    assert await state(database, document_id) == (IngestionStatus.QUEUED, None, True)


async def test_a_copy_that_is_deleted_while_its_original_is_given_up_is_gone_and_the_others_have_failed(
    database: Hall, documents: Documents, blobs: DiskBlobs
) -> None:
    (ada,) = await database.seat([1])
    ingestion = ingestion_of(database, blobs, Unreadable("The file is encrypted."))
    for _ in range(5):
        original, *copies = [await uploaded(documents, ada) for _ in range(7)]
        await asyncio.gather(ingestion.run(original), *(documents.delete(ada, copy) for copy in copies[1:]))
        left = await SqlDocumentReads(database.reader).any_by_ids([original, *copies])
        assert {id: document.status for id, document in left.items()} == dict.fromkeys(
            (original, copies[0]), IngestionStatus.FAILED
        )
