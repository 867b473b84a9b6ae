"""What stands around every outside call: a breaker, one total deadline, a measure, and one kind of failure."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from adapters.breaker import Breaker, BreakerOpen, Call, Limits, State
from domain.errors import DomainError, Failure, ModelRefused, Unreadable
from domain.meters import Meters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """An engine as its last calls found it. `failure` is the last one's message since it was well."""

    state: State
    since: datetime
    failure: str | None


class Guard:
    """Of one engine. `named` is what people call it; `port` its label in metrics and its name in health."""

    def __init__(
        self,
        port: str,
        named: str,
        meters: Meters,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port = port
        self._named = named
        self._meters = meters
        self._clock = clock
        self._breaker = Breaker(limits or Limits(), clock=clock, changed=self._changed)
        self._since = datetime.now(UTC)
        self._failure: str | None = None
        meters.set("breaker_state", State.CLOSED, port=port)

    @property
    def health(self) -> Health:
        return Health(self._breaker.state, self._since, self._failure)

    async def run[T](self, call: Callable[[], Awaitable[T]], failure: type[Failure], *, seconds: float | None) -> T:
        """The call's result within `seconds` in all, None for no bound; half is slow. Cancelling ends the call.

        Raises `failure` for what goes wrong outside; a refusal or a failure of the house passes through.
        """
        with self.watching(failure, slow_after=inf if seconds is None else seconds / 2):
            async with asyncio.timeout(seconds):
                return await call()

    @contextmanager
    def watching(self, failure: type[Failure], *, slow_after: float) -> Iterator[None]:
        """Around a call that keeps its own deadline, such as a stream."""
        began, outcome = self._clock(), "cancelled"
        try:
            with self._breaker.call(slow_after=slow_after) as call:
                try:
                    yield
                except Exception as error:
                    outcome = "timeout" if isinstance(error, TimeoutError) else "failed"
                    known = self._told(error, failure, self._clock() - began)
                    if not self._blamed(known):
                        outcome = "refused"
                        raise
                    self._fail(call, known)
                    if known is error:
                        raise
                    raise known from error
                else:
                    outcome = "ok"
                    self._well(call)
        except BreakerOpen as closed:
            outcome = "open"
            found = failure(f"{self._named} fails at present: try again in {max(closed.after, 1):.0f} s.")
            found.engine = self.port
            raise found from None
        finally:
            self._meters.time("call_seconds", self._clock() - began, port=self.port, outcome=outcome)

    def _told(self, error: Exception, failure: type[Failure], seconds: float) -> DomainError:
        """As the house knows it. What no adapter foresaw is logged whole."""
        match error:
            case DomainError():
                return error
            case TimeoutError():
                return failure(f"{self._named} did not answer within {seconds:.3g} s.")
        log.error("%s raised what its adapter does not know", self._named, exc_info=error)
        return failure(f"{self._named} failed in an unforeseen way ({type(error).__name__}).")

    def _blamed(self, error: DomainError) -> bool:
        """Not for a refusal or bad input, nor for what another guarded engine inside did."""
        if not isinstance(error, Failure) or isinstance(error, ModelRefused | Unreadable):
            return False
        error.engine = error.engine or self.port
        return error.engine == self.port

    def _fail(self, call: Call, error: DomainError) -> None:
        """What the vendor said, addresses and all, is for the log and for health; a client gets our words."""
        call.failed = True
        self._failure = error.message
        log.warning("%s", error)
        error.message = without(said_by(error.__cause__), error.message)

    def _well(self, call: Call) -> None:
        call.failed = False
        self._failure = None

    def _changed(self, state: State) -> None:
        self._since = datetime.now(UTC)
        self._meters.set("breaker_state", state, port=self.port)
        self._meters.count("breaker_transitions", port=self.port, to=state.name.lower())
        log.warning("%s: its breaker is %s now. %s", self._named, state.name.lower(), self._failure or "")


def said_by(cause: BaseException | None) -> list[str]:
    """The first lines that an adapter may have quoted."""
    return [str(words).splitlines()[0] for words in (getattr(cause, "message", ""), cause) if cause and str(words)]


def without(quoted: list[str], message: str) -> str:
    for words in quoted:
        message = message.replace(words, "it does not answer, or fails")
    return message
