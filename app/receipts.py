"""Which resolution somebody means who gives its id, or its number."""

from schema.ids import row_id
from services.receipts import Receipts


async def resolution_of(receipts: Receipts, given: str) -> int | None:
    """None when there is no resolution with this number. Raises BadInput for what is neither number nor id."""
    if given.isascii() and given.isdigit() and len(given) < 10:
        return await receipts.resolution_at(int(given))
    return row_id("Resolution", given, "id")
