"""Jobs of proposals."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.house import Services


async def close(services: "Services", proposal_id: int) -> None:
    await services.proposals.close(proposal_id)
