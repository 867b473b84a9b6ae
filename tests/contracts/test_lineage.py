"""One upload's lineage over all stores, on the embedded engines."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.datastructures import UploadFile

from adapters.sql import migrations
from app.container import Container
from app.settings import Settings
from app.trace import lineage_of
from domain.documents import Visibility
from domain.errors import NotFound
from domain.fences import under
from domain.members import Claims, Role, Viewer
from schema.ids import global_id

NOTE = b"Petra services the laser cutter in Aveiro. The night shift stays quiet after ten."


@pytest.fixture
async def settings(redis_url: str, tmp_path: Path) -> Settings:
    address = redis_url.replace("redis://", "falkordb://").removesuffix("/0")
    made = Settings(_env_file=None, data_dir=tmp_path, redis_url=redis_url, graph_url=address, memory_url=address)  # type: ignore[call-arg]  # as in tests/api
    await migrations.upgrade(made.database)
    return made


@pytest.fixture
async def container(settings: Settings) -> AsyncIterator[Container]:
    async with Container(settings) as container:
        yield container


async def uploaded(container: Container) -> tuple[int, str]:
    """A document that was read to its end as the worker does it, and its transaction."""
    claims = Claims("local|lina", "lina", Role.MEMBER, container.now())
    viewer: Viewer = await container.services.members.login(claims)
    file = UploadFile(io.BytesIO(NOTE), filename="notes.md")
    ids = await container.services.documents.accept(viewer, file, "notes.md", Visibility.PRIVATE)
    [job] = await container.outbox.claim(limit=1, lease_seconds=60)
    with under(job):
        await container.services.ingestion.run(int(ids["document"] or 0))
    await container.outbox.done(job)
    return int(ids["document"] or 0), job.transaction_id


async def test_one_upload_is_found_in_every_store_and_tells_no_words(container: Container, settings: Settings) -> None:
    document_id, transaction_id = await uploaded(container)
    found = await container.lineage.of_transaction(transaction_id)
    kinds: dict[str, set[str]] = {}
    for trace in found:
        kinds.setdefault(trace.store, set()).add(trace.kind)
    assert {"document", "memory", "outbox"} <= kinds["sql"]
    assert {"Document", "Memory", "AUTHORED", "HOLDS", "RELATES_TO:AUTHORED"} <= kinds["graph"]
    assert kinds["memories"] == {"DOC"}
    assert [trace.state for trace in found if trace.store == "blobs"] == ["there"]
    assert [trace.state for trace in found if trace.kind == "outbox"] == ["ingest done"]

    lines = await lineage_of(settings, transaction_id)
    assert lines[0] == f"transaction {transaction_id}"
    assert lines == await lineage_of(settings, global_id("Document", document_id))
    assert not any(word in "\n".join(lines) for word in ("Petra", "laser", "notes.md", "quiet"))


async def test_what_no_store_knows_is_not_found(container: Container, settings: Settings) -> None:
    with pytest.raises(NotFound, match="No store knows"):
        await lineage_of(settings, "00000000-0000-4000-8000-000000000000")
    with pytest.raises(NotFound, match="No store knows"):
        await lineage_of(settings, global_id("Proposal", 9))
