"""What an operation may cost: compiled once from its text, computed for each request from its variables.

A point is a field that may be answered. A cost that depends on variables is a sum over `steps`, each a cost of earlier
steps times a size that a variable gives, so that a request is priced in one pass however often fragments are spread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.pages import MAX_SIZE

type Variables = Mapping[str, object]
NOTHING: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Size:
    """How many elements a list has at most: the largest of what its arguments say, `usual` when they say nothing."""

    variables: tuple[str, ...]
    literal: int | None
    usual: int

    def of(self, given: Variables, defaults: Variables) -> int:
        values = (given[name] if name in given else defaults.get(name) for name in self.variables)
        said = [asked(value) for value in values if value is not None]
        said += [] if self.literal is None else [self.literal]
        return max(said, default=self.usual)


def asked(value: object) -> int:
    """A size as a client gives it. What no list would accept counts as the most it may: it will be refused."""
    if isinstance(value, list):
        value = len(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(max(0, min(value, MAX_SIZE)))
    return MAX_SIZE


@dataclass(frozen=True, slots=True)
class Cost:
    """`fixed` points, and each step of `open` as often as it says."""

    fixed: int = 0
    open: Mapping[int, int] = NOTHING

    def __add__(self, other: "Cost") -> "Cost":
        if other is FREE:
            return self
        if not other.open:
            return Cost(self.fixed + other.fixed, self.open)
        steps = {step: self.open.get(step, 0) + times for step, times in other.open.items()}
        return Cost(self.fixed + other.fixed, {**self.open, **steps})

    def __mul__(self, times: int) -> "Cost":
        return Cost(self.fixed * times, {step: often * times for step, often in self.open.items()} or NOTHING)

    def of(self, steps: Sequence[int]) -> int:
        return self.fixed + sum(often * steps[step] for step, often in self.open.items())


FREE = Cost()


@dataclass(frozen=True, slots=True)
class Steps:
    """What waits for variables, in the order in which it can be computed."""

    each: list[tuple[Size | None, Cost]] = field(default_factory=list)

    def times(self, size: Size, cost: Cost) -> Cost:
        if not size.variables:
            return cost * size.of({}, {})
        return self._waits(size, cost) if cost != FREE else FREE

    def shared(self, cost: Cost) -> Cost:
        """Of a fragment: a single step, so that spreading it often stays cheap."""
        return self._waits(None, cost) if len(cost.open) > 1 else cost

    def computed(self, given: Variables, defaults: Variables) -> list[int]:
        found: list[int] = []
        for size, cost in self.each:
            found.append(cost.of(found) * (size.of(given, defaults) if size else 1))
        return found

    def _waits(self, size: Size | None, cost: Cost) -> Cost:
        self.each.append((size, cost))
        return Cost(0, {len(self.each) - 1: 1})


@dataclass(frozen=True, slots=True)
class Priced:
    """An operation: its cost, and what its variables are when they are not given."""

    cost: Cost
    defaults: Variables


@dataclass(frozen=True, slots=True)
class Plan:
    """The costs of a document's operations by their names."""

    operations: Mapping[str | None, Priced]
    steps: Steps

    def cost(self, name: str | None, variables: Variables | None) -> int:
        """In points. An operation that is not there costs nothing: nothing of it will run."""
        if name is None and len(self.operations) == 1:
            [priced] = self.operations.values()
        else:
            priced = self.operations.get(name, Priced(FREE, {}))
        if not priced.cost.open:
            return priced.cost.fixed
        return priced.cost.of(self.steps.computed(variables or {}, priced.defaults))
