"""Jobs of resolutions."""

from typing import TYPE_CHECKING

from domain.crashes import passing

if TYPE_CHECKING:
    from services.house import Services


async def seal(services: "Services", resolution_id: int) -> None:
    """First what delegates said for their givers, then the receipt over all of it."""
    await services.resolutions.derive(resolution_id)
    passing("seal.derived")
    await services.receipts.seal()
