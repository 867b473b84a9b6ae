"""Documents: read by whom they may, known again by their bytes, removed with what hangs on them."""

import asyncio
from dataclasses import replace

import pytest

from adapters.sql.documents import SqlDocumentReads
from domain.documents import Document, IngestionError, IngestionStatus, Upload, Visibility
from domain.entities import Mention
from domain.errors import Forbidden, NotFound
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.transactions import Work
from evals.hall import Hall, hall
from tests.contracts.sql.times import T0, Clock

PRIVATE, DAO = Visibility.PRIVATE, Visibility.DAO


def upload(sha256: str, visibility: Visibility = PRIVATE) -> Upload:
    return Upload("notes.md", "text/markdown", 12, sha256, visibility)


async def added(
    database: Hall, viewer: Viewer, sha256: str, visibility: Visibility = PRIVATE, duplicate_of: int | None = None
) -> Document:
    return await database.transact(
        lambda work: work.documents.add(
            viewer.member_id, upload(sha256, visibility), duplicate_of=duplicate_of, at=work.now()
        )
    )


async def owned(database: Hall, viewer: Viewer, document_id: int) -> Document:
    return await database.transact(lambda work: work.documents.owned(viewer, document_id))


async def test_a_document_is_kept_as_it_changes(database: Hall) -> None:
    (ada,) = await database.seat([1])
    topics = await database.transact(lambda work: work.topics.ensure(["Rent", "Heating"]))
    first = await added(database, ada, "a" * 64)
    assert (first.status, first.progress, first.seq, first.uploaded_at) == (IngestionStatus.QUEUED, 0.0, 0, T0)
    error = IngestionError("INGESTION_ERROR", "Encrypted.", retryable=False)
    changed = replace(
        first, seq=4, status=IngestionStatus.FAILED, progress=0.5, chunk_count=3, topic_ids=topics[::-1], error=error
    )
    await database.transact(lambda work: work.documents.save(changed))
    assert await SqlDocumentReads(database.reader).by_ids(ada, [first.id]) == {first.id: changed}
    assert await database.transact(lambda work: work.documents.locked(first.id)) == changed
    await database.transact(lambda work: work.documents.save(replace(changed, topic_ids=(), error=None)))
    assert await database.transact(lambda work: work.documents.locked(first.id)) == replace(
        changed, topic_ids=(), error=None
    )


