"""Subscriptions over a service's stream: fresh loaders for each event, and the stream closed when the reader goes."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from domain.errors import NotFound
from schema.context import Context
from services.watching import Watched


async def events[D, T](context: Context, stream: AsyncIterator[D], pack: Callable[[D], T]) -> AsyncGenerator[T]:
    """Every event of the stream."""
    async with closing(stream) as found:
        async for event in found:
            context.forget()
            yield pack(event)


def tap[D, T](context: Context, pack: Callable[[D], T]) -> Callable[[D], bool] | None:
    """For a stream that offers its events as they come."""
    push = context.push
    return None if push is None else lambda event: push(pack(event))


async def states[D, T](
    context: Context, stream: AsyncIterator[Watched[D]], pack: Callable[[D], T], *, field: str
) -> AsyncGenerator[T]:
    """The present state, then newer ones. Raises NotFound when there is none that the viewer may see."""
    seen = False
    async with closing(stream) as found:
        async for watched in found:
            seen, context.skipped = True, watched.skipped
            context.forget()
            yield pack(watched.state)
    if not seen:
        raise NotFound("There is no such object, or you may not see it.", field=(field,))


@asynccontextmanager
async def closing[T](stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """What `aclosing` does, for a stream that need not be a generator."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
