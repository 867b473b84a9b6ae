"""Jobs of replies."""

from typing import TYPE_CHECKING

from domain.errors import DomainError

if TYPE_CHECKING:
    from services.house import Services


async def reply(services: "Services", reply_id: int) -> None:
    await services.replies.run(reply_id)


async def reply_failed(services: "Services", error: DomainError, reply_id: int) -> None:
    await services.replies.fail(reply_id, error)
