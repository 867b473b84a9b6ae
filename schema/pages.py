"""Relay connections over keyset pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from domain.pages import Page, Slice, slice_of
from schema.cursors import cursor_of, key_of
from schema.fields import field

First = Annotated[int | None, strawberry.argument(description="At most this many from the start, 1 to 100; 20.")]
After = Annotated[str | None, strawberry.argument(description="Only what stands after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="At most this many from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what stands before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More stands after this page.")
    has_previous_page: bool = strawberry.field(description="More stands before this page.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor; null on an empty page.")


@strawberry.type(description="An element and its place in the list.")
class Edge[T]:
    cursor: str = strawberry.field(description="For `after` and `before`; good for this list and order only.")
    node: T = strawberry.field(description="The element.")


@strawberry.type(description="A page of a list, as Relay has it; the list's order is fixed and total.")
class Connection[T]:
    rows: strawberry.Private[list[T]]
    place: strawberry.Private["Place"]

    @field("The elements with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(cursor=at, node=row) for at, row in zip(self.place.cursors(), self.rows, strict=True)]

    @field("Where the page stands in the list.")
    def page_info(self) -> PageInfo:
        return self.place.info()

    @field("The elements alone.")
    def nodes(self) -> list[T]:
        return self.rows

    @field("How many the whole list holds; counted only when asked for.")
    async def total_count(self) -> int:
        return await self.place.page.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in the list `tag`; its cursors are made only when they are asked for."""

    tag: str
    page: Page[Any]

    def cursors(self) -> list[str]:
        return [cursor_of(self.tag, key) for key in self.page.keys]

    def info(self) -> PageInfo:
        keys = self.page.keys
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=cursor_of(self.tag, keys[0]) if keys else None,
            end_cursor=cursor_of(self.tag, keys[-1]) if keys else None,
        )


def wanted(tag: str, first: int | None, after: str | None, last: int | None, before: str | None) -> Slice:
    """Relay's arguments for the list `tag`. Raises BadInput."""
    return slice_of(first, key_of(tag, after, "after"), last, key_of(tag, before, "before"))


def connection[D, T](tag: str, page: Page[D], from_domain: Callable[[D], T]) -> Connection[T]:
    """A page as the connection of the list `tag`."""
    return Connection(rows=[from_domain(row) for row in page.rows], place=Place(tag, page))
