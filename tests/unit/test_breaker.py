"""The breaker against a plain model of its rule, and its one probe under real concurrency."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from adapters.breaker import Breaker, BreakerOpen, Call, Limits, State

LIMITS = Limits(window=6, window_seconds=20, least=3, failure_rate=0.5, slow_rate=0.7, open_seconds=5)
SLOW = 4.0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Running:
    around: AbstractContextManager[Call]
    call: Call
    began: float
    era: int


class BreakerModel(RuleBasedStateMachine):
    """Calls overlap in any order; the model keeps every outcome since the last change and decides anew each time."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.seen: list[State] = []
        self.breaker = Breaker(LIMITS, clock=self.clock, changed=self.seen.append)
        self.expected = [State.CLOSED]
        self.changed_at = 0.0
        self.outcomes: list[tuple[float, bool, bool]] = []
        self.probe: Running | None = None

    @property
    def state(self) -> State:
        return self.expected[-1]

    def become(self, state: State) -> None:
        self.expected.append(state)
        self.changed_at, self.outcomes, self.probe = self.clock.now, [], None

    def grow_old(self) -> None:
        if self.state is State.OPEN and self.clock.now >= self.changed_at + 5:
            self.become(State.HALF_OPEN)

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0, 4.0, 5.0, 21.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(target=running)
    def begin(self) -> Running | None:
        self.grow_old()
        around = self.breaker.call(slow_after=SLOW)
        if self.state is State.OPEN or (self.probe is not None and self.clock.now < self.probe.began + 5):
            with pytest.raises(BreakerOpen):
                around.__enter__()
            return None
        running = Running(around, around.__enter__(), self.clock.now, len(self.expected))
        if self.state is State.HALF_OPEN:
            self.probe = running
        return running

    @rule(running=consumes(running), outcome=st.sampled_from(["ok", "failed", "cancelled"]))
    def end(self, running: Running | None, outcome: str) -> None:
        if running is None:
            return
        running.call.failed = {"ok": False, "failed": True, "cancelled": None}[outcome]
        error = asyncio.CancelledError() if outcome == "cancelled" else None
        running.around.__exit__(type(error) if error else None, error, None)
        slow, failed = self.clock.now - running.began >= SLOW, outcome == "failed"
        if running.era != len(self.expected):
            return  # overtaken by a change
        if self.state is State.HALF_OPEN:  # a probe; another may have begun since
            self.probe = None
            if outcome != "cancelled" or slow:
                self.become(State.OPEN if failed or slow else State.CLOSED)
        elif outcome != "cancelled" or slow:
            self.outcomes.append((self.clock.now, failed, slow))
            last = [each for each in self.outcomes[-6:] if self.clock.now - each[0] < 20]
            failures, crawls = sum(each[1] for each in last), sum(each[2] for each in last)
            if len(last) >= 3 and (failures * 2 >= len(last) or crawls * 10 >= len(last) * 7):
                self.become(State.OPEN)

    @invariant()
    def they_agree(self) -> None:
        self.grow_old()
        assert self.breaker.state is self.state
        assert self.breaker.since == self.changed_at
        assert self.seen == self.expected[1:]


TestBreakerModel = BreakerModel.TestCase
TestBreakerModel.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(LIMITS, clock=clock)
    for _ in range(3):
        with breaker.call() as call:
            call.failed = True
    assert breaker.state is State.OPEN
    return breaker


async def test_of_a_thousand_concurrent_calls_one_is_the_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5.0
    answered, made, refused = asyncio.Event(), 0, 0

    async def ask() -> None:
        nonlocal made, refused
        try:
            with breaker.call() as call:
                made += 1
                await answered.wait()
                call.failed = False
        except BreakerOpen:
            refused += 1

    asking = [asyncio.create_task(ask()) for _ in range(1_000)]
    while made + refused < 1_000:  # noqa: ASYNC110  # what is waited for sets no event
        await asyncio.sleep(0)
    assert (made, refused, breaker.state) == (1, 999, State.HALF_OPEN)
    answered.set()
    await asyncio.gather(*asking)
    assert breaker.state is State.CLOSED


def test_a_probe_that_takes_long_holds_up_no_other() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5.0
    with breaker.call():
        clock.now = 9.9
        with pytest.raises(BreakerOpen), breaker.call():
            pass
        clock.now = 10.0
        with breaker.call() as second:
            second.failed = False
        assert breaker.state is State.CLOSED


async def test_a_cancelled_probe_leaves_its_place_to_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5.0

    async def hang() -> None:
        with breaker.call():
            await asyncio.Event().wait()

    probe = asyncio.create_task(hang())
    await asyncio.sleep(0)
    with pytest.raises(BreakerOpen), breaker.call():
        pass
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    with breaker.call() as call:
        assert breaker.state is State.HALF_OPEN
        call.failed = False
    assert breaker.since == clock.now
    with breaker.call(), breaker.call():
        pass


def test_a_call_from_before_the_outage_does_not_answer_for_the_probe() -> None:
    clock = Clock()
    breaker = Breaker(LIMITS, clock=clock)
    early = breaker.call()
    stale = early.__enter__()
    for _ in range(3):
        with breaker.call() as call:
            call.failed = True
    clock.now = 5.0
    assert breaker.state is State.HALF_OPEN
    stale.failed = False
    early.__exit__(None, None, None)
    assert breaker.state is State.HALF_OPEN
