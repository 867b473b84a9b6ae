"""A circuit breaker: an engine that fails or crawls is left alone for a while, then tried with exactly one call.

closed     every call goes through; the last ones are remembered
open       none does, for `open_seconds`
half-open  one call goes through, the probe: it closes the breaker, or opens it again; while a long one is under way
           another may try every `open_seconds`
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from math import inf


class State(IntEnum):
    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """When to open: of the last `window` calls, none older than `window_seconds` and at least `least` of them,
    `failure_rate` failed or `slow_rate` were slow."""

    window: int = 20
    window_seconds: float = 60.0
    least: int = 5
    failure_rate: float = 0.5
    slow_rate: float = 0.8
    open_seconds: float = 5.0


class BreakerOpen(Exception):
    """The call was not made; `after` seconds from now one may be."""

    def __init__(self, after: float) -> None:
        super().__init__(f"It is left alone for {max(after, 0.0):.1f} s more.")
        self.after = after


@dataclass(slots=True)
class Call:
    """A call under way. `failed`: None until its outcome is known; one that never says is not counted."""

    era: int
    slow_at: float
    failed: bool | None = None


class Breaker:
    """Belongs to one event loop; a call that a change of state has overtaken counts for nothing."""

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float], changed: Callable[[State], None] = lambda _: None
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._changed = changed
        self._calls: deque[tuple[float, bool, bool]] = deque(maxlen=limits.window)
        self._state = State.CLOSED
        self._era = 0
        self._since_probe = -inf
        self.since = clock()
        """When the state began, on `clock`."""

    @property
    def state(self) -> State:
        """OPEN becomes HALF_OPEN by time alone."""
        if self._state is State.OPEN and self._clock() >= self.since + self._limits.open_seconds:
            self._become(State.HALF_OPEN)
        return self._state

    @contextmanager
    def call(self, *, slow_after: float = inf) -> Iterator[Call]:
        """Around one call, which sets `failed`. One that was given up counts only when it was slow by then.

        Raises BreakerOpen.
        """
        state = self.state
        waits = self._since_probe if state is State.HALF_OPEN else self.since if state is State.OPEN else -inf
        if (after := waits + self._limits.open_seconds - self._clock()) > 0:
            raise BreakerOpen(after)
        self._since_probe = self._clock() if state is State.HALF_OPEN else -inf
        call = Call(self._era, self._clock() + slow_after)
        try:
            yield call
        finally:
            if call.era == self._era:
                self._ended(call)

    def _ended(self, call: Call) -> None:
        slow = self._clock() >= call.slow_at
        known = call.failed is not None or slow
        if self._state is State.HALF_OPEN:
            self._since_probe = -inf
            if known:
                self._become(State.OPEN if call.failed or slow else State.CLOSED)
        elif known:
            self._calls.append((self._clock(), bool(call.failed), slow))
            if self._ill():
                self._become(State.OPEN)

    def _ill(self) -> bool:
        oldest = self._clock() - self._limits.window_seconds
        recent = [(failed, slow) for at, failed, slow in self._calls if at > oldest]
        if len(recent) < self._limits.least:
            return False
        failures, crawls = sum(failed for failed, _ in recent), sum(slow for _, slow in recent)
        return failures >= self._limits.failure_rate * len(recent) or crawls >= self._limits.slow_rate * len(recent)

    def _become(self, state: State) -> None:
        self._state = state
        self._era += 1
        self._since_probe = -inf
        self.since = self._clock()
        self._calls.clear()
        self._changed(state)
