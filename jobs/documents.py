"""Jobs of documents."""

from typing import TYPE_CHECKING

from domain.errors import DomainError

if TYPE_CHECKING:
    from services.house import Services


async def ingest(services: "Services", document_id: int) -> None:
    await services.ingestion.run(document_id)


async def ingest_failed(services: "Services", error: DomainError, document_id: int) -> None:
    await services.ingestion.fail(document_id, error)


async def withdraw(services: "Services", document_id: int, group: str, *memory_ids: int) -> None:
    await services.ingestion.withdraw(document_id, group, memory_ids)


async def remove_blob(services: "Services", key: str) -> None:
    await services.documents.remove_blob(key)