async def test_a_private_document_is_not_there_for_others_whatever_their_role(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    own, shared = await added(database, ada, "a" * 64), await added(database, ada, "b" * 64, DAO)
    reads = SqlDocumentReads(database.reader)
    for viewer, ids in (
        (ada, {own.id, shared.id}),
        (ben, {shared.id}),
        (Viewer(ben.member_id, Role.ADMIN), {shared.id}),
    ):
        page = await reads.page(viewer, Slice())
        assert set(await reads.by_ids(viewer, [own.id, shared.id])) == ids
        assert ({row.id for row in page.rows}, await page.count()) == (ids, len(ids))


async def test_of_the_same_bytes_at_once_one_is_the_original(database: Hall, url: str, clock: Clock) -> None:
    (ada,) = await database.seat([1])

    def accepted(work: Work) -> Document:
        same = work.documents.same(ada.member_id, "a" * 64, PRIVATE)
        original = same.id if same else None
        return work.documents.add(ada.member_id, upload("a" * 64), duplicate_of=original, at=work.now())

    async with hall(url, clock=clock) as other:
        made = await asyncio.gather(*((database, other)[number % 2].transact(accepted) for number in range(20)))
    (original,) = (document.id for document in made if document.duplicate_of is None)
    assert [document.duplicate_of for document in made if document.id != original] == [original] * 19


async def test_only_its_member_may_change_a_document(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    own, shared = await added(database, ada, "a" * 64), await added(database, ada, "b" * 64, DAO)
    for viewer in (ben, Viewer(ben.member_id, Role.ADMIN)):
        with pytest.raises(NotFound, match=r"^There is no such document, or you may not see it.$"):
            await owned(database, viewer, own.id)
        with pytest.raises(Forbidden, match=r"^Only the member who uploaded a document may do this.$"):
            await owned(database, viewer, shared.id)
    assert await owned(database, ada, own.id) == own


async def test_the_same_bytes_are_known_again_unless_they_failed(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    first = await added(database, ada, "a" * 64)

    async def same(viewer: Viewer, sha256: str, visibility: Visibility) -> int | None:
        found = await database.transact(lambda work: work.documents.same(viewer.member_id, sha256, visibility))
        return found.id if found else None

    duplicate = await added(database, ada, "a" * 64, PRIVATE, first.id)
    assert (duplicate.status, duplicate.progress, duplicate.duplicate_of) == (IngestionStatus.DONE, 1.0, first.id)
    assert await same(ada, "a" * 64, PRIVATE) == first.id
    assert [await same(ada, "a" * 64, DAO), await same(ben, "a" * 64, PRIVATE), await same(ada, "b" * 64, PRIVATE)] == [
        None
    ] * 3
    await database.transact(lambda work: work.documents.save(replace(first, status=IngestionStatus.FAILED)))
    assert await same(ada, "a" * 64, PRIVATE) is None


async def test_bytes_are_used_as_long_as_a_document_needs_them(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    first, other = await added(database, ada, "a" * 64), await added(database, ada, "a" * 64, DAO)
    await added(database, ben, "a" * 64)

    async def used_after(document: Document, *, retryable: bool) -> bool:
        error = IngestionError("INGESTION_ERROR", "Away.", retryable=retryable)
        failed = replace(document, status=IngestionStatus.FAILED, error=error)
        await database.transact(lambda work: work.documents.save(failed))
        return await database.transact(lambda work: work.documents.blob_used(document.blob_key))

    assert await used_after(first, retryable=False)
    assert await used_after(other, retryable=True)
    assert not await used_after(other, retryable=False)


async def test_mentions_come_in_order_and_at_most_two_hundred(database: Hall) -> None:
    (ada,) = await database.seat([1])
    document = await added(database, ada, "a" * 64)
    reads = SqlDocumentReads(database.reader)
    mentions = [Mention(f"E{number}", "ORG", number, number + 2, "test") for number in range(250)]
    await database.transact(lambda work: work.documents.save_mentions(document.id, mentions))
    assert await reads.mentions([document.id]) == {document.id: mentions[:200]}
    await database.transact(lambda work: work.documents.save_mentions(document.id, mentions[:1]))
    assert await reads.mentions([document.id, 99]) == {document.id: mentions[:1]}
    await database.transact(lambda work: work.documents.save_mentions(document.id, []))
    assert await reads.mentions([document.id]) == {}


async def test_copies_are_those_of_one_document(database: Hall) -> None:
    (ada,) = await database.seat([1])
    first, other = await added(database, ada, "a" * 64), await added(database, ada, "b" * 64)
    copies = [await added(database, ada, "a" * 64, PRIVATE, first.id) for _ in range(2)]
    assert await database.transact(lambda work: work.documents.copies(first.id)) == copies
    assert await database.transact(lambda work: work.documents.copies(other.id)) == []


async def test_a_removed_document_takes_its_duplicates_along(database: Hall) -> None:
    (ada,) = await database.seat([1])
    first = await added(database, ada, "a" * 64)
    duplicate, other = await added(database, ada, "a" * 64, PRIVATE, first.id), await added(database, ada, "b" * 64)
    topics = await database.transact(lambda work: work.topics.ensure(["Rent"]))

    await database.transact(lambda work: work.documents.save(replace(first, topic_ids=topics)))
    await database.transact(lambda work: work.documents.save_mentions(first.id, [Mention("E", "ORG", 0, 1, "test")]))
    removed = await database.transact(lambda work: work.documents.remove(first.id))
    assert sorted(removed) == [first.id, duplicate.id]
    assert set(await SqlDocumentReads(database.reader).by_ids(ada, [first.id, duplicate.id, other.id])) == {other.id}
    with pytest.raises(NotFound):
        await database.transact(lambda work: work.documents.locked(first.id))


async def test_documents_are_found_by_topic(database: Hall) -> None:
    (ada,) = await database.seat([1])
    first, other = await added(database, ada, "a" * 64), await added(database, ada, "b" * 64)
    rent, heating = await database.transact(lambda work: work.topics.ensure(["Rent", "Heating"]))
    await database.transact(lambda work: work.documents.save(replace(first, topic_ids=(rent, heating))))
    await database.transact(lambda work: work.documents.save(replace(other, topic_ids=(heating,))))
    reads = SqlDocumentReads(database.reader)
    for topic_id, ids in ((rent, [first.id]), (heating, [other.id, first.id]), (99, [])):
        assert [row.id for row in (await reads.pages_of_topics(ada, Slice(), [topic_id]))[topic_id].rows] == ids
