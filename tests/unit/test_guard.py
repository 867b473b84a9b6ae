"""What stands around an outside call: deadline, breaker, one kind of failure, and who is to blame."""

import asyncio
import logging
from json import JSONDecodeError

import pytest

from adapters.breaker import Limits, State
from adapters.guarded.guard import Guard
from adapters.guarded.ports import Promise, guarded
from adapters.meters.prometheus import PrometheusMeters
from domain.errors import BadInput, DomainError, ModelRefused, RetrievalFailed, SyncFailed

LIMITS = Limits(window=4, least=2, open_seconds=60)
READ, WRITTEN = Promise(RetrievalFailed, 0.2), Promise(SyncFailed, 0.2)


class Store:
    """A port with one of each: what is read, what is written, and what never leaves the process."""

    name = "store"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.ended = False
        self.closed = False

    def pieces(self) -> int:
        return 3

    async def read(self, text: str) -> str:
        if self.error:
            raise self.error
        return text

    async def write(self) -> None:
        await self.read("")

    async def hang(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True

    async def close(self) -> None:
        self.closed = True


def a_store(error: Exception | None = None, *, port: str = "graph") -> tuple[Store, Store, Guard, PrometheusMeters]:
    """The store itself, the same behind its guard, the guard, and what is counted."""
    meters, store = PrometheusMeters(), Store(error)
    guard = Guard(port, "The store", meters, limits=LIMITS)
    return store, guarded(store, guard, READ, write=WRITTEN), guard, meters


async def test_the_port_stays_as_it_is() -> None:
    store, behind, _, meters = a_store()
    assert (behind.name, behind.pieces(), await behind.read("a")) == ("store", 3, "a")
    await behind.close()
    assert store.closed
    assert 'frontier_call_seconds_count{outcome="ok",port="graph"} 1.0' in meters.text().decode()


async def test_a_call_past_its_deadline_is_ended_and_told() -> None:
    store, behind, guard, meters = a_store()
    with pytest.raises(RetrievalFailed, match=r"^The store did not answer within 0\.2\d* s\.$") as failed:
        await behind.hang()
    assert store.ended
    assert (failed.value.retryable, failed.value.engine) == (True, "graph")
    assert guard.health.failure == failed.value.message
    assert 'frontier_call_seconds_count{outcome="timeout",port="graph"} 1.0' in meters.text().decode()


async def test_cancelling_the_caller_ends_the_call_and_blames_nobody() -> None:
    store, behind, guard, meters = a_store()
    for _ in range(10):
        call = asyncio.create_task(behind.hang())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    assert store.ended
    assert guard.health.state is State.CLOSED
    assert 'frontier_call_seconds_count{outcome="cancelled",port="graph"} 10.0' in meters.text().decode()


@pytest.mark.parametrize(
    "error", [JSONDecodeError("Expecting value", "", 0), OSError("refused"), RuntimeError("its words"), KeyError("x")]
)
async def test_what_no_adapter_foresaw_is_a_failure_without_its_words(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    _, behind, guard, _ = a_store(error)
    with pytest.raises(RetrievalFailed) as read:
        await behind.read("a")
    with pytest.raises(SyncFailed) as written:
        await behind.write()
    told = f"The store failed in an unforeseen way ({type(error).__name__})."
    assert (read.value.message, written.value.message) == (told, told)
    assert read.value.__cause__ is error
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR] * 2
    assert guard.health.state is State.OPEN


@pytest.mark.parametrize("error", [BadInput("no"), ModelRefused("no")])
async def test_a_refusal_opens_nothing(error: DomainError) -> None:
    _, behind, guard, meters = a_store(error)
    for _ in range(10):
        with pytest.raises(type(error)):
            await behind.read("a")
    assert guard.health.state is State.CLOSED
    assert 'frontier_call_seconds_count{outcome="refused",port="graph"} 10.0' in meters.text().decode()


async def test_an_engine_inside_another_takes_its_own_blame() -> None:
    _, outer, _, _ = a_store(OSError("refused"), port="embedding")

    class Outer(Store):
        async def read(self, text: str) -> str:
            return await outer.read(text)

    meters = PrometheusMeters()
    guard = Guard("graph", "The graph", meters, limits=LIMITS)
    behind = guarded(Outer(), guard, READ)
    for _ in range(10):
        with pytest.raises(RetrievalFailed) as failed:
            await behind.read("a")
        assert failed.value.engine == "embedding"
    assert guard.health.state is State.CLOSED


async def test_an_open_breaker_says_when_to_ask_again_and_calls_nothing() -> None:
    store, behind, _, meters = a_store(OSError("refused"))
    for _ in range(2):
        with pytest.raises(RetrievalFailed):
            await behind.read("a")
    store.error = None
    with pytest.raises(SyncFailed, match=r"^The store fails at present: try again in (59|60) s\.$"):
        await behind.write()
    assert 'frontier_call_seconds_count{outcome="open",port="graph"} 1.0' in meters.text().decode()


async def test_what_is_loaded_first_has_its_own_time() -> None:
    loads: list[float] = []

    async def load() -> None:
        await asyncio.sleep(0.3)  # longer than a call may take
        loads.append(0.3)

    behind = guarded(Store(), Guard("graph", "The store", PrometheusMeters(), limits=LIMITS), READ, load)
    assert await behind.read("a") == "a"
    assert await behind.read("b") == "b"
    assert loads == [0.3]


async def test_a_client_is_not_told_where_an_engine_stands(caplog: pytest.LogCaptureFixture) -> None:
    class Wrapping(Store):
        async def read(self, text: str) -> str:
            try:
                raise OSError("Error 111 connecting to 10.0.0.7:6379.")
            except OSError as error:
                raise RetrievalFailed(f"The store could not be read: {error}") from error

    guard = Guard("graph", "The store", PrometheusMeters(), limits=LIMITS)
    with pytest.raises(RetrievalFailed) as failed:
        await guarded(Wrapping(), guard, READ).read("a")
    assert failed.value.message == "The store could not be read: it does not answer, or fails"
    assert guard.health.failure == "The store could not be read: Error 111 connecting to 10.0.0.7:6379."
    assert "10.0.0.7" in caplog.text
