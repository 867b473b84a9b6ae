"""A port behind a guard: the same methods, each call of an engine watched. One wrapper for every port."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any, cast

from adapters.guarded.guard import Guard
from domain.errors import Failure

LEFT_ALONE = ("close", "aclose")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a port's calls raise when they fail, and how long they may take in all; None: as long as it takes."""

    failure: type[Failure]
    seconds: float | None


async def nothing() -> None:
    """To be loaded."""


def guarded[P](
    port: P, guard: Guard, usual: Promise, load: Callable[[], Awaitable[object]] = nothing, **others: Promise
) -> P:
    """`port` with each of its async methods guarded, as `others` say by name or else as `usual`.

    `load` comes before the first call and outside its deadline: what it loads is on this machine.
    """
    return cast(P, Guarded(port, guard, usual, load, others))


class Guarded:
    """Stands for the port. What is no async method is the port's own."""

    def __init__(
        self,
        port: object,
        guard: Guard,
        usual: Promise,
        load: Callable[[], Awaitable[object]],
        others: Mapping[str, Promise],
    ) -> None:
        self._port = port
        self._guard = guard
        self._usual = usual
        self._load = load
        self._loaded = False
        self._others = others

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the port has
        found = getattr(self._port, name)
        if not iscoroutinefunction(found) or name in LEFT_ALONE:
            return found
        made = self._watched(found, self._others.get(name, self._usual))
        setattr(self, name, made)
        return made

    def _watched(self, method: Callable[..., Any], promise: Promise) -> Callable[..., Any]:
        @wraps(method)
        async def watched(*args: object, **kwargs: object) -> object:
            if not self._loaded:
                await self._load()
                self._loaded = True
            call = partial(method, *args, **kwargs)
            return await self._guard.run(call, promise.failure, seconds=promise.seconds)

        return watched
