"""Jobs of proposals."""

from typing import TYPE_CHECKING

from domain.crashes import passing

if TYPE_CHECKING:
    from services.house import Services


async def close(services: "Services", proposal_id: int) -> None:
    await services.proposals.close(proposal_id)
    passing("close.committed")


async def start(services: "Services", proposal_id: int) -> None:
    await services.proposals.start_itself(proposal_id)


async def mature(services: "Services", proposal_id: int) -> None:
    await services.votes.mature(proposal_id)


async def show(services: "Services", proposal_id: int) -> None:
    await services.votes.show(proposal_id)
