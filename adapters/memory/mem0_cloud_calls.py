"""Calls of Mem0 Cloud: repeated while that may help, within one deadline, failing in our words."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import stamina

from adapters.memory.mem0_import import imported
from domain.errors import Failure

if TYPE_CHECKING:
    from adapters.memory.mem0_cloud_client import CloudClient

AT_ONCE = 8
FIRST_WAIT, LONGEST_WAIT, JITTER = 0.1, 2.0, 0.1


class CloudCalls:
    """One client, made at the first call. At most AT_ONCE requests of one bundle are under way."""

    def __init__(self, key: str, host: str, *, attempt: float) -> None:
        self._key, self._host, self._attempt = key, host, attempt
        self._opening = asyncio.Lock()
        self._client: CloudClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.async_client.aclose()

    async def run[T](
        self, action: "Callable[[CloudClient], Awaitable[T]]", failure: type[Failure], done: str, *, deadline: float
    ) -> T:
        """What `action` returns; it is run again from its beginning after what may pass. Raises `failure`."""
        sdk = await asyncio.to_thread(imported, "mem0_cloud_client")
        ends_at = asyncio.get_running_loop().time() + deadline
        last: Exception | None = None

        def again(error: Exception) -> float | bool:
            """A wait that would outlast the deadline is none."""
            nonlocal last
            last, wait = error, sdk.pause(error)
            return wait if isinstance(wait, bool) else asyncio.get_running_loop().time() + wait < ends_at and wait

        try:
            async with asyncio.timeout_at(ends_at):
                return await self._repeated(action, again)
        except TimeoutError as error:
            why = sdk.reason(last) or "Mem0 Cloud does not answer."
            raise failure(f"The memory index could not be {done} within {deadline:g} s. {why}") from (last or error)
        except Exception as error:
            if (told := sdk.reason(error)) is None:
                raise
            failed = failure(f"The memory index could not be {done}. {told}")
            failed.retryable = sdk.pause(error) is not False
            raise failed from error

    async def _repeated[T](
        self, action: "Callable[[CloudClient], Awaitable[T]]", again: Callable[[Exception], float | bool]
    ) -> T:
        attempts = stamina.retry_context(
            on=again, attempts=None, timeout=None, wait_initial=FIRST_WAIT, wait_max=LONGEST_WAIT, wait_jitter=JITTER
        )
        async for attempt in attempts:
            with attempt:
                return await action(await self._opened())
        raise AssertionError("Attempts end by an answer or an error.")

    async def _opened(self) -> "CloudClient":
        async with self._opening:
            if self._client is None:
                from adapters.memory import mem0_cloud_client as sdk

                self._client = await sdk.opened(self._key, self._host, seconds=self._attempt)
        return self._client


async def bundled[T](calls: Iterable[Awaitable[T]]) -> list[T]:
    """All of them in their order, a few at a time; the first failure is raised when none is under way any more. What is
    cancelled takes no further one from `calls`, so that a generator's are not even made."""
    found: dict[int, T | Exception] = {}
    coming = enumerate(calls)

    async def work() -> None:
        for number, call in coming:
            try:
                found[number] = await call
            except Exception as error:  # noqa: BLE001  # raised below
                found[number] = error

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    results = []
    for _, result in sorted(found.items()):
        if isinstance(result, Exception):
            raise result
        results.append(result)
    return results
