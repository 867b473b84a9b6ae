"""The delegation graph of one proposal, frozen when voting starts, with no delegate over the cap."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from domain.chains import cut, upwards
from domain.delegations import Delegation, Edge, Electorate, acting


@dataclass(frozen=True, slots=True)
class Graph:
    """`edges` by giver; `powers` by member: the weight, its own included, that follows it if it alone votes."""

    edges: Mapping[int, Edge]
    powers: Mapping[int, int]


def frozen_graph(
    delegations: Iterable[Delegation],
    electorate: Electorate,
    *,
    at: datetime,
    levels: Sequence[int | None] = (None,),
    cap_percent: int = 100,
) -> Graph:
    """Who acts for whom as of `at`, the same whatever the order of the input. Linear but for sorting givers by age.

    A ballot may carry at most `cap_percent` of the eligible weight, its caster's own included. Whole givers are
    carried, with all behind them, the oldest delegation first; one that does not fit is left out, a later one may
    still fit. Who alone weighs more than the cap keeps its weight and carries nobody. A cycle is opened at its
    youngest delegation, which is tried after all others.
    """
    rows = acting(delegations, electorate, at=at, levels=levels)
    caps = _Caps(rows, electorate, cap_percent * electorate.eligible)
    caps.fill()
    return Graph({giver: _edge(row, giver in caps.carried) for giver, row in rows.items()}, caps.powers)


def _edge(row: Delegation, carried: bool) -> Edge:
    return Edge(row.receiver_id, row.scope_id, row.accepts_twin, row.id, carried)


@dataclass(slots=True)
class _Caps:
    """`limit` is in hundredths of weight, so that nothing is rounded; `givers` of a member: the oldest first."""

    rows: Mapping[int, Delegation]
    electorate: Electorate
    limit: int
    carried: set[int] = field(default_factory=set)
    powers: dict[int, int] = field(default_factory=dict)
    givers: dict[int, list[int]] = field(default_factory=dict)

    def fill(self) -> None:
        weights = self.electorate.weights
        self.powers.update(weights)
        given = {giver: self._target(giver) for giver, row in self.rows.items() if row.receiver_id in weights}
        upward, cycles = upwards(given, ())
        youngest = [max(cycle, key=lambda giver: self.rows[giver].age) for cycle in cycles]
        lines = [cut(cycle, last.__eq__) or [] for cycle, last in zip(cycles, youngest, strict=True)]
        tried_last = set(youngest)
        for giver in sorted(given.keys() - tried_last, key=lambda giver: self.rows[giver].age):
            self.givers.setdefault(given[giver], []).append(giver)
        for member in (*upward, *chain.from_iterable(lines)):
            if member in self.givers:
                self._gather(member)
        for member in youngest:
            self._close(member)

    def _target(self, member: int) -> int:
        target = self.rows[member].receiver_id
        assert target is not None  # noqa: S101  # only asked of members whose delegate is in the electorate
        return target

    def _fits(self, power: int) -> bool:
        return power * 100 <= self.limit

    def _gather(self, member: int) -> None:
        """Its power, once every giver's is known."""
        power = self.powers[member]
        for giver in self.givers[member]:
            more = power + self.powers[giver]
            if self._fits(more):
                power = more
                self.carried.add(giver)
        self.powers[member] = power

    def _close(self, last: int) -> None:
        """Try the delegation of `last`, at which its cycle was opened."""
        line = [self._target(last)]
        while line[-1] != last and line[-1] in self.carried:
            line.append(self._target(line[-1]))
        if line[-1] == last:  # all of the cycle reached `last` within the cap: so it may from anywhere
            raised = dict.fromkeys(line, self.powers[last])
        else:
            raised = {member: self.powers[member] + self.powers[last] for member in line}
            if not all(self._fits(power) for power in raised.values()):
                return
        self.carried.add(last)
        self.powers.update(raised)
