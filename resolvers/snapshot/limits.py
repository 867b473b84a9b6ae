"""The hub's limits on arguments, and what a list may cost."""

from dataclasses import fields
from enum import StrEnum

from strawberry.types.nodes import Selection

from domain.errors import BadInput
from domain.public import Window
from schema.snapshot.context import Info
from schema.snapshot.limits import MAX_FIRST, MAX_IN, MAX_SKIP
from schema.snapshot.where import OrderDirection


def check_limits(first: int, skip: int, where: object, *, skips: int = MAX_SKIP, **lists: int) -> None:
    """`lists` raises the limit of single lists. Raises BadInput."""
    for name, given, most in (("first", first, MAX_FIRST), ("skip", skip, skips)):
        if given > most:
            raise BadInput(f"The `{name}` argument must not be greater than {most}", field=(name,))
        if given < 0:
            raise BadInput(f"The `{name}` argument must be positive", field=(name,))
    for each in fields(where) if where else ():  # type: ignore[arg-type]  # strawberry's inputs are dataclasses
        given, most = getattr(where, each.name), lists.get(each.name, MAX_IN)
        if isinstance(given, list) and len(given) > most:
            raise BadInput(f"The `{each.name}` argument must not be greater than {most}", field=("where", each.name))


def spend(info: Info, rows: int) -> None:
    """Count what a list of this many rows asks for. Raises BadInput."""
    info.context.spend_fields(max(rows, 1), sum(map(size, info.selected_fields)))


def size(selected: Selection) -> int:
    return 1 + sum(map(size, selected.selections))


def window[F: StrEnum](
    first: int,
    skip: int,
    *,
    order: str | None = None,
    direction: OrderDirection | None = None,
    orders: dict[str, F],
) -> Window[F]:
    """By the first of `orders`, falling, unless another is named; what is none of them counts as not given."""
    chosen = orders.get(order or "", next(iter(orders.values())))
    return Window(first, skip, chosen, descending=direction is not OrderDirection.asc)
